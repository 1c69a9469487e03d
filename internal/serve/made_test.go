package serve

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gridsearch/internal/files"
	"gridsearch/internal/job"
	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// TestMain keeps the tests out of the user's cache.
func TestMain(m *testing.M) { made.Main(m) }

// small is a grid of a tiny network on drawn images: 5 trials.
const small = `schema_version = 1

[study]
name = "small"

[model]
baseline = "efficientnet-b0"
resolution = 12
stem = 8
head = 16
stages = [[1, 8, 3, 1, 1], [2, 8, 3, 1, 1]]
channel_divisor = 2
depth_rounding = "round"

[search]
alpha = { low = "1", high = "2", step = "1" }
beta = { low = "1", high = "1.5", step = "0.25" }
gamma = { low = "1", high = "1.5", step = "0.25" }
controls = ["width"]

[[constraint]]
quantity = "nominal"
target = 2
tolerance = 0.25

[data]
dataset = "motifs"
train_examples = 96
validation_fraction = 0.02

[train]
epochs = 2
batch_size = 16

[replication]
seeds = 2
`

// planned is a study of a file in a folder, of which nothing has been trained.
type planned struct {
	study.Folder
	specs []job.Spec
	t     testing.TB
	dice  *rand.Rand
}

// plan makes the study of an experiment file below a folder, with settings like key=value.
func plan(t testing.TB, dir, file string, settings ...string) planned {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.toml")
	if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
		t.Fatal(err)
	}
	prepared, err := study.Prepare(t.Context(), study.Access{}, path, settings...)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := prepared.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := planned{study.Folder(filepath.Join(dir, prepared.Experiment.Study.Name)), specs, t,
		rand.New(rand.NewPCG(1, 2))}
	if err := os.MkdirAll(string(p.Folder), 0o755); err != nil {
		t.Fatal(err)
	}
	record := p.open()
	defer record.Close()
	if err := p.Register(record, prepared, specs); err != nil {
		t.Fatal(err)
	}
	if err := p.WritePlan(prepared, specs); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p planned) open() *store.Store {
	p.t.Helper()
	record, err := store.Open(p.Database())
	if err != nil {
		p.t.Fatal(err)
	}
	return record
}

// complete writes results of runs, by their numbers, with accuracies that differ by trial.
func (p planned) complete(from, to int) {
	p.t.Helper()
	record := p.open()
	defer record.Close()
	for _, spec := range p.specs[from:to] {
		n := spec.Data.ValidationExamples
		bits, right := make([]byte, (n+7)/8), 0
		for i := range n {
			if p.dice.Float64() < .5+.001*float64(strings.Count(spec.Trial, "1")) {
				bits[i/8] |= 1 << (i % 8)
				right++
			}
		}
		top1 := float64(right) / float64(n)
		result := store.Result{Top1: top1, Top5: top1, Loss: 1.2, Examples: n, Correct: bits, Steps: 12,
			Curve: []store.CurvePoint{{Epoch: 1, Step: 6, Loss: 2, Top1: .3},
				{Epoch: 2, Step: 12, Loss: 1.5, Top1: .4}}}
		if err := record.Complete(result, p.execution(spec, store.OutcomeComplete, "")); err != nil {
			p.t.Fatal(err)
		}
	}
}

// fail writes a failed run.
func (p planned) fail(number int, why string) {
	p.t.Helper()
	record := p.open()
	defer record.Close()
	if err := record.Note(p.execution(p.specs[number], store.OutcomeFailed, why), true); err != nil {
		p.t.Fatal(err)
	}
}

func (p planned) execution(spec job.Spec, outcome, why string) store.Execution {
	return store.Execution{Key: spec.Key, Attempt: 1, Started: time.Unix(1e9, 0),
		Ended: time.Unix(1e9+60, 0), Outcome: outcome, Error: why, TrainSeconds: 55, Host: "host",
		Environment: job.Environment{CPU: "cpu", KernelSet: "avx2"}}
}

// say writes a status as a coordinator does.
func (p planned) say(status study.Status) {
	p.t.Helper()
	text, err := json.Marshal(status)
	if err == nil {
		err = files.Replace(p.Status(), text)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// curve has an epoch for each loss.
func curve(losses ...float64) (list []job.CurvePoint) {
	for i, loss := range losses {
		list = append(list, job.CurvePoint{Epoch: i + 1, Step: i + 1, Loss: loss})
	}
	return list
}
