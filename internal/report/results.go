// Package report turns a study's record, or a file of scores, into results: plain values. Package
// tables prints them, figures draws them, and scores evaluates single images.
//
// Everything that is derived from results is the same on every repetition of the study, and can be
// deleted and made again.
package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/cache"
	"gridsearch/internal/scoresheet"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/search/planner"
	"gridsearch/search/stats"
)

// SchemaVersion is the version of the JSON document of results.
const SchemaVersion = 1

// Results is the table of a study: `gridsearch results --format json` prints it. Accuracies are
// fractions.
type Results struct {
	SchemaVersion int      `json:"schema_version"`
	Study         string   `json:"study"`
	Metric        string   `json:"metric"`
	Trials        []Trial  `json:"trials"`
	Confidence    float64  `json:"confidence_level"`
	Validation    int      `json:"validation_images"` // of each accuracy; 0 if no run is complete
	Noise         *float64 `json:"noise_sd"`          // of one run: pooled, seeds allowed for
	PairingSaved  *float64 `json:"pairing_saved"`     // share of runs' variance that pairing removes
	ImageEffect   *float64 `json:"image_effect_sd"`   // of a trial's mean beside the others'
	// Families at equal cost; empty where the study has none to compare.
	Families []FamilyComparison `json:"families"`
	Warnings []string           `json:"warnings"`
	Read     string             `json:"read,omitempty"` // how a file of scores was read

	NoiseFreedom int               `json:"-"` // degrees of freedom of Noise
	Sheet        *scoresheet.Sheet `json:"-"` // the file of scores; nil for a study
}

// Trial is one network with its runs. Values that need more runs than are complete are null.
type Trial struct {
	Name     string          `json:"name"`
	Labels   []planner.Label `json:"labels"`
	Control  string          `json:"control"`   // names of controls that build it, comma-separated
	N        int             `json:"n"`         // complete runs
	MeanTop1 *float64        `json:"mean_top1"` // validation top-1
	SDTop1   *float64        `json:"sd_top1"`   // between seeds, n-1

	// CILow and CIHigh are the t interval of the mean over seeds, cut to 0..1.
	CILow  *float64 `json:"ci_low"`
	CIHigh *float64 `json:"ci_high"`

	MeanTop5    *float64 `json:"mean_top5"`
	MAdds       int64    `json:"madds"` // multiply-adds of one image
	Params      int64    `json:"params"`
	Activations int64    `json:"activations"` // elements of every convolution's output, one image
	MAddsRatio  float64  `json:"madds_ratio"` // to the base network
	Tied        *bool    `json:"tied"`        // with the best; null while the statistics cannot say

	// P is the p value of being among the best, by the model confidence set: 1 for the last one
	// left.
	P *float64 `json:"p"`
	// BestChance is the posterior probability of the highest true mean, by a hierarchical model.
	BestChance *float64 `json:"best_probability"`

	// Behind is the mean minus the highest other one, with its simultaneous confidence interval
	// ([hsu] in package stats).
	Behind     *float64 `json:"behind_best"`
	BehindLow  *float64 `json:"behind_best_low"`
	BehindHigh *float64 `json:"behind_best_high"`

	// Permutation is like P, by permutation within seeds. SignFlip is the p value of the sign-flip
	// test against the highest mean, adjusted by Holm. Each is null where [analysis] asks for
	// another check.
	Permutation *float64 `json:"permutation_p"`
	SignFlip    *float64 `json:"sign_flip_p"`

	ExcludedBy string    `json:"excluded_by"`
	Latencies  []Latency `json:"latencies,omitempty"` // where measured, by size of batch
	Runs       []Run     `json:"runs"`

	Rival string `json:"-"` // may be as far ahead as behind_best_low says
}

// Latency is the time that the network takes for a batch of images; it varies between measurements.
type Latency struct {
	Batch     int     `json:"batch"`
	Threads   int     `json:"threads"`
	Repeats   int     `json:"repeats"`
	Shortest  float64 `json:"shortest_seconds"`
	Median    float64 `json:"median_seconds"`
	CPU       string  `json:"cpu"`
	KernelSet string  `json:"kernel_set"`
}

// Latency is the latency of a batch, nil where it has not been measured.
func (t Trial) Latency(batch int) *Latency {
	for _, l := range t.Latencies {
		if l.Batch == batch {
			return &l
		}
	}
	return nil
}

