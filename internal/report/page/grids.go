package page

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gridsearch/internal/report"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// grid is the table of trials.
type grid struct {
	Columns []column
	Rows    []row
}

// column is one of a table; numbers are set to the right and sorted as such.
type column struct {
	Title  string
	Number bool
	Ranks  bool // the rows are in its order
}

type row struct {
	Base, Tied bool
	Cells      []cell
}

// cell is a cell: Order sorts it where the number at the head of its text does not.
type cell struct{ Text, Order string }

// titles are the columns that the page leaves as they are, or abbreviates.
var titles = map[string]string{"alpha": "α", "beta": "β", "gamma": "γ", "phi": "φ",
	"FLOPs x base": "FLOPs × base", "n": "runs", "best": "chance best"}

// aside are columns that results.csv and summary.json have, and the page not.
var aside = []string{"multiply-adds", "sd", "top-5 %", "permutation p", "sign flip p"}

// outcome are the columns that come first: what came out, in front of what was trained.
var outcome = []string{"trial", "top-1 %", "behind best", "tied", "p", "best", "n"}

// texts are the columns that are no numbers.
var texts = []string{"trial", "control", "tied"}

// trials are the rows of the trials, the best first.
func trials(r report.Results, p Parts) (g grid) {
	kept := order(p.Columns)
	for _, i := range kept {
		name := p.Columns[i]
		g.Columns = append(g.Columns, column{cmp.Or(titles[name], name),
			!slices.Contains(texts, name), name == "top-1 %"})
	}
	for _, t := range p.Rows {
		one := row{Base: r.Based() && t.Name == r.Trials[0].Name, Tied: t.Tied != nil && *t.Tied}
		for _, i := range kept {
			one.Cells = append(one.Cells, cellOf(p.Columns[i], t.Cells[i], t.Trial))
		}
		g.Rows = append(g.Rows, one)
	}
	return g
}

// order are the places of the columns that the page shows, in its order.
func order(columns []string) (kept []int) {
	for _, name := range outcome {
		if i := slices.Index(columns, name); i >= 0 {
			kept = append(kept, i)
		}
	}
	for i, name := range columns {
		if !slices.Contains(outcome, name) && !slices.Contains(aside, name) &&
			!strings.HasSuffix(name, " interval") {
			kept = append(kept, i)
		}
	}
	return kept
}

// typeset has a minus sign for a hyphen, and a word between the ends of an interval.
var typeset = strings.NewReplacer("-", "−", "..", " to ", "*", "tied")

// cellOf is a cell of the table of trials.
func cellOf(column, text string, t report.Trial) cell {
	switch column {
	case "trial", "control":
		return cell{Text: text}
	case "params":
		return cell{text, strconv.FormatInt(t.Params, 10)}
	}
	return cell{Text: typeset.Replace(text)}
}

// runTable is the table of runs.
type runTable struct {
	Stages bool // more than the search
	Rows   []run
}

// run is a row of it. Scores are in percent and empty where there is none.
type run struct {
	Key, Trial, Stage, Condition, State string
	Seed, Attempts                      int
	Top1, Loss, Time, Seconds, Host     string
}

func runs(s *study.Study) (t runTable) {
	t.Stages = len(s.Later) > 0
	for r := range records(s) {
		one := run{Key: r.Key, Trial: r.Trial, Stage: r.Stage, Condition: r.Condition,
			State: string(r.State), Seed: r.Seed, Attempts: len(r.Executions)}
		if r.Result != nil {
			one.Top1 = fmt.Sprintf("%.2f", 100*r.Result.Top1)
			one.Loss = fmt.Sprintf("%.4f", r.Result.Loss)
		}
		spent := 0.
		for _, e := range r.Executions {
			spent += e.TrainSeconds + e.EvalSeconds
			one.Host = e.Host
		}
		if len(r.Executions) > 0 {
			one.Time, one.Seconds = duration(spent), strconv.FormatFloat(spent, 'f', 1, 64)
		}
		t.Rows = append(t.Rows, one)
	}
	return t
}

// group are things with one cause.
type group struct {
	Cause string
	Of    []string
}

// grouped are the groups of pairs of a cause and a thing, the largest first.
func grouped(pairs [][2]string) (list []group) {
	at := map[string]int{}
	for _, p := range pairs {
		i, seen := at[p[0]]
		if !seen {
			i = len(list)
			at[p[0]] = i
			list = append(list, group{Cause: p[0]})
		}
		list[i].Of = append(list[i].Of, p[1])
	}
	slices.SortStableFunc(list, func(a, b group) int { return cmp.Compare(len(b.Of), len(a.Of)) })
	return list
}

// excluded are the trials that are not trained, by what excludes them.
func excluded(r report.Results) []group {
	var pairs [][2]string
	for _, t := range r.Trials {
		if t.ExcludedBy != "" {
			pairs = append(pairs, [2]string{t.ExcludedBy, t.Name})
		}
	}
	return grouped(pairs)
}

// longest is the most characters of an error that the page shows.
const longest = 2000

// failed are the failed runs by their error.
func failed(s *study.Study) []group {
	var pairs [][2]string
	for r := range records(s) {
		if r.State != store.Failed {
			continue
		}
		pairs = append(pairs, [2]string{cause(r.Error), r.Name()})
	}
	return grouped(pairs)
}

// repeated are the runs with an attempt that has given no result and was not the last, by its error.
func repeated(s *study.Study) []group {
	var pairs [][2]string
	for r := range records(s) {
		for i, e := range r.Executions {
			last := i == len(r.Executions)-1
			if e.Outcome == store.OutcomeCrashed || e.Outcome == store.OutcomeFailed && !last {
				pairs = append(pairs, [2]string{cause(e.Error), r.Name()})
			}
		}
	}
	return grouped(pairs)
}

// cause is an error as it is shown.
func cause(text string) string {
	text = cmp.Or(strings.TrimSpace(text), "no error is on record")
	if utf8.RuneCountInString(text) > longest {
		text = string([]rune(text)[:longest]) + "… (the rest is in study.db)"
	}
	return text
}
