// Package export writes the runs of a study for other programs: a row a run, a row an epoch and a
// row an execution, as CSV, JSON lines and Parquet.
//
// Columns have the names of the views of the record (docs/data.md) and of results.csv. What tables
// of results leave out because it is another on every repetition is here: times, hosts, attempts.
package export

import (
	"encoding/json"
	"strings"
	"time"

	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// SchemaVersion is that of the columns, which are only ever added to.
const SchemaVersion = 1

// Study are the runs of a study's plan, in its order, with those that decisions have added.
type Study struct {
	Name string
	Runs []Entry
}

// Entry is a run with what belongs to it.
type Entry struct {
	Run        Run
	Labels     []planner.Label // the points that build its network
	Curve      []Epoch         // empty until the run is complete
	Executions []Execution     // in the order of their ends
}

// Run is a row of runs. Pointers are nil where there is no value: until the run is complete, or
// where a trial is on the record and not in the plan. Accuracies are fractions.
type Run struct {
	Study        string     `json:"study" parquet:"study"`
	Key          string     `json:"key" parquet:"key"`
	Trial        string     `json:"trial" parquet:"trial"`
	Seed         int64      `json:"seed" parquet:"seed"`   // index
	State        string     `json:"state" parquet:"state"` // waiting, complete, failed or dropped
	Top1         *float64   `json:"top1" parquet:"top1,optional"`
	Top5         *float64   `json:"top5" parquet:"top5,optional"`
	Loss         *float64   `json:"loss" parquet:"loss,optional"` // cross-entropy, in nats
	Examples     *int64     `json:"examples" parquet:"examples,optional"`
	Steps        *int64     `json:"steps" parquet:"steps,optional"`
	TrainSeconds *float64   `json:"train_seconds" parquet:"train_seconds,optional"`
	EvalSeconds  *float64   `json:"eval_seconds" parquet:"eval_seconds,optional"`
	PeakBytes    *int64     `json:"peak_bytes" parquet:"peak_bytes,optional"`
	Started      *time.Time `json:"started" parquet:"started,optional,timestamp(microsecond)"`
	Ended        *time.Time `json:"ended" parquet:"ended,optional,timestamp(microsecond)"`
	KernelSet    *string    `json:"kernel_set" parquet:"kernel_set,optional"`
	CPU          *string    `json:"cpu" parquet:"cpu,optional"`
	Host         *string    `json:"host" parquet:"host,optional"`
	Error        *string    `json:"error" parquet:"error,optional"` // of a failed run
	Network      string     `json:"network" parquet:"network"`
	Stream       string     `json:"stream" parquet:"stream"`
	Condition    string     `json:"condition" parquet:"condition"`
	Stage        string     `json:"stage" parquet:"stage"`
	Attempts     int64      `json:"attempts" parquet:"attempts"` // executions, whatever they ended in
	// SHA-256 of the predictions' file
	Predictions *string `json:"predictions" parquet:"predictions,optional"`

	// On the test images, which few runs are ever tested on.
	TestTop1     *float64 `json:"test_top1" parquet:"test_top1,optional"`
	TestTop5     *float64 `json:"test_top5" parquet:"test_top5,optional"`
	TestLoss     *float64 `json:"test_loss" parquet:"test_loss,optional"`
	TestExamples *int64   `json:"test_examples" parquet:"test_examples,optional"`

	// Of the trial.
	Control     *string  `json:"control" parquet:"control,optional"`
	MAdds       *int64   `json:"madds" parquet:"madds,optional"`
	Params      *int64   `json:"params" parquet:"params,optional"`
	Activations *int64   `json:"activations" parquet:"activations,optional"`
	MAddsRatio  *float64 `json:"madds_ratio" parquet:"madds_ratio,optional"`
	Depth       *float64 `json:"depth" parquet:"depth,optional"`
	Width       *float64 `json:"width" parquet:"width,optional"`
	Resolution  *int64   `json:"resolution" parquet:"resolution,optional"` // pixels on a side

	// The least and the greatest of the points that build the network.
	AlphaLow  *float64 `json:"alpha_low" parquet:"alpha_low,optional"`
	AlphaHigh *float64 `json:"alpha_high" parquet:"alpha_high,optional"`
	BetaLow   *float64 `json:"beta_low" parquet:"beta_low,optional"`
	BetaHigh  *float64 `json:"beta_high" parquet:"beta_high,optional"`
	GammaLow  *float64 `json:"gamma_low" parquet:"gamma_low,optional"`
	GammaHigh *float64 `json:"gamma_high" parquet:"gamma_high,optional"`
	PhiLow    *float64 `json:"phi_low" parquet:"phi_low,optional"`
	PhiHigh   *float64 `json:"phi_high" parquet:"phi_high,optional"`
}

// Epoch is a row of curves: the training at the end of an epoch.
type Epoch struct {
	Key       string  `json:"-" parquet:"key"`
	Trial     string  `json:"-" parquet:"trial"`
	Seed      int64   `json:"-" parquet:"seed"`
	Epoch     int64   `json:"epoch" parquet:"epoch"` // from 1
	Step      int64   `json:"step" parquet:"step"`   // steps done
	Loss      float64 `json:"loss" parquet:"loss"`   // mean of the epoch's steps, in nats
	Top1      float64 `json:"top1" parquet:"top1"`   // fraction
	Network   string  `json:"-" parquet:"network"`
	Stream    string  `json:"-" parquet:"stream"`
	Condition string  `json:"-" parquet:"condition"`
	Stage     string  `json:"-" parquet:"stage"`
}

// Execution is a row of executions: one attempt at a run.
type Execution struct {
	Key          string      `json:"-" parquet:"key"`
	Trial        string      `json:"-" parquet:"trial"`
	Seed         int64       `json:"-" parquet:"seed"`
	Attempt      int64       `json:"attempt" parquet:"attempt"`
	Started      time.Time   `json:"started" parquet:"started,timestamp(microsecond)"`
	Ended        time.Time   `json:"ended" parquet:"ended,timestamp(microsecond)"`
	Outcome      string      `json:"outcome" parquet:"outcome"`
	Error        string      `json:"error" parquet:"error"`
	TrainSeconds float64     `json:"train_seconds" parquet:"train_seconds"`
	EvalSeconds  float64     `json:"eval_seconds" parquet:"eval_seconds"`
	WaitSeconds  float64     `json:"wait_seconds" parquet:"wait_seconds"`
	PeakBytes    int64       `json:"peak_bytes" parquet:"peak_bytes"`
	KernelSet    string      `json:"kernel_set" parquet:"kernel_set"`
	CPU          string      `json:"cpu" parquet:"cpu"`
	Host         string      `json:"host" parquet:"host"`
	CommandLine  string      `json:"command_line" parquet:"command_line"`
	Environment  environment `json:"environment" parquet:"environment"` // JSON
	Network      string      `json:"-" parquet:"network"`
	Stream       string      `json:"-" parquet:"stream"`
	Condition    string      `json:"-" parquet:"condition"`
	Stage        string      `json:"-" parquet:"stage"`
}

// environment is a job.Environment as JSON: text in a column, an object within JSON.
type environment string

// MarshalJSON is the object itself.
func (e environment) MarshalJSON() ([]byte, error) { return []byte(e), nil }

// New reads the runs of a study that has been loaded.
func New(s *study.Study) (Study, error) {
	trials := map[string]*planner.DocumentTrial{}
	for i, t := range s.Plan.Trials {
		trials[t.Name] = &s.Plan.Trials[i]
	}
	all := Study{Name: s.Plan.Study, Runs: make([]Entry, 0, len(s.Records)+len(s.Later))}
	for _, list := range [][]store.Record{s.Records, s.Later} {
		for _, r := range list {
			entry, err := newEntry(r, trials[r.Trial])
			if err != nil {
				return all, err
			}
			entry.Run.Study = all.Name
			all.Runs = append(all.Runs, entry)
		}
	}
	return all, nil
}

// newEntry is a run; its trial is nil where the plan does not have it.
func newEntry(r store.Record, trial *planner.DocumentTrial) (Entry, error) {
	entry := Entry{Run: Run{Key: r.Key, Trial: text(r.Trial), Seed: int64(r.Seed),
		State: string(r.State), Network: r.Network, Stream: r.Stream, Condition: r.Condition,
		Stage: r.Stage, Attempts: int64(len(r.Executions))}}
	run := &entry.Run
	if r.State == store.Failed {
		run.Error = ref(text(r.Error))
	}
	if trial != nil {
		entry.Labels = trial.Labels
		run.describe(*trial)
	}
	for _, e := range r.Executions {
		row, err := newExecution(r, e)
		if err != nil {
			return entry, err
		}
		entry.Executions = append(entry.Executions, row)
	}
	if r.Result == nil {
		return entry, nil
	}
	run.conclude(r, entry.Executions)
	for _, p := range r.Result.Curve {
		entry.Curve = append(entry.Curve, Epoch{r.Key, run.Trial, run.Seed, int64(p.Epoch),
			int64(p.Step), p.Loss, p.Top1, r.Network, r.Stream, r.Condition, r.Stage})
	}
	return entry, nil
}

// describe says what is trained.
func (r *Run) describe(t planner.DocumentTrial) {
	r.Control = ref(text(strings.Join(t.Controls(), ",")))
	r.MAdds, r.Params, r.Activations = ref(t.MAdds), ref(t.Params), ref(t.Activations)
	r.MAddsRatio, r.Depth, r.Width = ref(t.MAddsRatio), ref(t.Depth), ref(t.Width)
	r.Resolution = ref(int64(t.Resolution))
	r.AlphaLow, r.AlphaHigh = span(t.Labels, func(p search.Point) search.Decimal { return p.Alpha })
	r.BetaLow, r.BetaHigh = span(t.Labels, func(p search.Point) search.Decimal { return p.Beta })
	r.GammaLow, r.GammaHigh = span(t.Labels, func(p search.Point) search.Decimal { return p.Gamma })
	r.PhiLow, r.PhiHigh = span(t.Labels, func(p search.Point) search.Decimal { return p.Phi })
}

// span is the least and the greatest value of the points of labels; nil for none.
func span(labels []planner.Label, of func(search.Point) search.Decimal) (low, high *float64) {
	for _, l := range labels {
		v := of(l.Point).Float64()
		if low == nil || v < *low {
			low = ref(v)
		}
		if high == nil || v > *high {
			high = ref(v)
		}
	}
	return low, high
}

// conclude says what a complete run has given, and in which execution: the first that is complete,
// as later ones gave the same.
func (r *Run) conclude(record store.Record, executions []Execution) {
	result := record.Result
	r.Top1, r.Top5, r.Loss = ref(result.Top1), ref(result.Top5), ref(result.Loss)
	r.Examples, r.Steps = ref(int64(result.Examples)), ref(int64(result.Steps))
	if result.Predictions != "" {
		r.Predictions = ref(result.Predictions)
	}
	if test := record.Test; test != nil {
		r.TestTop1, r.TestTop5, r.TestLoss = ref(test.Top1), ref(test.Top5), ref(test.Loss)
		r.TestExamples = ref(int64(test.Examples))
	}
	for _, e := range executions {
		if e.Outcome == store.OutcomeComplete {
			r.TrainSeconds, r.EvalSeconds = ref(e.TrainSeconds), ref(e.EvalSeconds)
			r.PeakBytes, r.Started, r.Ended = ref(e.PeakBytes), ref(e.Started), ref(e.Ended)
			r.KernelSet, r.CPU, r.Host = ref(e.KernelSet), ref(e.CPU), ref(e.Host)
			return
		}
	}
}

func newExecution(r store.Record, e store.Execution) (Execution, error) {
	where, err := json.Marshal(e.Environment)
	return Execution{r.Key, text(r.Trial), int64(r.Seed), int64(e.Attempt), e.Started.UTC(),
		e.Ended.UTC(), e.Outcome, text(e.Error), e.TrainSeconds, e.EvalSeconds, e.WaitSeconds,
		e.PeakRSSBytes, text(e.Environment.KernelSet), text(e.Environment.CPU), text(e.Host),
		text(e.CommandLine), environment(where), r.Network, r.Stream, r.Condition, r.Stage}, err
}

// ref is a pointer to a value.
func ref[T any](v T) *T { return &v }

// text is UTF-8 as every format wants it; an error's message, a host's name may be other bytes.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// runs, curves and executions are the rows of all runs.
func (s Study) runs() []Run {
	rows := make([]Run, len(s.Runs))
	for i, e := range s.Runs {
		rows[i] = e.Run
	}
	return rows
}

func (s Study) curves() (rows []Epoch) {
	for _, e := range s.Runs {
		rows = append(rows, e.Curve...)
	}
	return rows
}

func (s Study) executions() (rows []Execution) {
	for _, e := range s.Runs {
		rows = append(rows, e.Executions...)
	}
	return rows
}
