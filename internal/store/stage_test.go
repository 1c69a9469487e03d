package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// confirming is a run of a later stage, on fresh seeds under a condition.
func confirming(i int) Run {
	return Run{Key: fmt.Sprintf("c%015x", i), Trial: "trial 0", Seed: i, Network: plan(1)[0].Network,
		Stream: "confirm", Condition: "epochs=8", Stage: "late"}
}

// staged are a search and a stage that decisions add runs to.
func staged(runs []Run) []Stage {
	return append(search(runs), Stage{Name: "late", Decision: "confirm the best"})
}

func keys(t *testing.T, s *Store) []string {
	t.Helper()
	var list []string
	for _, r := range records(t, s) {
		list = append(list, string(r.State)+" "+strings.TrimLeft(r.Key, "0"))
	}
	return list
}

func wantKeys(t *testing.T, s *Store, want ...string) {
	t.Helper()
	if got := keys(t, s); !slices.Equal(got, want) {
		t.Errorf("the record has %q, want %q", got, want)
	}
}

// TestPlanGrows: runs that are new in a plan are added in its order, runs that it has no more go
// where nobody has begun them, and one that has been begun makes it another plan.
func TestPlanGrows(t *testing.T) {
	s, path := open(t, 4)
	if err := s.Complete(result(1), execution(1)); err != nil {
		t.Fatal(err)
	}
	crash := execution(2)
	crash.Outcome = OutcomeInterrupted
	if err := s.Note(crash, false); err != nil {
		t.Fatal(err)
	}
	if err := s.SetLatency(Latency{Trial: "trial 0", Batch: 1, Shortest: 1, Median: 1}); err != nil {
		t.Fatal(err)
	}
	grown := plan(6)
	slices.Reverse(grown)
	for range 2 { // the same once more changes nothing
		if err := s.Plan(search(grown)); err != nil {
			t.Fatal(err)
		}
		wantKeys(t, s, "waiting 5", "waiting 4", "waiting 3", "waiting 2", "complete 1", "waiting ")
	}
	if list, err := s.Latencies(); err != nil || len(list) != 1 {
		t.Errorf("latencies: %+v (%v)", list, err)
	}
	twice := append(plan(8), plan(7)[6])
	if err := s.Plan(search(twice)); err == nil {
		t.Error("a plan with a run twice is taken")
	}
	wantKeys(t, s, "waiting 5", "waiting 4", "waiting 3", "waiting 2", "complete 1", "waiting ")
	less := plan(3)[1:]
	if err := s.Plan(search(less)); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, s, "complete 1", "waiting 2", "waiting 5", "waiting 4", "waiting 3", "waiting ")
	if err := s.Withdraw(search(less)); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, s, "complete 1", "waiting 2")
	for i, lost := range [][]Run{plan(1), plan(6)[3:], plan(2), plan(3)[2:]} {
		var mismatch *MismatchError
		if err := s.Plan(search(lost)); !errors.As(err, &mismatch) || mismatch.Path != path ||
			len(mismatch.Missing) != []int{2, 2, 1, 1}[i] ||
			mismatch.New != []int{1, 3, 1, 0}[i] {
			t.Errorf("a plan without what was begun: %v", err)
		}
		wantKeys(t, s, "complete 1", "waiting 2")
	}
	if err := s.Withdraw(search(nil)); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, s, "complete 1", "waiting 2") // what has been begun is never withdrawn
}

