package recall

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gridsearch/experiments"
	"gridsearch/internal/job"
	"gridsearch/internal/predictions"
	"gridsearch/internal/safetensors"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/internal/worker"
	"gridsearch/model/weights"
)

// trained is a study of which a worker has trained the first two runs, with weights and
// predictions.
func trained(t *testing.T) (*study.Study, []job.Spec) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	p, err := study.Prepare(t.Context(), study.Access{}, "../../cmd/gridsearch/testdata/small.toml", "train.epochs=1")
	if err != nil {
		t.Fatal(err)
	}
	specs, err := p.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &study.Study{Folder: study.Folder(t.TempDir()), Experiment: p.Experiment}
	if err := s.Folder.WritePlan(p, specs); err != nil {
		t.Fatal(err)
	}
	for _, spec := range specs[:2] {
		done := retrain(t, s.Folder, spec, experiments.PredictionBytes)
		s.Records = append(s.Records, store.Record{State: store.Complete,
			Result: (*store.Result)(done.Result),
			Run:    stages.Run{Key: spec.Key, Trial: spec.Trial, Seed: spec.SeedIndex}})
	}
	waiting := stages.Run{Key: specs[2].Key, Trial: specs[2].Trial, Seed: specs[2].SeedIndex}
	s.Records = append(s.Records, store.Record{State: store.Waiting, Run: waiting})
	return s, specs
}

// retrain trains a run as a worker does.
func retrain(t *testing.T, folder study.Folder, spec job.Spec, bytes int) job.Outcome {
	t.Helper()
	if err := folder.MakeRuns(); err != nil {
		t.Fatal(err)
	}
	in, requests := io.Pipe()
	replies, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- worker.Work(t.Context(), in, out, worker.Places{Runs: folder.Path("runs")})
		out.Close()
	}()
	decoder, done := json.NewDecoder(replies), (*job.Outcome)(nil)
	for done == nil {
		var r job.Reply
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err, <-ended)
		}
		if done = r.Done; r.Hello != nil {
			request := job.Request{Train: &job.Training{Spec: spec, KeepWeights: true,
				KeepPredictions: bytes}}
			if err := json.NewEncoder(requests).Encode(request); err != nil {
				t.Fatal(err)
			}
		}
	}
	requests.Close()
	if err := errors.Join(<-ended, done.Check(spec.Key),
		folder.Holds(spec.Key, done.Files)); err != nil {
		t.Fatal(err)
	}
	if done.Result == nil {
		t.Fatalf("run %s ends with %+v", spec.Key, done)
	}
	return *done
}

// visited collects what Each shows.
func visited(s *study.Study) (list []predictions.File, notes []string, err error) {
	err = Each(s, func(text string) { notes = append(notes, text) },
		func(p predictions.File) error { list = append(list, p); return nil })
	return list, notes, err
}

