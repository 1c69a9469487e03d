package study

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/environment"
	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/model"
	"gridsearch/model/nn"
	"gridsearch/model/recipe"
	"gridsearch/model/weights"
)

func spec(t testing.TB) job.Spec {
	t.Helper()
	a, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := job.Spec{Trial: "base", StudySeed: 1, Architecture: a, Recipe: recipe.DefaultRecipe(),
		Data: job.Data{Checksum: "ab", TrainExamples: 100}, Threads: 1}.WithKey()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStrengthsFollowTheTrial: a run has the dropout and the magnitude of its trial's phi, the base
// network those of phi 0.
func TestStrengthsFollowTheTrial(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	p, err := Prepare("../../cmd/gridsearch/testdata/small.toml", "train.recipe=efficientnet",
		"train.warmup_epochs=1", "search.method=compound", `search.phi=["2", "3.5"]`,
		"search.controls=[]", "constraint.0.tolerance=0.5",
		`data.augmentation={ policy = "randaugment", magnitude = { from = 10, to = 28, phi = 6 } }`)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := p.Specs()
	if err != nil {
		t.Fatal(err)
	}
	got := map[[2]float64]int{}
	for _, s := range specs {
		got[[2]float64{math.Round(s.Recipe.Dropout*1e4) / 1e4, s.Augmentation.Magnitude}]++
	}
	if want := (map[[2]float64]int{{.2, 10}: 2, {.2857, 16}: 2, {.35, 20.5}: 2}); !maps.Equal(got,
		want) {
		t.Errorf("dropout and magnitude of the runs are %v, want %v", got, want)
	}
}

// TestTracker follows a small study by a clock of its own.
func TestTracker(t *testing.T) {
	now := time.Unix(0, 0)
	at := func(seconds float64) time.Time { return now.Add(time.Duration(seconds * 1e9)) }
	one := spec(t)
	tr := newTracker(now, 2, 6)
	var specs []job.Spec
	for i := range 6 {
		s := one
		s.Key, s.Trial, s.SeedIndex = string(rune('a'+i)), []string{"x", "y", "z"}[i%3], i/3
		specs = append(specs, s)
		tr.wait(s)
	}
	if s := tr.status(now); s.Remaining != nil || s.Best != nil || s.Total != 6 {
		t.Errorf("before anything: %+v", s)
	}
	tr.start(specs[0], at(0))
	tr.start(specs[1], at(0))
	tr.running["a"].progress = job.Progress{Key: "a", Step: 50, Steps: 100}
	// Half of a run in 10 s: 20 s a run, 4 waiting and one and a half running on two workers.
	if r := tr.status(at(10)).Remaining; r == nil || math.Abs(r.Mid-(4*20+10+10)/2.) > 1e-6 ||
		r.Low > r.Mid || r.High < r.Mid {
		t.Errorf("after half a run: %+v", r)
	}
	if seconds := tr.finish(specs[0], .5, at(20)); seconds != 20 {
		t.Errorf("the run took %v s", seconds)
	}
	tr.fail(specs[1], at(25))
	tr.start(specs[2], at(25))
	tr.putBack(specs[2], at(26))
	s := tr.status(at(26))
	if s.Complete != 1 || s.Failed != 1 || len(s.Running) != 0 || s.Best.Trial != "x" ||
		s.Best.Top1 != .5 || math.Abs(s.Remaining.Mid-40) > 1e-6 {
		t.Errorf("%+v, %+v", s, s.Remaining)
	}
	tr.start(specs[3], at(26))
	tr.finish(specs[3], .7, at(56)) // trial x takes 25 s on average now
	tr.start(specs[4], at(56))
	if s := tr.status(at(56)); s.Best.Runs != 2 || math.Abs(s.Best.Top1-.6) > 1e-12 ||
		len(s.Running) != 1 {
		t.Errorf("%+v", s)
	}
}

// TestTornStatus: a torn status file takes nothing from those who look at the record.
func TestTornStatus(t *testing.T) {
	folder := Folder(t.TempDir())
	if s := lastStatus(folder); s.Remaining != nil || s.Total != 0 {
		t.Errorf("without a file: %+v", s)
	}
	if err := os.WriteFile(folder.status(), []byte(`{"total": 3, "remain`), 0o644); err != nil {
		t.Fatal(err)
	}
	if s := lastStatus(folder); s.Remaining != nil || s.Total != 0 {
		t.Errorf("with a torn one: %+v", s)
	}
}

// idxFile is an IDX data set with an experiment file.
func idxFile(t *testing.T) (data, file string) {
	t.Helper()
	data = t.TempDir()
	writeIDX(t, data)
	text := "schema_version = 1\n[model]\nbaseline = \"efficientnet-b0\"\nresolution = " +
		"32\n[search]\nmethod = \"single\"\ncontrols = []\nphi = \"0.1\"\n[data]\ndataset = " +
		"\"idx\"\nvalidation_fraction = 0.2\npath = \"" + filepath.ToSlash(data) +
		"\"\n[train]\nbatch_size = 8\n"
	file = filepath.Join(data, "idx.toml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return data, file
}

// writeIDX makes an IDX data set of 20 black images of two classes.
func writeIDX(t *testing.T, folder string) {
	t.Helper()
	const n, side = 20, 32
	images := append([]byte{0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, side, 0, 0, 0, side},
		make([]byte, n*side*side)...)
	labels := append([]byte{0, 0, 8, 1, 0, 0, 0, n}, bytes.Repeat([]byte{0, 1}, n/2)...)
	for name, content := range map[string][]byte{"train-images-idx3-ubyte": images,
		"t10k-images-idx3-ubyte":  images,
		"train-labels-idx1-ubyte": labels, "t10k-labels-idx1-ubyte": labels} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRelativeData: a study whose file names its data by a relative path goes on from another
// directory, with the same runs.
func TestRelativeData(t *testing.T) {
	start := t.TempDir()
	if err := os.MkdirAll(filepath.Join(start, "img", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeIDX(t, filepath.Join(start, "img", "x"))
	text := "schema_version = 1\n[model]\nbaseline = \"efficientnet-b0\"\nresolution = " +
		"32\n[search]\nmethod = \"single\"\ncontrols = []\nphi = \"0.1\"\n" +
		"[data]\ndataset = \"idx\"\nvalidation_fraction = 0.2\npath = " +
		"\"img/x\"\n[train]\nbatch_size = 8\n"
	if err := os.WriteFile(filepath.Join(start, "fold.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	keys := func(p *Prepared, err error) (list []string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		specs, err := p.Specs()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range specs {
			list = append(list, s.Key)
		}
		return list
	}
	t.Chdir(start)
	p, err := Prepare("fold.toml")
	want := keys(p, err)
	folder := Folder(t.TempDir())
	if err := folder.write(p, nil); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if got := keys(Reopen(folder)); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the runs are %v, want %v", got, want)
	}
	if _, err := Prepare(filepath.Join(start, "fold.toml")); err == nil ||
		!strings.Contains(err.Error(), filepath.Join("img", "x")) {
		t.Errorf("a new study from here finds the data: %v", err)
	}
}

// TestEvaluateRefuses what does not fit a study's data.
func TestEvaluateRefuses(t *testing.T) {
	_, file := idxFile(t)
	p, err := Prepare(file)
	if err != nil {
		t.Fatal(err)
	}
	folder := Folder(t.TempDir())
	if err := folder.write(p, nil); err != nil {
		t.Fatal(err)
	}
	small := p.Base.Scale(.1, .1, 1, model.Rounding{})
	for want, spoil := range map[string]func(*model.Architecture){
		"the network tells 3 classes apart on images of 1 channel, data set idx has 2 classes " +
			"and 1 channel": func(a *model.Architecture) { a.Classes = 3 },
		"the network tells 2 classes apart on images of 3 channels, data set idx has 2 classes " +
			"and 1 channel": func(a *model.Architecture) { a.InChannels = 3 },
		"the network takes images of 33 pixels, data set idx has 32: they are not enlarged": func(
			a *model.Architecture) {
			a.Pixels = 33
		},
	} {
		a := small
		spoil(&a)
		var input *InputError
		if _, err := Evaluate(folder, weights.Network{Architecture: a}); !errors.As(err, &input) ||
			err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	params, err := nn.NewParameters(small, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Evaluate(folder, weights.Network{Architecture: small,
		Parameters: params}); err != nil || r.Examples != 4 {
		t.Errorf("%d images are named (%v), want 4", r.Examples, err)
	}
}

// TestOneClass: data with nothing to tell apart are refused before they are trained on.
func TestOneClass(t *testing.T) {
	folder := t.TempDir()
	image := append([]byte{0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 64, 0, 0, 0, 64}, make([]byte, 9*64*64)...)
	labels := append([]byte{0, 0, 8, 1, 0, 0, 0, 9}, make([]byte, 9)...)
	text := "schema_version = 1\n[model]\nbaseline = \"efficientnet-b0\"\nresolution = " +
		"32\n[data]\ndataset = \"idx\"\nvalidation_fraction = 0.2\npath = \"" +
		filepath.ToSlash(folder) + "\"\n"
	for name, content := range map[string][]byte{"train-images-idx3-ubyte": image,
		"t10k-images-idx3-ubyte":  image,
		"train-labels-idx1-ubyte": labels, "t10k-labels-idx1-ubyte": labels, "one.toml": []byte(text)} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Prepare(filepath.Join(folder, "one.toml"))
	var input *InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(),
		`one.toml:6:1: data set idx has the one class "0"`) {
		t.Errorf("got %v", err)
	}
}

// TestLatencies: every trial is measured once, for one image and for a batch; a stopped study has
// measured nothing and says so; another machine's times are replaced.
func TestLatencies(t *testing.T) {
	record, err := store.Open(filepath.Join(t.TempDir(), "study.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer record.Close()
	one := spec(t)
	one.Architecture = one.Architecture.Scale(.1, .1, .1, model.Rounding{})
	two := one
	two.SeedIndex, two.Key = 1, "another run of the trial"
	var told []Event
	folder := Folder(t.TempDir())
	s := &supervisor{folder: folder, board: board{path: folder.status()}, record: record,
		execution: experiments.Execution{LatencyBatch: 3}, tracker: newTracker(time.Now(), 1, 0),
		options: Options{Observe: func(e Event) { told = append(told, e) }}}
	t.Cleanup(s.board.flush)
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	var interrupted *InterruptedError
	if err := s.latencies(stopped, []job.Spec{one}); !errors.As(err, &interrupted) ||
		interrupted.Cause.Error() != "enough" {
		t.Errorf("a stopped study: %v", err)
	}
	for range 2 {
		if err := s.latencies(t.Context(), []job.Spec{one, two}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := record.Latencies()
	if err != nil || len(list) != 2 || list[0].Batch != 1 || list[1].Batch != 3 ||
		list[0].Repeats < 20 || list[0].KernelSet != environment.KernelSet() || len(told) != 2 ||
		told[1].Batch != 3 {
		t.Fatalf("%+v (%v), told %+v", list, err, told)
	}
	other := list[0]
	other.CPU, other.Shortest = "another", 5
	if err := record.SetLatency(other); err != nil {
		t.Fatal(err)
	}
	if err := s.latencies(t.Context(), []job.Spec{one}); err != nil {
		t.Fatal(err)
	}
	if list, err := record.Latencies(); err != nil || list[0].CPU == "another" || len(told) != 3 {
		t.Errorf("after another machine: %+v (%v)", list, err)
	}
}

// TestOtherPlan: a record of another plan says which of images, numbers and file differ.
func TestOtherPlan(t *testing.T) {
	data, file := idxFile(t)
	folder := Folder(t.TempDir())
	stopped, stop := context.WithCancel(t.Context())
	stop()
	run := func() error {
		t.Helper()
		p, err := Prepare(file)
		if err != nil {
			t.Fatal(err)
		}
		return Run(stopped, folder, p, Options{Command: []string{"none"}})
	}
	var interrupted *InterruptedError
	if err := run(); !errors.As(err, &interrupted) {
		t.Fatal(err)
	}
	begin(t, folder)
	images := filepath.Join(data, "train-images-idx3-ubyte")
	content, err := os.ReadFile(images)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1]++
	if err := os.WriteFile(images, content, 0o644); err != nil {
		t.Fatal(err)
	}
	plan, err := os.ReadFile(folder.plan())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		old, new string
		want     []string
	}{
		{"", "", []string{"the images differ: SHA-256 ", ": bring the old files back\n"}},
		{`"numeric_version": 3`, `"numeric_version": 2`,
			[]string{"made by a program of numeric version 2, this one has 3", "the images differ"}},
		{`"data_checksum": "`, `"of an earlier version": "`,
			[]string{"so the images are not: bring the old files back"}},
	} {
		if err := os.WriteFile(folder.plan(), bytes.Replace(plan, []byte(c.old), []byte(c.new), 1),
			0o644); err != nil {
			t.Fatal(err)
		}
		var mismatch *store.MismatchError
		err := run()
		if !errors.As(err, &mismatch) {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("with %q: %v\nwant %q", c.new, err, want)
			}
		}
	}
}

// begin notes on the record of a study that its first run has been begun.
func begin(t *testing.T, folder Folder) {
	t.Helper()
	record, err := store.Open(folder.database())
	if err != nil {
		t.Fatal(err)
	}
	defer record.Close()
	list, err := record.Records()
	if err != nil {
		t.Fatal(err)
	}
	if err := record.Note(store.Execution{Key: list[0].Key, Outcome: store.OutcomeInterrupted},
		false); err != nil {
		t.Fatal(err)
	}
}
