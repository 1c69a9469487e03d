package study

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
)

// TestStrengthsFollowTheTrial: a run has the dropout and the magnitude of its trial's phi, the base
// network those of phi 0.
func TestStrengthsFollowTheTrial(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	p, err := Prepare(t.Context(), Access{}, "../../cmd/gridsearch/testdata/small.toml", "train.recipe=efficientnet",
		"train.warmup_epochs=1", "search.method=compound", `search.phi=["2", "3.5"]`,
		"search.controls=[]", "constraint.0.tolerance=0.5",
		`data.augmentation={ policy = "randaugment", magnitude = { from = 10, to = 28, phi = 6 } }`)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := p.Specs(t.Context())
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

// TestTornStatus: a torn status file takes nothing from those who look at the record.
func TestTornStatus(t *testing.T) {
	folder := Folder(t.TempDir())
	if s := folder.LastStatus(); s.Remaining != nil || s.Total != 0 {
		t.Errorf("without a file: %+v", s)
	}
	if err := os.WriteFile(folder.Status(), []byte(`{"total": 3, "remain`), 0o644); err != nil {
		t.Fatal(err)
	}
	if s := folder.LastStatus(); s.Remaining != nil || s.Total != 0 {
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
		specs, err := p.Specs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range specs {
			list = append(list, s.Key)
		}
		return list
	}
	t.Chdir(start)
	p, err := Prepare(t.Context(), Access{}, "fold.toml")
	want := keys(p, err)
	folder := Folder(t.TempDir())
	if err := folder.WritePlan(p, nil); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if got := keys(Reopen(t.Context(), Access{}, folder)); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the runs are %v, want %v", got, want)
	}
	if _, err := Prepare(t.Context(), Access{}, filepath.Join(start, "fold.toml")); err == nil ||
		!strings.Contains(err.Error(), filepath.Join("img", "x")) {
		t.Errorf("a new study from here finds the data: %v", err)
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
	_, err := Prepare(t.Context(), Access{}, filepath.Join(folder, "one.toml"))
	var input *InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(),
		`one.toml:6:1: data set idx has the one class "0"`) {
		t.Errorf("got %v", err)
	}
}

// TestOtherPlan: a record of another plan says which of images, numbers and file differ.
func TestOtherPlan(t *testing.T) {
	data, file := idxFile(t)
	folder := Folder(t.TempDir())
	record, err := store.Open(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { record.Close() })
	register := func() error {
		t.Helper()
		p, err := Prepare(t.Context(), Access{}, file)
		if err != nil {
			t.Fatal(err)
		}
		specs, err := p.Specs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := folder.Register(record, p, specs); err != nil {
			return err
		}
		return folder.WritePlan(p, specs)
	}
	if err := register(); err != nil {
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
		{"", "", []string{"the images differ: SHA-256 ", ": bring the old files back, or say where they are with --data PATH\n"}},
		{`"numeric_version": 3`, `"numeric_version": 2`,
			[]string{"made by a program of numeric version 2, this one has 3", "the images differ"}},
		{`"data_checksum": "`, `"of an earlier version": "`,
			[]string{"so the images are not: bring the old files back, or say where they are with --data PATH"}},
	} {
		if err := os.WriteFile(folder.plan(), bytes.Replace(plan, []byte(c.old), []byte(c.new), 1),
			0o644); err != nil {
			t.Fatal(err)
		}
		var mismatch *stages.MismatchError
		err := register()
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
	record, err := store.Open(folder.Database())
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

// TestSettingsInWords: those of the command line are said as they are given, with none in words.
func TestSettingsInWords(t *testing.T) {
	for want, list := range map[string][]string{"none": nil, "--set a=1": {"a=1"},
		"--set a=1 --set b=2": {"a=1", "b=2"}} {
		if got := settings(list); got != want {
			t.Errorf("%q are said as %q, want %q", list, got, want)
		}
	}
}

// TestCauseOfAMistake: what a mistake in the input comes from can be asked for.
func TestCauseOfAMistake(t *testing.T) {
	full := &fs.PathError{Op: "open", Path: "p", Err: fs.ErrPermission}
	var found *fs.PathError
	if err := (&InputError{full}); !errors.Is(err, fs.ErrPermission) || !errors.As(err, &found) ||
		found != full {
		t.Errorf("%v has the cause %v", err, found)
	}
}
