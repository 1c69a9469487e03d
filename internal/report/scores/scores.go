// Package scores evaluates the predictions of a study's runs: trials by another metric than top-1,
// and tied trials image by image.
package scores

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/stat"

	"gridsearch/internal/predictions"
	"gridsearch/internal/report"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
	"gridsearch/search/images"
)

// Formats lists the formats that Write can write.
var Formats = []string{"table", "json"}

// Document is the results of a study with additional evaluations: `gridsearch results --metric` and
// `--images` print it as JSON, with all fields of the results themselves.
type Document struct {
	report.Results
	Scores *Scores `json:"scores,omitempty"`
	Images *Images `json:"images,omitempty"`
}

// Request says what a Document shall contain.
type Request struct {
	Metric string       // one of images.MetricNames; empty for none
	Images bool         // trials image by image
	Note   func(string) // called before slow work

	// Predictions visits the predictions of every complete run, one at a time and in plan order:
	// recall.Each.
	Predictions func(s *study.Study, note func(string), visit func(predictions.File) error) error
}

// New makes the document of a study. Top-1, top-5 and loss are on record; everything else is
// computed from the runs' predictions, whose errors are returned.
func New(s *study.Study, r Request) (Document, error) {
	d := Document{Results: report.New(s)}
	metric, ok := images.FindMetric(r.Metric)
	values := recorded(s, r.Metric)
	var runs []run
	if r.Images || ok && values == nil {
		var err error
		if runs, err = read(s, metric, r); err != nil {
			return d, err
		}
	}
	if ok && values == nil {
		values = map[string]float64{}
		for _, run := range runs {
			values[run.key] = run.score
		}
	}
	if ok {
		d.Scores = newScores(d.Results, metric, values)
	}
	if r.Images {
		d.Images = newImages(d.Results, runs)
	}
	return d, nil
}

// recorded are the values of a metric on record, by the runs' keys; nil for other metrics.
func recorded(s *study.Study, metric string) map[string]float64 {
	column := map[string]func(*store.Result) float64{
		"top1": func(r *store.Result) float64 { return r.Top1 },
		"top5": func(r *store.Result) float64 { return r.Top5 },
		"loss": func(r *store.Result) float64 { return r.Loss },
	}[metric]
	if column == nil {
		return nil
	}
	values := map[string]float64{}
	for _, r := range s.Records {
		if r.Result != nil {
			values[r.Key] = column(r.Result)
		}
	}
	return values
}

// run is what is kept of a run's predictions.
type run struct {
	key, trial string
	seed       int
	score      float64 // of the metric that is asked for
	correct    []bool  // of each image [n]
	losses     []float64
	classes    []images.ClassCount
	names      []string // of the classes
}

// read reads the predictions of all complete runs. A metric with an empty name is none.
func read(s *study.Study, m images.Metric, request Request) (runs []run, err error) {
	err = request.Predictions(s, request.Note, func(p predictions.File) error {
		r := run{key: p.Key, trial: p.Trial, seed: p.Seed, correct: p.Correct(), losses: p.Losses(),
			classes: p.ByClass(), names: p.Names}
		if m.Score != nil {
			r.score = m.Score(p.Predictions)
		}
		runs = append(runs, r)
		return nil
	})
	return runs, err
}

// Scores are the trials of a study by a metric, the best mean first and those without a complete
// run last. Shares of images and calibration errors are fractions, losses are in nats.
type Scores struct {
	Metric string  `json:"metric"`
	Lower  bool    `json:"lower_is_better"`
	Trials []Trial `json:"trials"`

	share bool // printed in percent
}

// Trial is one network's scores.
type Trial struct {
	Trial string   `json:"trial"`
	N     int      `json:"n"`    // complete runs
	Mean  *float64 `json:"mean"` // over runs; null without
	SD    *float64 `json:"sd"`   // between runs, with n - 1; null below two
	Runs  []Score  `json:"runs"`
}

// Score is one run's.
type Score struct {
	Key   string  `json:"key"`
	Seed  int     `json:"seed"`
	Value float64 `json:"value"`
}

func newScores(r report.Results, m images.Metric, values map[string]float64) *Scores {
	s := &Scores{Metric: m.Name, Lower: m.Lower, share: m.Share, Trials: []Trial{}}
	for _, t := range r.Trials {
		if t.ExcludedBy == "" {
			s.Trials = append(s.Trials, newTrial(t, values))
		}
	}
	slices.SortStableFunc(s.Trials, func(a, b Trial) int {
		switch {
		case a.Mean == nil || b.Mean == nil:
			return cmp.Compare(b.N, a.N)
		case m.Lower:
			return cmp.Compare(*a.Mean, *b.Mean)
		}
		return cmp.Compare(*b.Mean, *a.Mean)
	})
	return s
}

func newTrial(t report.Trial, values map[string]float64) Trial {
	trial := Trial{Trial: t.Name, Runs: []Score{}}
	var list []float64
	for _, r := range t.Runs {
		if v, ok := values[r.Key]; ok {
			trial.Runs = append(trial.Runs, Score{r.Key, r.Seed, v})
			list = append(list, v)
		}
	}
	if trial.N = len(list); trial.N > 0 {
		trial.Mean = number(stat.Mean(list, nil))
	}
	if trial.N > 1 {
		trial.SD = number(stat.StdDev(list, nil))
	}
	return trial
}

// number is a pointer to a number, nil for NaN and infinities, which JSON does not have.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Write prints a document in one of the Formats.
func (d Document) Write(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(d)
	}
	if d.Scores != nil {
		d.Scores.table(w)
	}
	if d.Scores != nil && d.Images != nil {
		fmt.Fprintln(w)
	}
	if d.Images != nil {
		d.Images.table(w)
	}
	return nil
}

// titles are the metrics' columns, with units.
var titles = map[string]string{"top1": "top-1 %", "top5": "top-5 %", "loss": "loss, nats",
	"brier": "Brier score", "ece": "calibration error"}

func (s *Scores) table(w io.Writer) {
	t := terminal.NewTable(w)
	fmt.Fprintf(t, "trial\tn\t%s\tsd\n", titles[s.Metric])
	for _, trial := range s.Trials {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", trial.Trial, trial.N, s.cell(trial.Mean),
			s.cell(trial.SD))
	}
	t.Flush()
	better := "higher"
	if s.Lower {
		better = "lower"
	}
	if s.Metric == "top5" && s.always(1) {
		fmt.Fprintln(w, "\ntop-5 is 100 % in every run, as it always is with five classes or fewer")
	}
	fmt.Fprintf(w, "\n%s is better; this is an order of means: which trials can be told apart by "+
		"top-1 is said without --metric\n", better)
}

// always reports whether all runs have that value.
func (s *Scores) always(value float64) bool {
	for _, t := range s.Trials {
		if slices.ContainsFunc(t.Runs, func(r Score) bool { return r.Value != value }) {
			return false
		}
	}
	return true
}

func (s *Scores) cell(v *float64) string {
	if s.share {
		return fixed(v, 100, 2)
	}
	return fixed(v, 1, 4)
}

// fixed prints a number times a factor; "?" for nil.
func fixed(v *float64, factor float64, digits int) string {
	if v == nil {
		return "?"
	}
	return strconv.FormatFloat(factor**v, 'f', digits, 64)
}
