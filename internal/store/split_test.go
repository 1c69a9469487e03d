package store

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func withKey(e Execution, key string) Execution {
	e.Key = key
	return e
}

// TestDroppedStaysDropped: what a worker still says of a dropped run changes no result, so that
// results do not hang on who was faster.
func TestDroppedStaysDropped(t *testing.T) {
	s, _ := open(t, 2)
	key := plan(2)[0].Key
	if err := s.Decide("late", digest(""), []byte("0"), nil, []string{key}); err != nil {
		t.Fatal(err)
	}
	crash := execution(0)
	crash.Outcome, crash.Error = OutcomeFailed, "late"
	for _, err := range []error{s.Complete(result(0), execution(0)), s.Note(crash, true),
		s.GiveUp(key, "late")} {
		if err != nil {
			t.Error(err)
		}
	}
	if n, err := s.Retry(); n != 0 || err != nil {
		t.Errorf("%d runs are to be trained again (%v)", n, err)
	}
	if r := records(t, s)[0]; r.State != Dropped || r.Result != nil || r.Attempts != 1 {
		t.Errorf("the dropped run is %+v", r)
	}
	wantRows(t, s, "SELECT state, top1, error FROM run_results", "dropped <nil> <nil>",
		"waiting <nil> <nil>")
}

// TestSplits: a complete run has a result for each split, once; the views go by validation.
func TestSplits(t *testing.T) {
	s, path := open(t, 2)
	key := plan(2)[0].Key
	tested := result(3)
	tested.Curve = nil
	if err := s.Test(key, tested); err == nil || !strings.Contains(err.Error(), "is not complete") {
		t.Errorf("a run without a result is tested: %v", err)
	}
	if err := s.Complete(result(0), execution(0)); err != nil {
		t.Fatal(err)
	}
	wrong := tested
	wrong.Top1 = .9
	if err := s.Test(key, wrong); err == nil || !strings.Contains(err.Error(), "has top-1 0.9") {
		t.Errorf("a result that contradicts itself: %v", err)
	}
	for range 2 {
		if err := s.Test(key, tested); err != nil {
			t.Error(err)
		}
	}
	other := result(4)
	if err := s.Test(key, other); err == nil || !strings.Contains(err.Error(), "keeps the first") {
		t.Errorf("another result: %v", err)
	}
	if err := s.Complete(result(0), execution(0)); err != nil {
		t.Errorf("the run once more: %v", err)
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	r := records(t, reader)[0]
	if want := result(0); !reflect.DeepEqual(*r.Result, want) || !reflect.DeepEqual(*r.Test, tested) {
		t.Errorf("the record has %+v and %+v", *r.Result, *r.Test)
	}
	wantRows(t, s, "SELECT state, round(top1, 3) FROM run_results", "complete 0.111",
		"waiting <nil>")
	wantRows(t, s, "SELECT count(*) FROM curves", "1")
	wantRows(t, s, "SELECT runs FROM trial_means", "1")
	if _, err := s.file.DB.Exec("INSERT INTO results (key, split, top1, top5, loss, examples, " +
		"correct, curve, steps) SELECT key, 'train', top1, top5, loss, examples, correct, curve, " +
		"steps FROM results"); err == nil {
		t.Error("there is a third split")
	}
}

// TestViewsOfStages: means are the search's alone, rows say of which stage they are.
func TestViewsOfStages(t *testing.T) {
	s, _ := open(t, 2)
	r := stages.Run{Key: "c000000000000000", Trial: "trial 0", Network: plan(1)[0].Network,
		Stream: "confirm", Condition: "epochs=8"} // on a fresh seed
	if err := s.Decide("late", digest(""), []byte("0"), []stages.Run{r}, nil); err != nil {
		t.Fatal(err)
	}
	for _, e := range []Execution{execution(0), withKey(execution(0), r.Key)} {
		if err := s.Complete(result(0), e); err != nil {
			t.Fatal(err)
		}
	}
	wantRows(t, s, "SELECT trial, runs FROM trial_means", "trial 0 1")
	wantRows(t, s, "SELECT trial, seed, state, network, stream, condition, stage FROM run_results",
		"trial 0 0 complete 0000000000000064   search", "trial 0 1 waiting 0000000000000064   search",
		"trial 0 0 complete 0000000000000064 confirm epochs=8 late")
	wantRows(t, s, "SELECT epoch, stage, condition FROM curves", "1 search", "1 late epochs=8")
}

// TestMigrationKeepsDamage: a row that was changed before a record is migrated is found after it,
// and whole rows keep their checksums.
func TestMigrationKeepsDamage(t *testing.T) {
	for change, want := range map[string]string{"": "",
		"UPDATE results SET loss = 3.5": "0000000000000000 in table results"} {
		path := oldRecord(t, 6)
		db := unchecked(t, path)
		r := result(0)
		const curve = `[{"epoch":1,"step":10,"loss":2.5,"top1":0.1}]`
		for _, statement := range []string{"DROP TRIGGER results_are_final",
			"UPDATE results SET checksum = '" + database.Results.Sum(r.row(plan(1)[0].Key, curve)...) + "'",
			change} {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // before the migration, and after it
			if err := read(path); (err == nil) != (want == "") || err != nil &&
				!strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %q", change, err, want)
			}
			s, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			wantRows(t, s, "SELECT count(*), count(checksum) FROM results", "1 1")
			s.Close()
		}
	}
}
