package made

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// Size is that of a made-up study. Trials and Seeds are at least 1, and the first trial is the base.
type Size struct {
	Trials, Seeds, Epochs int
	Ended                 int // runs, the first of the plan
	Excluded              int // trials besides
}

// largeFile is the experiment file of Large, but for the number of seeds.
const largeFile = `# Question: which way to spend twice the compute pays most?
schema_version = 1

[study]
name = "large"
description = "a study that nobody has trained"

[model]
baseline = "efficientnet-b0"

[search]
method = "grid"
alpha = { low = "1.0", high = "2.0", step = "0.1" }
beta = { low = "1.0", high = "1.5", step = "0.1" }
gamma = { low = "1.0", high = "1.5", step = "0.1" }
controls = ["paper", "dwr"]

[[constraint]]
quantity = "nominal"
target = "2"
tolerance = "0.2"

[replication]
seeds = `

// Large is a study of any size, from a plan of which nothing has been trained to thousands of runs.
// Its runs have curves, times, two machines and, one in fifty, an error instead of a result. Equal
// sizes give equal studies.
func Large(t testing.TB, size Size) *study.Study {
	t.Helper()
	text := largeFile + strconv.Itoa(size.Seeds) + "\n"
	e, err := experiments.Parse("experiment.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := &study.Study{Folder: study.Folder(t.TempDir()), Experiment: e,
		Origin: study.Origin{Text: text, Settings: []string{"train.epochs=" + strconv.Itoa(size.Epochs)},
			DataChecksum: fmt.Sprintf("%064x", 12345), NumericVersion: 1,
			Classes: []string{"cats", "dogs"}},
		Plan: planner.Document{SchemaVersion: planner.PlanVersion, Study: "large",
			Points: 2 * size.Trials, Kept: size.Trials}}
	for i := range size.Trials + size.Excluded {
		s.Plan.Trials = append(s.Plan.Trials, largeTrial(i, size))
	}
	for i := range size.Trials * size.Seeds {
		s.Records = append(s.Records, largeRun(i, size, s.Plan.Trials[i/size.Seeds].Name))
	}
	return s
}

// largeTrial is a network of the grid, the base first, those that are excluded last.
func largeTrial(i int, size Size) planner.DocumentTrial {
	if i == 0 {
		return trials()[0]
	}
	decimal := func(v float64) search.Decimal {
		return search.Decimal(strconv.FormatFloat(v, 'f', 3, 64))
	}
	p := search.Point{Alpha: decimal(1 + float64(i%11)/10), Beta: decimal(1 + float64(i%7)/14),
		Gamma: decimal(1 + float64(i)/1000), Phi: "1"}
	cost := 1.8 + float64(i%40)/100
	t := planner.DocumentTrial{Name: fmt.Sprintf("d=%s w=%s px=%d", p.Alpha, p.Beta, 16+i),
		Labels: []planner.Label{{Point: p, Nominal: p.Nominal()}},
		MAdds:  int64(1e6 * cost), Params: int64(5000 + 37*i), Activations: 150, MAddsRatio: cost,
		Resolution: 16 + i}
	if i >= size.Trials {
		t.ExcludedBy = "more pixels than the data's native 28"
	}
	return t
}

// largeRun is a run: ended if it is among the first that have.
func largeRun(i int, size Size, trial string) store.Record {
	at, seed := i/size.Seeds, i%size.Seeds
	r := store.Record{State: store.Waiting, Run: stages.Run{Key: fmt.Sprintf("%016x", i+1),
		Trial: trial, Seed: seed, Stage: stages.Search}}
	if i >= size.Ended {
		return r
	}
	began := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i/2) * time.Minute)
	e := store.Execution{Key: r.Key, Attempt: 1, Started: began, Ended: began.Add(55 * time.Second),
		Outcome: store.OutcomeComplete, TrainSeconds: 50, EvalSeconds: 2, PeakRSSBytes: 300 << 20,
		Host: []string{"anvil", "forge"}[i%2], Environment: store.Environment{GoVersion: "go1.26",
			OS: "linux", Arch: "amd64", CPU: "a processor", Cores: 2, KernelSet: "avx2",
			Revision: "0123456789abcdef0123", BinaryHash: "fedcba", NumericVersion: 1}}
	if i%50 == 49 {
		r.State, r.Error = store.Failed, fmt.Sprintf("the loss became NaN at step %d", 7+i%3)
		e.Outcome, e.Error = store.OutcomeFailed, r.Error
	} else {
		r.State, r.Result = store.Complete, largeResult(at, i, size)
	}
	r.Executions, r.Attempts = []store.Execution{e}, 1
	return r
}

// largeResult has an accuracy by trial and run, and a curve that ends near it.
func largeResult(trial, run int, size Size) *store.Result {
	source := rand.New(rand.NewPCG(1, uint64(run)))
	top1 := .6 + .2*math.Sin(float64(trial)/60) + .01*source.NormFloat64()
	if trial == 0 {
		top1 = .55 + .01*source.NormFloat64()
	}
	result := &store.Result{Top1: top1, Top5: top1 + .1, Loss: 2 - top1, Examples: 4000}
	for epoch := range size.Epochs {
		done := 1 - math.Exp(-3*float64(epoch+1)/float64(size.Epochs))
		result.Curve = append(result.Curve, store.CurvePoint{Epoch: epoch + 1, Step: 10 * (epoch + 1),
			Loss: 2.3 - top1*done*2 + .02*source.Float64(), Top1: .1 + (top1-.05)*done})
	}
	return result
}