// TestBegun: whatever is known of a run keeps it on the record.
func TestBegun(t *testing.T) {
	for name, begin := range map[string]func(*Store) error{
		"execution": func(s *Store) error {
			e := execution(0)
			e.Outcome = OutcomeInterrupted
			return s.Note(e, false)
		},
		"failure": func(s *Store) error { return s.GiveUp(plan(1)[0].Key, "no luck") },
		"crash":   func(s *Store) error { _, err := s.Crash(execution(0), "here"); return err },
		"dropped": func(s *Store) error {
			return s.Decide("late", digest(""), []byte("{}"), nil, []string{plan(1)[0].Key})
		},
	} {
		s, _ := open(t, 2)
		if err := begin(s); err != nil {
			t.Fatal(err)
		}
		var mismatch *MismatchError
		if err := s.Plan(search(plan(2)[1:])); !errors.As(err, &mismatch) ||
			len(mismatch.Missing) != 1 {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Withdraw(search(nil)); err != nil || len(records(t, s)) != 1 {
			t.Errorf("%s: %v, %d runs are left", name, err, len(records(t, s)))
		}
	}
}

// TestDecide: a decision is on the record with what it added and dropped; its runs belong to its
// stage when the plan grows, and to none of a plan without the stage.
func TestDecide(t *testing.T) {
	s, path := open(t, 4)
	if err := s.Complete(result(0), execution(0)); err != nil {
		t.Fatal(err)
	}
	failed := execution(3)
	failed.Outcome, failed.Error = OutcomeFailed, "diverged"
	if err := s.Note(failed, true); err != nil {
		t.Fatal(err)
	}
	added, choice := []Run{confirming(0), confirming(1)}, `{"keep": ["trial 0"]}`
	if err := s.Decide("late", digest("scores"), []byte(choice), added,
		[]string{plan(4)[2].Key, plan(4)[3].Key}); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, s, "complete ", "waiting 1", "dropped 2", "dropped 3", "waiting c"+
		added[0].Key[1:], "waiting c"+added[1].Key[1:])
	if got := records(t, s)[4].Run; got != added[0] {
		t.Errorf("the added run is %+v, want %+v", got, added[0])
	}
	if got, want := added[1].Name(), "trial 0 seed=1 stream=confirm epochs=8"; got != want {
		t.Errorf("it is called %q, want %q", got, want)
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	list, err := reader.Decisions()
	if err != nil || len(list) != 1 || list[0].Stage != "late" || string(list[0].Choice) != choice ||
		list[0].Input != digest("scores") || list[0].Made.IsZero() {
		t.Errorf("decisions: %+v (%v)", list, err)
	}
	if err := s.Plan(staged(plan(6))); err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(staged(plan(6))); err != nil {
		t.Fatal(err)
	}
	if list := records(t, s); len(list) != 8 || list[6].Run != added[0] || list[4].Run != plan(6)[4] {
		t.Errorf("after the plan has grown: %+v", list)
	}
	if err := s.Complete(result(5), withKey(execution(5), added[0].Key)); err != nil {
		t.Fatal(err)
	}
	var mismatch *MismatchError
	if err := s.Plan(search(plan(6))); !errors.As(err, &mismatch) || len(mismatch.Missing) != 1 ||
		!strings.Contains(err.Error(), "belong to no stage of this one (trial 0 seed=0 stream=confirm") {
		t.Errorf("a plan without the stage: %v", err)
	}
	for _, statement := range []string{"UPDATE decisions SET stage = 'x'", "DELETE FROM decisions"} {
		if _, err := s.db.Exec(statement); err == nil || !strings.Contains(err.Error(),
			"a decision is never") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func withKey(e Execution, key string) Execution {
	e.Key = key
	return e
}

// TestDecideAtOnce: a decision that cannot be recorded whole is not recorded in part.
func TestDecideAtOnce(t *testing.T) {
	s, _ := open(t, 4)
	if err := s.Complete(result(0), execution(0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Decide("late", digest("first"), []byte("1"), nil,
		[]string{plan(4)[1].Key}); err != nil {
		t.Fatal(err)
	}
	before := records(t, s)
	for want, c := range map[string]struct {
		input, choice string
		add           []Run
		drop          []string
	}{
		"no SHA-256":                       {"abc", "1", nil, nil},
		"no JSON":                          {digest("x"), "{", nil, nil},
		"late has decided on the input":    {digest("first"), "1", []Run{confirming(1)}, nil},
		"0002 (trial 1 seed=0) of stage l": {digest("x"), "1", []Run{confirming(1), plan(4)[2]}, nil},
		"c000000000000001 (trial 0 seed=1": {digest("x"), "1",
			[]Run{confirming(1), confirming(1)}, nil},
		"0000000000000000 cannot be dropped by stage late: it is complete": {digest("x"), "1",
			[]Run{confirming(1)}, []string{plan(4)[2].Key, plan(4)[0].Key}},
		"0000000000000001 cannot be dropped by stage late: it is dropped already": {digest("x"), "1",
			[]Run{confirming(1)}, []string{plan(4)[1].Key}},
		"none cannot be dropped by stage late: it is not on": {digest("x"), "1", nil,
			[]string{plan(4)[2].Key, "none"}},
	} {
		err := s.Decide("late", c.input, []byte(c.choice), c.add, c.drop)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if after := records(t, s); !reflect.DeepEqual(after, before) {
			t.Fatalf("%q has changed the record to %+v", want, after)
		}
	}
	if list, err := s.Decisions(); err != nil || len(list) != 1 {
		t.Errorf("decisions: %+v (%v)", list, err)
	}
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
	if _, err := s.db.Exec("INSERT INTO results (key, split, top1, top5, loss, examples, correct, " +
		"curve, steps) SELECT key, 'train', top1, top5, loss, examples, correct, curve, steps " +
		"FROM results"); err == nil {
		t.Error("there is a third split")
	}
}

// TestViewsOfStages: means are the search's alone, rows say of which stage they are.
func TestViewsOfStages(t *testing.T) {
	s, _ := open(t, 2)
	r := confirming(0)
	if err := s.Decide("late", digest(""), []byte("0"), []Run{r}, nil); err != nil {
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
		s, err := connect(path, "_pragma=synchronous(FULL)")
		if err != nil {
			t.Fatal(err)
		}
		r := result(0)
		const curve = `[{"epoch":1,"step":10,"loss":2.5,"top1":0.1}]`
		for _, statement := range []string{"DROP TRIGGER results_are_final",
			"UPDATE results SET checksum = '" + resultsTable.sum(r.row(plan(1)[0].Key, curve)...) + "'",
			change} {
			if _, err := s.db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		if s.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // before the migration, and after it
			if err := read(path); (err == nil) != (want == "") || err != nil &&
				!strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %q", change, err, want)
			}
			if s, err = Open(path); err != nil {
				t.Fatal(err)
			}
			wantRows(t, s, "SELECT count(*), count(checksum) FROM results", "1 1")
			s.Close()
		}
	}
}
