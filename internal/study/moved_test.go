package study

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/dataset"
	"gridsearch/internal/job"
)

// copied is another folder with the files of one.
func copied(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(filepath.Join(to, "data"), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(to, "data")
}

// spoil changes a plan on disk.
func spoil(t *testing.T, folder Folder, change func(*document)) {
	t.Helper()
	plan, err := folder.readPlan()
	if err != nil {
		t.Fatal(err)
	}
	change(&plan)
	text, err := json.Marshal(plan)
	if err == nil {
		err = os.WriteFile(folder.plan(), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMoved: a study whose data are elsewhere goes on there, and remembers it; other images are
// refused, also by a study that has begun nothing.
func TestMoved(t *testing.T) {
	folder, _ := written(t)
	plan, err := folder.readPlan()
	if err != nil {
		t.Fatal(err)
	}
	moved := copied(t, plan.DataPath)
	if err := os.RemoveAll(plan.DataPath); err != nil {
		t.Fatal(err)
	}
	var input *InputError
	if _, err := Reopen(t.Context(), Access{}, folder); !errors.As(err, &input) ||
		!strings.Contains(err.Error(), "say where the data are now with --data PATH; gridsearch run "+
			string(folder)) {
		t.Errorf("data that have gone: %v", err)
	}
	if _, err := Prepare(t.Context(), Access{}, folder.experiment()); err == nil ||
		!strings.Contains(err.Error(), "set [data] path to where the data are, or say it with --data") {
		t.Errorf("data of a new study that are not there: %v", err)
	}
	reopen := func(a Access) (note string, err error) {
		p, err := Reopen(t.Context(), a, folder)
		if err != nil {
			t.Fatal(err)
		}
		specs, err := p.Specs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if note, err = folder.Moved(p, specs); err == nil {
			err = folder.WritePlan(p, specs)
		}
		return note, err
	}
	want := "the data are now in " + moved + ": the images are the same (SHA-256 " +
		plan.DataChecksum[:12] + ")"
	if note, err := reopen(Access{Path: moved}); err != nil || note != want {
		t.Errorf("%q (%v), want %q", note, err, want)
	}
	for _, a := range []Access{{}, {Path: moved}} {
		if note, err := reopen(a); err != nil || note != "" {
			t.Errorf("when it is known where they are: %q (%v)", note, err)
		}
	}

	path := filepath.Join(moved, "train-images-idx3-ubyte")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[99]++
	other := copied(t, moved)
	if err := os.WriteFile(filepath.Join(other, filepath.Base(path)), text, 0o644); err != nil {
		t.Fatal(err)
	}
	var images *OtherImagesError
	if _, err := reopen(Access{Path: other}); !errors.As(err, &images) || images.Path != other ||
		images.Planned != plan.DataChecksum {
		t.Errorf("other images: %v", err)
	}
	if _, _, err := folder.Data(t.Context(), Access{Path: other}); !errors.As(err, &images) ||
		!errors.As(err, &input) {
		t.Errorf("other images to look at: %v", err)
	}
	var notes []string
	a := Access{Path: moved, Note: func(note string) { notes = append(notes, note) }}
	if _, _, err := folder.Data(t.Context(), a); err != nil || len(notes) != 1 ||
		!strings.Contains(notes[0], "the images are the same") {
		t.Errorf("the same images to look at: %q (%v)", notes, err)
	}
	// a plan of an earlier version cannot tell
	spoil(t, folder, func(d *document) { d.DataChecksum = "" })
	notes, a.Path = nil, other
	if _, _, err := folder.Data(t.Context(), a); err != nil || len(notes) != 1 ||
		!strings.Contains(notes[0], "is not known") {
		t.Errorf("without a checksum: %q (%v)", notes, err)
	}
}

// photographs is a folder of photographs with a file of an experiment on two sizes.
func photographs(t *testing.T) (data, file string) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	data = filepath.Join(t.TempDir(), "data")
	for i := range 12 {
		im := image.NewGray(image.Rect(0, 0, 32, 32))
		for p := range im.Pix {
			im.Pix[p] = uint8(p * (i + 3))
		}
		var text bytes.Buffer
		folder := filepath.Join(data, []string{"cat", "dog"}[i%2])
		if err := errors.Join(png.Encode(&text, im), os.MkdirAll(folder, 0o755), os.WriteFile(
			filepath.Join(folder, string(rune('a'+i))+".png"), text.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	text := "schema_version = 1\n[model]\nbaseline = \"efficientnet-b0\"\nresolution = 20\n[search]\n" +
		"method = \"compound\"\ncontrols = []\nphi = [\"1\"]\ncoefficients = [\"1\", \"1\", \"1.4\"]\n" +
		"[data]\ndataset = \"image-folder\"\nvalidation_fraction = 0.34\npath = \"" +
		filepath.ToSlash(data) + "\"\n[train]\nbatch_size = 4\n"
	file = filepath.Join(t.TempDir(), "photos.toml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return data, file
}

// TestMovedPhotographs: photographs have a checksum at each size; a study's is that of its first
// run's, whatever networks are looked at, and files that differ are named.
func TestMovedPhotographs(t *testing.T) {
	data, file := photographs(t)
	p, err := Prepare(t.Context(), Access{}, file)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := p.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]bool{}
	for _, s := range specs {
		sums[s.Data.Checksum] = true
	}
	if len(sums) != 2 {
		t.Fatalf("%d checksums of two sizes", len(sums))
	}
	folder := Folder(t.TempDir())
	if err := folder.WritePlan(p, specs); err != nil {
		t.Fatal(err)
	}
	moved := copied(t, data)
	for _, sizes := range [][]int{nil, {20}, {28}, {9, 99}} {
		if _, _, err := folder.Data(t.Context(), Access{Path: moved}, sizes...); err != nil {
			t.Errorf("for networks of %d pixels: %v", sizes, err)
		}
	}
	if err := errors.Join(os.Remove(filepath.Join(moved, "cat", "a.png")), os.Rename(filepath.Join(
		moved, "cat", "c.png"), filepath.Join(moved, "cat", "e.png"))); err != nil {
		t.Fatal(err)
	}
	const want = "; 1 changed (cat/e.png); 2 removed (cat/a.png, cat/c.png)"
	var images *OtherImagesError
	if _, _, err := folder.Data(t.Context(), Access{Path: moved}); !errors.As(err, &images) ||
		images.Files != want {
		t.Errorf("other photographs: %v, want %s", err, want)
	}
	// a plan whose first run is of no trial cannot tell
	spoil(t, folder, func(d *document) { d.Stages[0].Runs[0].Trial = "?" })
	if _, _, err := folder.Data(t.Context(), Access{Path: moved}); err != nil {
		t.Errorf("without a size: %v", err)
	}
}

// TestNoData: what is drawn by the program has no place.
func TestNoData(t *testing.T) {
	var input *InputError
	if _, err := Prepare(t.Context(), Access{Path: "x"}, "../../cmd/gridsearch/testdata/small.toml"); !errors.
		As(err, &input) || !strings.Contains(err.Error(), "has no data of its own on disk") {
		t.Errorf("got %v", err)
	}
}

// TestExamplesOfPhotographs: a photograph comes to a size straight from its file, as training reads
// it.
func TestExamplesOfPhotographs(t *testing.T) {
	data, file := photographs(t)
	p, err := Prepare(t.Context(), Access{}, file)
	if err != nil {
		t.Fatal(err)
	}
	folder := Folder(t.TempDir())
	if err := folder.WritePlan(p, nil); err != nil {
		t.Fatal(err)
	}
	list, err := Examples(t.Context(), Access{}, folder, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	_, validation, _, err := dataset.Choose(p.source, .34, 0, p.Experiment.Study.Seed)
	if err != nil {
		t.Fatal(err)
	}
	photos := p.source.(*dataset.Photographs)
	if err := photos.Prepare(t.Context(), dataset.Train, []int{20}); err != nil {
		t.Fatal(err)
	}
	packed, err := photos.At(dataset.Train, validation, 20)
	if err != nil {
		t.Fatal(err)
	}
	want, err := packed.Image(0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := list[0].Square(20); err != nil || !bytes.Equal(got.Pixels, want) {
		t.Errorf("an example of %s is not what is trained on (%v)", data, err)
	}
}

// TestClassesInUTF8: the plan and the record of a study are in UTF-8, so its classes must be.
func TestClassesInUTF8(t *testing.T) {
	data, file := photographs(t)
	if err := os.Rename(filepath.Join(data, "dog"), filepath.Join(data, "d\xff")); err != nil {
		t.Skip(err) // not every file system has such names
	}
	var input *InputError
	if _, err := Prepare(t.Context(), Access{}, file); !errors.As(err, &input) ||
		!strings.Contains(err.Error(), `the name of class "d\xff" is no UTF-8: rename its folder`) {
		t.Errorf("got %v", err)
	}
}

// TestRemarks: what was left out is a note, and no warning.
func TestRemarks(t *testing.T) {
	data, file := photographs(t)
	if err := os.WriteFile(filepath.Join(data, "LICENSE"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(t.Context(), Access{}, file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Remarks(t.Context())
	if err != nil || len(r.Warnings) != 1 || len(r.Notes) != 1 {
		t.Fatalf("%q (%v)", r, err)
	}
	lines := r.Lines()
	if !strings.HasPrefix(lines[0], "warning: these classes have fewer than 5 validation images: ") ||
		lines[1] != "note: 1 left out, no image by its name: LICENSE" {
		t.Errorf("%q", lines)
	}
}

// TestUnkept: where decoded images cannot be kept, it is a warning, with the folder's name.
func TestUnkept(t *testing.T) {
	data, file := photographs(t)
	cache := filepath.Join(data, "LICENSE")
	if err := os.WriteFile(cache, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, cache)
	}
	p, err := Prepare(t.Context(), Access{}, file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Remarks(t.Context())
	if err != nil || len(r.Warnings) != 2 || !strings.Contains(r.Warnings[1], "cannot be kept") ||
		!strings.Contains(r.Warnings[1], cache) {
		t.Errorf("%q (%v)", r, err)
	}
}

// TestClassOfCopies: a class that is left without images is said with what was left out.
func TestClassOfCopies(t *testing.T) {
	data, file := photographs(t)
	text, err := os.ReadFile(filepath.Join(data, "cat", "a.png"))
	for _, name := range "bdfhjl" {
		err = errors.Join(err, os.WriteFile(filepath.Join(data, "dog", string(name)+".png"), text, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = Prepare(t.Context(), Access{}, file, "data.deduplicate=true", "train.batch_size=2")
	const want = "the class has no training image: dog\n6 left out, copies of images that are used: dog/b.png, "
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// TestDifferencesOfPhotographs: another plan whose networks see the same photographs at other sizes
// is not told that the images differ; a changed file is named.
func TestDifferencesOfPhotographs(t *testing.T) {
	data, file := photographs(t)
	planned := func(settings ...string) (*Prepared, []job.Spec) {
		t.Helper()
		p, err := Prepare(t.Context(), Access{}, file, settings...)
		if err != nil {
			t.Fatal(err)
		}
		specs, err := p.Specs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p, specs
	}
	const smaller = `search.coefficients=["1", "1", "1.2"]`
	folder := Folder(t.TempDir())
	if err := folder.WritePlan(planned()); err != nil {
		t.Fatal(err)
	}
	p, specs := planned(smaller)
	text := strings.Join(differences(folder, nil, p, specs), "\n")
	if strings.Contains(text, "images differ") ||
		!strings.Contains(text, "the settings differ") {
		t.Errorf("other sizes are told as %s", text)
	}
	changed := filepath.Join(data, "cat", "a.png")
	other, err := os.ReadFile(filepath.Join(data, "cat", "c.png"))
	if err := errors.Join(err, os.WriteFile(changed, other, 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, settings := range [][]string{nil, {smaller}} {
		p, specs := planned(settings...)
		text := strings.Join(differences(folder, nil, p, specs), "\n")
		if !strings.Contains(text, "the images differ") || !strings.Contains(text, "1 changed (cat/a.png)") {
			t.Errorf("with %v a changed file is told as %s", settings, text)
		}
	}
}
