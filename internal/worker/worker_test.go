package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/dataset"
	"gridsearch/internal/environment"
	"gridsearch/internal/images"
	"gridsearch/internal/job"
	"gridsearch/internal/predictions"
	"gridsearch/model"
	"gridsearch/model/nn"
	"gridsearch/model/recipe"
	"gridsearch/model/train"
	"gridsearch/model/weights"
)

// small is a run of a small network on a few images.
func small(t *testing.T, epochs int) job.Spec {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	source, err := dataset.Open(t.Context(), dataset.Spec{Name: "motifs"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const share, examples = .001, 32
	set, err := images.Load(t.Context(), source, images.Split{ValidationFraction: share,
		TrainExamples: examples, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := set.Checksum(images.View{})
	if err != nil {
		t.Fatal(err)
	}
	arch, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	arch = arch.Scale(.1, .1, .1, model.Rounding{})
	arch.Classes = len(source.Info().Classes)
	r := recipe.DefaultRecipe()
	r.Epochs, r.BatchSize = epochs, 8
	s, err := job.Spec{Trial: "small", StudySeed: 1, Architecture: arch, Recipe: r, Threads: 1,
		Data: job.Data{Dataset: "motifs", Checksum: sum, ValidationFraction: share,
			TrainExamples: examples, ValidationExamples: set.Validation}}.WithKey()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// other is the side that a worker talks to.
type other struct {
	t        *testing.T
	requests *io.PipeWriter
	replies  *json.Decoder
	ended    chan error
}

// start starts a worker.
func start(t *testing.T, places Places) *other {
	in, requests := io.Pipe()
	replies, out := io.Pipe()
	o := &other{t, requests, json.NewDecoder(replies), make(chan error, 1)}
	go func() {
		o.ended <- Work(t.Context(), in, out, places)
		out.Close()
	}()
	return o
}

// next is the next reply, but for those that say that images are read.
func (o *other) next() job.Reply {
	o.t.Helper()
	r := job.Reply{Alive: true}
	for r.Alive {
		r = job.Reply{}
		if err := o.replies.Decode(&r); err != nil {
			o.t.Fatal(err)
		}
	}
	return r
}

func (o *other) ask(r job.Request) {
	o.t.Helper()
	if err := json.NewEncoder(o.requests).Encode(r); err != nil {
		o.t.Fatal(err)
	}
}

// TestLeavesWithItsInput: a worker says who it is, and one whose input ends while it trains writes
// a checkpoint and names it.
func TestLeavesWithItsInput(t *testing.T) {
	spec, runs := small(t, 4000), t.TempDir()
	o := start(t, Places{Runs: runs})
	if checking := o.next().Checking; checking != environment.KernelSet() {
		t.Errorf("it checks %q first", checking)
	}
	host, _ := os.Hostname()
	if hello := o.next().Hello; hello == nil || hello.KernelSet != environment.KernelSet() ||
		hello.NumericVersion != job.NumericVersion || hello.CPU == "" ||
		hello.Protocol != job.Protocol || hello.Host != host ||
		!strings.HasPrefix(hello.CommandLine, os.Args[0]) {
		t.Errorf("the greeting is %+v", hello)
	}
	o.ask(job.Request{Train: &job.Training{Spec: spec}})
	if progress := o.next().Progress; progress == nil || progress.Key != spec.Key {
		t.Fatalf("progress is %+v", progress)
	}
	r := o.next()
	for r.Progress != nil && len(r.Progress.Curve) == 0 {
		r = o.next()
	}
	if p := r.Progress; p == nil || len(p.Curve) > job.MostPoints || p.Curve[len(p.Curve)-1].Step > p.Step ||
		p.Curve[len(p.Curve)-1].Loss <= 0 {
		t.Errorf("when epochs have ended it says %+v", p)
	}
	o.requests.Close()
	for r.Done == nil {
		r = o.next()
	}
	if err := <-o.ended; err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(runs, spec.Key, job.CheckpointFile))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Done.Interrupted || r.Done.PeakRSSBytes == 0 || r.Done.Check(spec.Key) != nil ||
		!slices.Equal(r.Done.Files, []job.File{job.FileOf(job.CheckpointFile, text)}) {
		t.Errorf("it ends with %+v", r.Done)
	}
	if log, err := os.ReadFile(filepath.Join(runs, spec.Key, job.LogFile)); err != nil ||
		!strings.Contains(string(log), "ended: context canceled") {
		t.Errorf("the log says %q (%v)", log, err)
	}
	changed := spec
	changed.Data.Checksum = "0"
	if _, err := (&library{}).get(t.Context(), changed); err == nil || !strings.Contains(err.Error(),
		"has changed since the study was planned") {
		t.Errorf("other data: %v", err)
	}
}

// TestKeepsFiles: an answer names the files of its run by their SHA-256.
func TestKeepsFiles(t *testing.T) {
	spec, runs := small(t, 1), t.TempDir()
	w := newWorker(io.Discard, Places{Runs: runs})
	done := w.train(t.Context(), job.Training{Spec: spec, KeepWeights: true, KeepPredictions: 1 << 20})
	if done.Result == nil || done.Check(spec.Key) != nil || len(done.Files) != 2 {
		t.Fatalf("it ends with %+v", done)
	}
	for i, name := range []string{job.WeightsFile, predictions.FileName} {
		text, err := os.ReadFile(filepath.Join(runs, spec.Key, name))
		if err != nil || done.Files[i] != job.FileOf(name, text) {
			t.Errorf("it names %+v (%v)", done.Files[i], err)
		}
	}
	if done.Result.Predictions != done.Files[1].SHA256 {
		t.Errorf("the result has the predictions %s", done.Result.Predictions)
	}
}

// TestMeasures: a measurement is answered by what it was asked for, without a folder for runs, and
// the worker speaks meanwhile; one of a network that cannot be built says why, and the next is
// answered.
func TestMeasures(t *testing.T) {
	spec, odd := small(t, 1), small(t, 1)
	odd.Architecture.InChannels = 0
	odd, err := odd.WithKey()
	if err != nil {
		t.Fatal(err)
	}
	o := start(t, Places{})
	for o.next().Hello == nil {
	}
	impossible := job.Measurement{Spec: odd, Batch: 1}
	o.ask(job.Request{Measure: &impossible})
	if l := o.next().Measured; l == nil || l.Error == "" || l.Check(impossible) != nil {
		t.Errorf("a network without inputs: %+v", l)
	}
	for _, batch := range []int{1, 3} {
		m := job.Measurement{Spec: spec, Batch: batch}
		o.ask(job.Request{Measure: &m})
		var r job.Reply
		spoke := false
		for !r.Ends() {
			r = job.Reply{}
			if err := o.replies.Decode(&r); err != nil {
				t.Fatal(err)
			}
			spoke = spoke || r.Alive
		}
		if l := r.Measured; l == nil || l.Check(m) != nil || l.Repeats < 20 || l.Error != "" || !spoke {
			t.Errorf("a batch of %d: %+v, it spoke: %v", batch, l, spoke)
		}
	}
	o.requests.Close()
	if err := <-o.ended; err != nil {
		t.Error(err)
	}
}

// TestMeasuresNoLonger than somebody listens.
func TestMeasuresNoLonger(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	m := job.Measurement{Spec: small(t, 1), Batch: 1}
	l := newWorker(io.Discard, Places{}).measure(stopped, m)
	if !l.Interrupted || l.Check(m) != nil {
		t.Errorf("it ends with %+v", l)
	}
}

// TestRefuses: a worker ends at a request that is not for it.
func TestRefuses(t *testing.T) {
	spec := small(t, 1)
	for want, c := range map[string]struct {
		places Places
		change func(*job.Spec)
	}{
		"start it with --runs DIR":  {Places{}, func(*job.Spec) {}},
		"is no run of this program": {Places{Runs: t.TempDir()}, func(s *job.Spec) { s.Recipe.Epochs++ }},
	} {
		o := start(t, c.places)
		for o.next().Hello == nil {
		}
		changed := spec
		c.change(&changed)
		o.ask(job.Request{Train: &job.Training{Spec: changed}})
		if err := <-o.ended; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it ends with %v, want %q", err, want)
		}
	}
	o := start(t, Places{Runs: t.TempDir()})
	for o.next().Hello == nil {
	}
	o.ask(job.Request{})
	if err := <-o.ended; err == nil || !strings.Contains(err.Error(), "exactly one of them") {
		t.Errorf("it ends with %v, asked for nothing", err)
	}
}

// TestMissingFolder: a worker does not make the folder of a study again that has been moved away.
func TestMissingFolder(t *testing.T) {
	spec, gone := small(t, 1), filepath.Join(t.TempDir(), "gone")
	w := newWorker(io.Discard, Places{Runs: filepath.Join(gone, "runs")})
	done := w.train(t.Context(), job.Training{Spec: spec})
	if _, err := os.Stat(gone); done.Fault == nil || done.Error != "" ||
		!errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it ends with %+v (%v)", done, err)
	}
}

// TestWeightsOf: a file of weights says how strongly the run's phi has regularised.
func TestWeightsOf(t *testing.T) {
	arch, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	arch = arch.Scale(.1, .1, .2, model.Rounding{})
	params, err := nn.NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	r := job.Training{Spec: job.Spec{Architecture: arch, Recipe: recipe.Recipe{Dropout: .5,
		DropConnect: .3}}}
	text, err := weightsOf(r, train.Result{Weights: params})
	if err != nil {
		t.Fatal(err)
	}
	n, err := weights.Decode(text)
	if err != nil || n.Architecture.Dropout != .5 || n.Architecture.DropConnect != .3 {
		t.Errorf("dropout %v and drop_connect %v are read (%v), want 0.5 and 0.3",
			n.Architecture.Dropout, n.Architecture.DropConnect, err)
	}
}