// Batches lists the batch sizes for which latencies have been measured.
func (r Results) Batches() []int {
	var list []int
	for _, t := range r.Trials {
		for _, l := range t.Latencies {
			list = append(list, l.Batch)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Run is one training of a trial.
type Run struct {
	Key   string   `json:"key"`
	Seed  int      `json:"seed"`
	State string   `json:"state"` // waiting, complete, failed or dropped
	Top1  *float64 `json:"top1"`
	Top5  *float64 `json:"top5"`
	Loss  *float64 `json:"loss"` // cross-entropy without smoothing, in nats
	Error string   `json:"error"`
}

// New makes the table of a study from its record.
func New(s *study.Study) Results {
	r := Means(s)
	byTrial := recordsByTrial(s)
	var samples []stats.Sample
	var trained []int // indices of the samples' trials
	for i, t := range s.Plan.Trials {
		if t.ExcludedBy == "" {
			one := sample(t.Name, byTrial[t.Name], s.Experiment.Replication.Seeds)
			samples, trained = append(samples, one), append(trained, i)
		}
	}
	c := stats.Compare(samples, stats.Options{Confidence: r.Confidence,
		Check: s.Experiment.Analysis.Check, Images: r.Validation, Cache: cache.User("statistics")})
	for i, e := range c.Summaries {
		r.Trials[trained[i]].judge(e)
	}
	r.Noise, r.PairingSaved = numberOrNil(c.Noise), numberOrNil(c.Saved)
	r.NoiseFreedom = c.Freedom
	r.ImageEffect = numberOrNil(stats.ImageEffect(bits(r, s.Records), r.Validation))
	r.warn(c.Warnings, s.Latencies)
	r.Warnings = append(r.Warnings, s.Warnings()...)
	r.Families = r.FamilyComparisons()
	return r
}

// Means makes the table of a study without what compares trials, which can take seconds where there
// are many: their runs and means, and no interval, p, tied set or warning.
func Means(s *study.Study) Results {
	r := Results{SchemaVersion: SchemaVersion, Study: s.Plan.Study,
		Metric: s.Experiment.Study.Metric, Confidence: s.Experiment.Analysis.Confidence,
		Trials: []Trial{}, Validation: validationImages(s.Records), Warnings: []string{}}
	byTrial := recordsByTrial(s)
	for _, t := range s.Plan.Trials {
		trial := newTrial(t, byTrial[t.Name])
		trial.Latencies = latencies(t.Name, s.Latencies)
		sum := 0.
		for _, run := range trial.Runs {
			if run.Top1 != nil {
				sum += *run.Top1
			}
		}
		if trial.N > 0 {
			trial.MeanTop1 = numberOrNil(sum / float64(trial.N))
		}
		r.Trials = append(r.Trials, trial)
	}
	return r
}

func recordsByTrial(s *study.Study) map[string][]store.Record {
	byTrial := map[string][]store.Record{}
	for _, record := range s.Records {
		byTrial[record.Trial] = append(byTrial[record.Trial], record)
	}
	return byTrial
}

// judge copies the outcome of the comparison.
func (t *Trial) judge(e stats.Summary) {
	t.N, t.Rival = e.N, e.Rival
	t.MeanTop1, t.SDTop1 = numberOrNil(e.Mean), numberOrNil(e.SD)
	t.CILow, t.CIHigh = numberOrNil(e.Low), numberOrNil(e.High)
	t.P, t.BestChance = numberOrNil(e.P), numberOrNil(e.Best)
	t.Permutation, t.SignFlip = numberOrNil(e.Permutation), numberOrNil(e.SignFlip)
	t.Behind = numberOrNil(e.Behind)
	t.BehindLow, t.BehindHigh = numberOrNil(e.BehindLow), numberOrNil(e.BehindHigh)
	if e.Compared {
		t.Tied = &e.Tied
	}
}

// warn collects the warnings. The one about few images is left out where the record shows more.
func (r *Results) warn(comparison []string, latencies []store.Latency) {
	r.Warnings = []string{}
	if !r.AllFailed() {
		r.Warnings = append(r.Warnings, comparison...)
	}
	if warning := planner.WarnImages(r.Validation); warning != "" && r.ImageEffect == nil {
		r.Warnings = append(r.Warnings, warning)
	}
	if machines := machines(latencies); len(machines) > 1 {
		r.Warnings = append(r.Warnings, "latencies of unlike machines do not compare: "+
			strings.Join(machines, "; "))
	}
}

// AllFailed reports whether every run has ended without a result.
func (r Results) AllFailed() bool {
	runs := 0
	for _, t := range r.Trials {
		runs += len(t.Runs)
		if t.Failed() < len(t.Runs) {
			return false
		}
	}
	return runs > 0
}

// Family is the first of the trial's controls, by which it is drawn; empty for none.
func (t Trial) Family() string {
	name, _, _ := strings.Cut(t.Control, ",")
	return name
}

// Failed counts the failed runs.
func (t Trial) Failed() int { return t.count(store.Failed) }

// Dropped counts the runs that a decision has dropped.
func (t Trial) Dropped() int { return t.count(store.Dropped) }

func (t Trial) count(state store.State) int {
	n := 0
	for _, r := range t.Runs {
		if r.State == string(state) {
			n++
		}
	}
	return n
}

// bits say which images the runs of the compared trials classified correctly, on the seeds that all
// of these have.
func bits(r Results, records []store.Record) stats.Bits {
	correct := map[string]map[int][]byte{}
	for _, record := range records {
		result := record.Result
		if result != nil && len(result.Correct)*8 >= r.Validation && result.Examples == r.Validation {
			if correct[record.Trial] == nil {
				correct[record.Trial] = map[int][]byte{}
			}
			correct[record.Trial][record.Seed] = result.Correct
		}
	}
	var list stats.Bits
	var seeds []int // of the trials with the most of them
	for _, t := range r.Trials {
		if len(correct[t.Name]) > len(seeds) {
			seeds = slices.Sorted(maps.Keys(correct[t.Name]))
		}
	}
	for _, t := range r.Trials {
		var runs [][]byte
		for _, seed := range seeds {
			if run, ok := correct[t.Name][seed]; ok && t.Tied != nil {
				runs = append(runs, run)
			}
		}
		if len(seeds) > 0 && len(runs) == len(seeds) {
			list = append(list, runs)
		}
	}
	return list
}

func latencies(trial string, all []store.Latency) []Latency {
	var list []Latency
	for _, l := range all {
		if l.Trial == trial {
			list = append(list, Latency{l.Batch, l.Threads, l.Repeats, l.Shortest, l.Median, l.CPU,
				l.KernelSet})
		}
	}
	return list
}

// machines lists the machines that latencies were measured on.
func machines(all []store.Latency) []string {
	var list []string
	for _, l := range all {
		list = append(list, l.CPU+" with kernels "+l.KernelSet)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// validationImages is the size of the validation set, which all runs share.
func validationImages(records []store.Record) int {
	for _, record := range records {
		if record.Result != nil {
			return record.Result.Examples
		}
	}
	return 0
}

func newTrial(t planner.DocumentTrial, records []store.Record) Trial {
	trial := Trial{Name: t.Name, Labels: t.Labels, Control: strings.Join(t.Controls(), ","),
		MAdds: t.MAdds, Params: t.Params, Activations: t.Activations, MAddsRatio: t.MAddsRatio,
		ExcludedBy: t.ExcludedBy, Runs: []Run{}}
	slices.SortFunc(records, func(a, b store.Record) int { return cmp.Compare(a.Seed, b.Seed) })
	top5 := 0.
	for _, record := range records {
		run := Run{Key: record.Key, Seed: record.Seed, State: string(record.State), Error: record.Error}
		if result := record.Result; result != nil {
			run.Top1, run.Top5, run.Loss = &result.Top1, &result.Top5, &result.Loss
			trial.N++
			top5 += result.Top5
		}
		trial.Runs = append(trial.Runs, run)
	}
	if trial.N > 0 {
		trial.MeanTop5 = numberOrNil(top5 / float64(trial.N))
	}
	return trial
}

func sample(trial string, records []store.Record, seeds int) stats.Sample {
	s := stats.Sample{Trial: trial, Scores: make([]float64, seeds)}
	for i := range s.Scores {
		s.Scores[i] = math.NaN()
	}
	for _, record := range records {
		if record.Result != nil && record.Seed < seeds {
			s.Scores[record.Seed] = record.Result.Top1
		}
	}
	return s
}

// numberOrNil is a pointer to a number, nil for NaN.
func numberOrNil(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// TiedSet lists the trials that cannot be distinguished from the best, the best mean first.
func (r Results) TiedSet() []Trial {
	var tied []Trial
	for _, t := range r.Ranked() {
		if t.Tied != nil && *t.Tied {
			tied = append(tied, t)
		}
	}
	return tied
}

// Ranked are the trials by descending mean, those without one last, in plan order among equals.
func (r Results) Ranked() []Trial {
	value := func(t Trial) float64 {
		switch {
		case t.MeanTop1 == nil:
			return math.Inf(-1)
		case r.Lower():
			return -*t.MeanTop1
		}
		return *t.MeanTop1
	}
	trials := slices.Clone(r.Trials)
	slices.SortStableFunc(trials, func(a, b Trial) int { return cmp.Compare(value(b), value(a)) })
	return trials
}

// Probability prints a p value with three digits, empty where there is none; what a simulation
// cannot distinguish from 0 is not 0.
func Probability(v *float64) string {
	switch {
	case v == nil:
		return ""
	case *v < .0005:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", *v)
}
