package study

import (
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/job"
	"gridsearch/internal/predictions"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
)

// TestHolds: an answer may name the files of a run alone, as they are in its folder.
func TestHolds(t *testing.T) {
	folder := Folder(t.TempDir())
	if err := os.MkdirAll(folder.Run("key"), 0o755); err != nil {
		t.Fatal(err)
	}
	var list []job.File
	for _, name := range []string{job.CheckpointFile, job.WeightsFile, predictions.FileName,
		job.LogFile} {
		path := filepath.Join(folder.Run("key"), name)
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		list = append(list, job.FileOf(name, []byte(name)))
	}
	if err := errors.Join(folder.Holds("key", list[:3]), folder.Holds("key", nil)); err != nil {
		t.Errorf("the files of a run: %v", err)
	}
	for want, file := range map[string]job.File{
		"and a run has none of that name": list[3], // it is there, with this SHA-256
		"the file has ":                   job.FileOf(job.WeightsFile, []byte("another")),
	} {
		if err := folder.Holds("key", []job.File{list[0], file}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file.Name, err, want)
		}
	}
	if err := folder.Holds("other", list[:1]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestUnrecorded: what waits and has been finished is listed; what is on the record, and what has
// left nothing, is not.
func TestUnrecorded(t *testing.T) {
	folder := Folder(t.TempDir())
	var records []store.Record
	for _, state := range []store.State{store.Waiting, store.Complete, store.Failed, store.Dropped} {
		for _, left := range []string{"", job.WeightsFile} {
			r := store.Record{State: state}
			r.Key = string(state) + left
			records = append(records, r)
			err := os.MkdirAll(folder.Run(r.Key), 0o755)
			if left != "" {
				err = errors.Join(err, os.WriteFile(filepath.Join(folder.Run(r.Key), left), nil, 0o644))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{records[1].Key}
	if got := folder.Unrecorded(records); !slices.Equal(got, want) {
		t.Errorf("finished and waiting are %q, want %q", got, want)
	}
}

// written is a folder with the study of idxFile, and its runs.
func written(t *testing.T) (Folder, []job.Spec) {
	t.Helper()
	_, file := idxFile(t)
	p, err := Prepare(t.Context(), Access{}, file)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := p.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder := Folder(t.TempDir())
	record, err := store.Open(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(folder.Register(record, p, specs), folder.WritePlan(p, specs),
		record.Close()); err != nil {
		t.Fatal(err)
	}
	return folder, specs
}

// TestClasses: they are those of the data; where there is no study that is an error.
func TestClasses(t *testing.T) {
	folder, _ := written(t)
	if got, err := Classes(t.Context(), Access{}, folder); err != nil || !slices.Equal(got, []string{"0", "1"}) {
		t.Errorf("the classes are %q (%v)", got, err)
	}
	if got, err := Classes(t.Context(), Access{}, Folder(t.TempDir())); err == nil {
		t.Errorf("a folder without a study has the classes %q", got)
	}
}

// TestExamples: they are the validation images of these numbers, one by one, from the first to the
// last; the number of no image is a mistake.
func TestExamples(t *testing.T) {
	folder, _ := written(t)
	const validation = 4 // a fifth of 20
	list, err := Examples(t.Context(), Access{}, folder, []int{0, 2, validation - 1, 0})
	if err != nil || len(list) != 4 {
		t.Fatalf("%d images (%v)", len(list), err)
	}
	for i, one := range list {
		im, err := one.Square(16)
		if err != nil || one.Side != 32 || im.N != 1 || im.Size != 16 || int(im.Labels[0]) != one.Label {
			t.Errorf("example %d has a side of %d (%v)", i, one.Side, err)
		}
		if _, err := one.Square(33); err == nil {
			t.Errorf("example %d is enlarged", i)
		}
	}
	for _, n := range []int{-1, validation} {
		var input *InputError
		if _, err := Examples(t.Context(), Access{}, folder, []int{0, n}); !errors.As(err, &input) ||
			!strings.Contains(err.Error(), "has the validation images 0 to 3") {
			t.Errorf("image %d: %v", n, err)
		}
	}
}

// TestUnreadableRecord: a study whose record has been changed behind its back is not read.
func TestUnreadableRecord(t *testing.T) {
	folder, _ := written(t)
	begin(t, folder)
	db, err := sql.Open("sqlite", folder.Database())
	if err == nil {
		_, err = db.Exec("UPDATE executions SET outcome = 'failed'")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	var file *database.FileError
	if s, err := Load(folder); !errors.As(err, &file) || s != nil {
		t.Errorf("it is read as %+v (%v)", s, err)
	}
}

// TestGlanceAtRemaining: the time that was last estimated is shown while runs wait, and not once
// none does.
func TestGlanceAtRemaining(t *testing.T) {
	folder, specs := written(t)
	text, err := json.Marshal(Status{Remaining: &Estimate{Low: 1, Mid: 2, High: 3}})
	if err == nil {
		err = os.WriteFile(folder.Status(), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	o, err := Glance(folder)
	if err != nil || o.Waiting != len(specs) || o.Remaining == nil || o.Remaining.Mid != 2 {
		t.Errorf("while runs wait: %+v, %v (%v)", o, o.Remaining, err)
	}
	record, err := store.Open(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		err = errors.Join(err, record.Note(store.Execution{Key: s.Key, Error: "diverged",
			Outcome: store.OutcomeFailed}, true))
	}
	if err := errors.Join(err, record.Close()); err != nil {
		t.Fatal(err)
	}
	if o, err := Glance(folder); err != nil || o.Failed != len(specs) || o.Remaining != nil {
		t.Errorf("when none waits: %+v, %v (%v)", o, o.Remaining, err)
	}
}

// TestAhead: the higher mean is ahead, and of two with the same one the first by name, whichever
// comes first; a trial without a complete run is never.
func TestAhead(t *testing.T) {
	a, b, c := Tally{"a", 2, 1}, Tally{"b", 1, .5}, Tally{"c", 3, 2.25}
	for _, x := range []struct {
		tallies []Tally
		want    Best
	}{
		{[]Tally{a, b}, Best{"a", .5, 2}},
		{[]Tally{b, a}, Best{"a", .5, 2}},
		{[]Tally{b, c, a}, Best{"c", .75, 3}},
		{[]Tally{a, {Trial: "0"}}, Best{"a", .5, 2}},
	} {
		var best *Best
		for _, tally := range x.tallies {
			best = tally.Ahead(best)
		}
		if *best != x.want {
			t.Errorf("of %+v the best is %+v, want %+v", x.tallies, *best, x.want)
		}
	}
	if best := (Tally{Trial: "a"}).Ahead(nil); best != nil {
		t.Errorf("without a complete run the best is %+v", best)
	}
}

// TestNumbersOfAnEarlierPlan: what a plan does not say of its numbers, the first execution does.
func TestNumbersOfAnEarlierPlan(t *testing.T) {
	folder, specs := written(t)
	record, err := store.Open(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer record.Close()
	for i, want := range []int{0, 5, 5} {
		if got := (document{}).numbers(record); got != want {
			t.Errorf("after %d executions the version is %d, want %d", i, got, want)
		}
		if got := (document{NumericVersion: 2}).numbers(record); got != 2 {
			t.Errorf("the plan's version is %d", got)
		}
		if err := record.Note(store.Execution{Key: specs[0].Key, Outcome: store.OutcomeInterrupted,
			Environment: store.Environment{NumericVersion: 5 + i}}, false); err != nil {
			t.Fatal(err)
		}
	}
}
