package serve

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/internal/serve/events"
	"gridsearch/internal/serve/marks"
	"gridsearch/internal/si"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// functions are those of the templates.
var functions = template.FuncMap{
	"clock":     si.Clock,
	"percent":   func(share float64) string { return fmt.Sprintf("%.2f", 100*share) },
	"level":     func(share float64) string { return strconv.FormatFloat(100*share, 'g', 4, 64) + " %" },
	"whole":     func(part, total int) int { return 100 * part / max(1, total) },
	"permille":  func(part, total int) int { return 1000 * part / max(1, total) },
	"plus":      func(a, b int) int { return a + b },
	"plural":    plural.Of,
	"verb":      plural.Verb,
	"since":     func(t time.Time) int64 { return t.UnixMilli() },
	"ago":       func(now, t time.Time) string { return si.Clock(max(0, now.Sub(t).Seconds())) + " ago" },
	"at":        func(now, t time.Time) moment { return moment{now, t} },
	"date":      func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") },
	"p":         report.Probability,
	"tag":       tag,
	"sparkline": func(a study.Active) marks.Line { return marks.Sparkline(a.Curve, a.Steps) },
	"sentence":  sentence,
	"path":      studyPath,
	"part":      func(d document, id string) events.Fragment { return d.Parts[id] },
}

// moment is a time that is shown by its age.
type moment struct{ Now, T time.Time }

// sentence is a line of a report as a sentence, without the star of the printed table.
func sentence(line string) string {
	return plural.Sentence(strings.ReplaceAll(line, " (*)", ""))
}

// tag tells two drawings of a figure apart.
func tag(p Picture) string {
	sum := fnv.New64a()
	sum.Write(p.SVG)
	return strconv.FormatUint(sum.Sum64(), 36)
}

// Kind is a word for the state of a study: running, finished, failed, died, stopped, planned or
// unreadable.
func (v view) Kind() string { return kindOf(v.Begun, v.Err, v.Overview) }

// Kind is the same in the list of studies.
func (r row) Kind() string { return kindOf(r.Begun, r.Err, r.Overview) }

func kindOf(begun bool, err error, o study.Overview) string {
	switch {
	case !begun:
		return "planned"
	case err != nil:
		return "unreadable"
	case o.PID > 0:
		return "running"
	case o.Waiting == 0 && o.Failed > 0:
		return "failed"
	case o.Waiting == 0:
		return "finished"
	case o.Died > 0:
		return "died"
	}
	return "stopped"
}

// Done counts the runs that nothing is left to do for.
func (v view) Done() int { return v.Complete + v.Failed + v.Dropped }

// Done is the same in the list of studies.
func (r row) Done() int { return r.Complete + r.Failed + r.Dropped }

// Leader is the row of the best trial so far, nil where no run is complete.
func (v view) Leader() *report.Trial {
	for _, t := range v.Results.Ranked() {
		if v.Best != nil && t.Name == v.Best.Trial {
			return &t
		}
	}
	return nil
}

// Tied is the number of trials that cannot be told from the best, 0 where that is not known.
func (v view) Tied() int { return len(v.Results.TiedSet()) }

// Stale is the number of complete runs that the comparison does not know yet.
func (v view) Stale() int { return max(0, v.searched()-v.Results.Compared) }

// searched counts the complete runs of the record that are compared.
func (v view) searched() (n int) {
	if v.Record == nil {
		return 0
	}
	for _, r := range v.Record.Records {
		if r.State == store.Complete {
			n++
		}
	}
	return n
}

// trialRow is a trial in the table, with its runs on a scale that all share.
type trialRow struct {
	report.Trial
	Rank  int
	Strip marks.Strip
}

// Tie reports whether the trial cannot be told from the best.
func (t trialRow) Tie() bool { return t.Tied != nil && *t.Tied }