// TestPredictionsAreTheResult: top-1, top-5 and loss of the file are those of the record to the
// last bit, the record has the file's hash and bits, and the file says what it is of.
func TestPredictionsAreTheResult(t *testing.T) {
	s, specs := trained(t)
	list, notes, err := visited(s)
	if err != nil || len(list) != 2 || notes != nil {
		t.Fatalf("%d of 2 predictions, %v (%v)", len(list), notes, err)
	}
	for i, p := range list {
		r, text := s.Records[i].Result, read(t, s.Folder.Predictions(specs[i].Key))
		if p.TopK(1) != r.Top1 || p.TopK(5) != r.Top5 || p.LogLoss() != r.Loss {
			t.Errorf("the file gives %v, %v and %v, the record has %v, %v and %v", p.TopK(1),
				p.TopK(5), p.LogLoss(), r.Top1, r.Top5, r.Loss)
		}
		if r.Predictions != predictions.Checksum(text) || len(r.Predictions) != 64 {
			t.Errorf("the record has the hash %q", r.Predictions)
		}
		for n, correct := range p.Correct() {
			if correct != (r.Correct[n/8]>>(n%8)&1 == 1) {
				t.Errorf("image %d of the file is not that of the record", n)
			}
		}
		spec := specs[i]
		if p.Key != spec.Key || p.Trial != spec.Trial || p.Seed != spec.SeedIndex || p.N() != 120 ||
			len(p.Names) != p.Classes || p.Classes != spec.Architecture.Classes {
			t.Errorf("the file says %s, %s, %d, %d images, %d classes called %v", p.Key, p.Trial,
				p.Seed, p.N(), p.Classes, p.Names)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPredictionsAgain: another execution writes the same bytes, a bound on the size leaves the
// file out and nothing else of the result, and the folder has no other files.
func TestPredictionsAgain(t *testing.T) {
	s, specs := trained(t)
	first := read(t, s.Folder.Predictions(specs[0].Key))
	elsewhere := study.Folder(t.TempDir())
	size := predictions.Bytes(120, specs[0].Architecture.Classes)
	again := retrain(t, elsewhere, specs[0], size)
	if !bytes.Equal(first, read(t, elsewhere.Predictions(specs[0].Key))) {
		t.Error("a second execution gives other bytes")
	}
	if !reflect.DeepEqual(store.Result(*again.Result), *s.Records[0].Result) {
		t.Errorf("a second execution gives %+v", again.Result)
	}
	files, err := filepath.Glob(filepath.Join(elsewhere.Run(specs[0].Key), "*"))
	if err != nil || len(files) != 3 { // log.txt, predictions, weights
		t.Errorf("the run leaves %v", files)
	}
	small := study.Folder(t.TempDir())
	without := retrain(t, small, specs[0], size-1)
	if _, err := os.Stat(small.Predictions(specs[0].Key)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("predictions above the bound: %v", err)
	}
	want := *s.Records[0].Result
	want.Predictions = ""
	if !reflect.DeepEqual(store.Result(*without.Result), want) {
		t.Errorf("without predictions the result is %+v, want %+v", *without.Result, want)
	}
}

// TestPredictionsFromWeights: runs whose file is not there are evaluated again, with the same
// bytes, which are written where the study keeps predictions.
func TestPredictionsFromWeights(t *testing.T) {
	s, specs := trained(t)
	path := s.Folder.Predictions(specs[1].Key)
	text := read(t, path)
	for _, c := range []struct {
		keep     int
		recorded string
		written  bool
	}{
		{0, predictions.Checksum(text), false},
		{math.MaxInt, strings.Repeat("0", 64), false}, // those of another machine
		{math.MaxInt, "", true},                       // of an earlier version
		{math.MaxInt, predictions.Checksum(text), true},
	} {
		s.Experiment.Execution.KeepPredictions = c.keep
		s.Records[1].Result.Predictions = c.recorded
		_ = os.Remove(path)
		list, notes, err := visited(s)
		if err != nil || len(list) != 2 || len(notes) != 1 ||
			list[1].LogLoss() != s.Records[1].Result.Loss || list[1].Key != specs[1].Key {
			t.Fatalf("%+v: %d predictions, notes %v (%v)", c, len(list), notes, err)
		}
		now, err := os.ReadFile(path)
		if written := err == nil; written != c.written || written && !bytes.Equal(now, text) {
			t.Errorf("%+v: a file of %d bytes (%v)", c, len(now), err)
		}
	}
	if _, notes, err := visited(s); err != nil || notes != nil {
		t.Errorf("the file that was written is not used: %v (%v)", notes, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := Each(s, nil, func(predictions.File) error { return nil }); err != nil {
		t.Errorf("nobody is told: %v", err)
	}
}

// spoil gives a predictions file with something else in it.
func spoil(t *testing.T, text []byte, change func(*safetensors.File)) []byte {
	t.Helper()
	file, err := safetensors.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	change(file)
	spoilt, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return spoilt
}

// relabelled are the labels with one changed, so that loss and top-1 hardly move: an image that is
// wrong gets the class whose logit is nearest to its label's, and is wrong still.
func relabelled(p predictions.File) []int32 {
	correct, least, image, class := p.Correct(), math.Inf(1), 0, 0
	for i, label := range p.Labels {
		row := p.Logits[i*p.Classes:][:p.Classes]
		for c, v := range row {
			gap := math.Abs(float64(v - row[label]))
			if !correct[i] && c != int(label) && v < slices.Max(row) && gap < least {
				least, image, class = gap, i, c
			}
		}
	}
	labels := slices.Clone(p.Labels)
	labels[image] = int32(class)
	return labels
}

// TestBadPredictions: what is wrong with a file is said with its name and what to do, and the file
// stays as it is. The record is without hashes here but in the first case, so that content counts.
func TestBadPredictions(t *testing.T) {
	s, specs := trained(t)
	path := s.Folder.Predictions(specs[1].Key)
	good := read(t, path)
	replace := func(name string, tensor safetensors.Tensor) []byte {
		return spoil(t, good, func(f *safetensors.File) {
			for i := range f.Tensors {
				if f.Tensors[i].Name == name {
					f.Tensors[i] = tensor
				}
			}
		})
	}
	p, err := predictions.Decode(good)
	if err != nil {
		t.Fatal(err)
	}
	metadata := func(old, new string) []byte {
		return spoil(t, good, func(f *safetensors.File) {
			f.Metadata["gridsearch"] = strings.Replace(f.Metadata["gridsearch"], old, new, 1)
		})
	}
	other := relabelled(p)
	n, shape := p.N(), []int{p.N(), p.Classes}
	zeros := make([]float32, n*p.Classes)
	floats := func(rows int, values []float32) safetensors.Tensor {
		return safetensors.Float32s("logits", []int{rows, p.Classes}, values)
	}
	integers := safetensors.Int32s("logits", shape, make([]int32, len(zeros)))
	long := safetensors.Tensor{Name: "labels", Type: "I64", Shape: shape[:1],
		Data: make([]byte, 8*n)}
	unnamed := safetensors.Int32s("label", shape[:1], other)
	nan := append([]float32{float32(math.NaN())}, zeros[1:]...)
	flipped := append([]byte{}, good...)
	flipped[len(flipped)-1] ^= 1
	cases := []struct {
		want string
		text []byte
	}{
		{"the file is damaged: its SHA-256 is ", flipped},
		{"too few for the length of its header", good[:5]},
		{"shapes [119 ", replace("logits", floats(n-1, zeros[p.Classes:]))},
		{`it has no tensor "labels"`, replace("labels", unnamed)},
		{"its dtype is I64, not I32", replace("labels", long)},
		{"not one of F16", replace("logits", integers)},
		{"image 0 has the logit NaN", replace("logits", floats(n, nan))},
		{"they give top-1 ", replace("logits", floats(n, zeros))},
		{"are of other images", replace("labels", safetensors.Int32s("labels", shape[:1], other))},
		{"the file is of run 0123, not of ", metadata(specs[1].Key, "0123")},
		{"have version 7, this program knows 1", metadata(`_version":1`, `_version":7`)},
		{`unknown field "sed"`, metadata(`"seed"`, `"sed"`)},
		{"the metadata name ", metadata(`"classes":[`, `"classes":["x",`)},
		{"it is no predictions file", spoil(t, good, func(f *safetensors.File) {
			f.Metadata = nil
		})},
	}
	for i, c := range cases {
		if i > 0 {
			s.Records[0].Result.Predictions, s.Records[1].Result.Predictions = "", ""
		}
		if err := os.WriteFile(path, c.text, 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := visited(s)
		var input *study.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), path) ||
			!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "move") {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if !bytes.Equal(read(t, path), c.text) {
			t.Errorf("%s: the file has changed", c.want)
		}
	}
}

// TestNoPredictions: a run with neither predictions nor weights is named; weights of another run
// are found out.
func TestNoPredictions(t *testing.T) {
	s, specs := trained(t)
	path, weights := s.Folder.Predictions(specs[1].Key), s.Folder.Weights(specs[1].Key)
	var input *study.InputError
	complain := func(want string) {
		t.Helper()
		_, _, err := visited(s)
		if !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	loss := s.Records[1].Result.Loss
	s.Records[1].Result.Loss = 2*loss + 1
	complain("the predictions of " + weights + " do not fit the record")
	s.Records[1].Result.Loss = loss
	if err := os.WriteFile(weights, []byte("none"), 0o644); err != nil {
		t.Fatal(err)
	}
	complain(weights + ": not a safetensors file")
	if err := os.Remove(weights); err != nil {
		t.Fatal(err)
	}
	complain("run " + specs[1].Key + " (" + specs[1].Trial + " seed=0) has no predictions: " + path)
	if err := os.WriteFile(path, []byte("nothing"), 0o644); err != nil {
		t.Fatal(err)
	}
	complain("train the run again in a study under another --dir")
}

// TestVisitorEnds: an error of the visitor ends the visit and comes out as it is.
func TestVisitorEnds(t *testing.T) {
	s, _ := trained(t)
	enough, visits := errors.New("enough"), 0
	err := Each(s, nil, func(predictions.File) error { visits++; return enough })
	if err != enough || visits != 1 {
		t.Errorf("%v after %d visits", err, visits)
	}
}

// TestEvaluateNotFinite: a network of finite numbers that overflows is the input's fault, and gives
// no NaN for a loss.
func TestEvaluateNotFinite(t *testing.T) {
	s, specs := trained(t)
	n, err := weights.Decode(read(t, s.Folder.Weights(specs[0].Key)))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range n.Parameters.List {
		for i := range q.Value {
			q.Value[i] = 1e30
		}
	}
	_, err = Evaluate(t.Context(), study.Access{}, s.Folder, n)
	var input *study.InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(), "for validation image 0") {
		t.Errorf("got %v", err)
	}
}