// Ranking are the trials with a complete run, the best first.
func (v view) Ranking() (rows []trialRow) {
	var means []float64
	var runs [][]float64
	for i, t := range v.Results.Ranked() {
		if t.MeanTop1 == nil {
			break
		}
		var scores []float64
		for _, r := range t.Runs {
			if r.Top1 != nil {
				scores = append(scores, *r.Top1)
			}
		}
		rows = append(rows, trialRow{Trial: t, Rank: i + 1})
		means, runs = append(means, *t.MeanTop1), append(runs, scores)
	}
	for i, strip := range marks.Strips(means, runs) {
		rows[i].Strip = strip
	}
	return rows
}

// shown is how many rows of a table are open at first.
const shown = 12

// Top are the first rows of the ranking, and Rest the others.
func (v view) Top() []trialRow {
	rows := v.Ranking()
	return rows[:min(shown, len(rows))]
}

// Rest are the rows of the ranking below Top.
func (v view) Rest() []trialRow {
	rows := v.Ranking()
	return rows[min(shown, len(rows)):]
}

// failure is a run without a result, and why.
type failure struct {
	Trial    string
	Seed     int
	Error    string
	Attempts int
}

// mostFailures is how many are listed.
const mostFailures = 50

// Failures are the failed runs.
func (v view) Failures() (list []failure) {
	for _, r := range v.records() {
		if r.State == store.Failed && len(list) < mostFailures {
			list = append(list, failure{r.Trial, r.Seed, r.Error, r.Attempts})
		}
	}
	return list
}

// Crashes are the last attempts that ended without a result although their runs are not given up.
func (v view) Crashes() (list []store.Execution) {
	const most = 10
	for _, e := range v.attempts() {
		if e.Outcome == store.OutcomeCrashed || e.Outcome == store.OutcomeDiffers {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b store.Execution) int { return b.Ended.Compare(a.Ended) })
	return list[:min(most, len(list))]
}

// NameOf names the run of a key.
func (v view) NameOf(key string) string {
	for _, r := range v.records() {
		if r.Key == key {
			return fmt.Sprintf("%s seed %d", r.Trial, r.Seed)
		}
	}
	return key
}

func (v view) records() []store.Record {
	if v.Record == nil {
		return nil
	}
	return slices.Concat(v.Record.Records, v.Record.Later)
}

func (v view) attempts() (list []store.Execution) {
	for _, r := range v.records() {
		list = append(list, r.Executions...)
	}
	return list
}

// machine is where runs were trained, with what became of them.
type machine struct {
	Host, CPU, Kernels string
	Complete, Others   int
	Seconds            float64 // of training
	Last               time.Time
}

// Machines are those that have trained, the last one first.
func (v view) Machines() (list []machine) {
	type place struct{ host, cpu, kernels string }
	at := map[place]int{}
	for _, e := range v.attempts() {
		key := place{e.Host, e.Environment.CPU, e.Environment.KernelSet}
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, machine{Host: key.host, CPU: key.cpu, Kernels: key.kernels})
		}
		m := &list[i]
		m.Seconds += e.TrainSeconds
		if m.Last.Before(e.Ended) {
			m.Last = e.Ended
		}
		if e.Outcome == store.OutcomeComplete {
			m.Complete++
		} else {
			m.Others++
		}
	}
	slices.SortFunc(list, func(a, b machine) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Host, b.Host))
	})
	return list
}

// choice is a decision of the study.
type choice struct {
	Made           time.Time
	Stage, Because string
	Train, Drop    int
}

// Decisions are what the study has decided, the last one first.
func (v view) Decisions() (list []choice) {
	if v.Record == nil {
		return nil
	}
	for _, d := range v.Record.Decisions {
		var said struct {
			Because     string
			Train, Drop []json.RawMessage
		}
		_ = json.Unmarshal(d.Choice, &said) // valid, as the record has checked it
		list = append(list, choice{d.Made, d.Stage, said.Because, len(said.Train), len(said.Drop)})
	}
	slices.Reverse(list)
	return list
}

// Cautions are the warnings of the results, which have those of the record.
func (v view) Cautions() []string {
	if v.Results.Compared > 0 {
		return v.Results.Warnings
	}
	return v.Overview.Warnings
}

// Description is what the experiment file says of the study.
func (v view) Description() string {
	if v.Record == nil || v.Record.Experiment == nil {
		return ""
	}
	return v.Record.Experiment.Study.Description
}
