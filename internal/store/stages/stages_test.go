package stages_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// plan is n runs of a search.
func plan(n int) []stages.Run {
	var runs []stages.Run
	for i := range n {
		runs = append(runs, stages.Run{Key: fmt.Sprintf("%016x", i),
			Trial: fmt.Sprintf("trial %d", i/2), Seed: i % 2,
			Network: fmt.Sprintf("%016x", i/2+100), Stage: stages.Search})
	}
	return runs
}

// search is the first stage with runs.
func search(runs []stages.Run) []stages.Stage {
	return []stages.Stage{{Name: stages.Search, Decision: stages.DecideAll, Runs: runs}}
}

// result is a sound result, another one for each i.
func result(i int) store.Result {
	return store.Result{Top1: float64(bits.OnesCount8(byte(i))) / 8, Loss: 1, Examples: 8,
		Correct: []byte{byte(i)}, Curve: []store.CurvePoint{{Epoch: 1, Step: 10}}, Steps: 10}
}

func execution(i int) store.Execution { return store.Execution{Key: fmt.Sprintf("%016x", i)} }

func open(t *testing.T, runs int) (*store.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "study.db")
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Plan(search(plan(runs))); err != nil {
		t.Fatal(err)
	}
	return s, path
}

func records(t *testing.T, s *store.Store) []store.Record {
	t.Helper()
	list, err := s.Records()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// confirming is a run of a later stage, on fresh seeds under a condition.
func confirming(i int) stages.Run {
	return stages.Run{Key: fmt.Sprintf("c%015x", i), Trial: "trial 0", Seed: i,
		Network: plan(1)[0].Network, Stream: "confirm", Condition: "epochs=8", Stage: "late"}
}

// staged are a search and a stage that decisions add runs to.
func staged(runs []stages.Run) []stages.Stage {
	return append(search(runs), stages.Stage{Name: "late", Decision: "confirm the best"})
}

func keys(t *testing.T, s *store.Store) []string {
	t.Helper()
	var list []string
	for _, r := range records(t, s) {
		list = append(list, string(r.State)+" "+strings.TrimLeft(r.Key, "0"))
	}
	return list
}

func wantKeys(t *testing.T, s *store.Store, want ...string) {
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
	crash.Outcome = store.OutcomeInterrupted
	if err := s.Note(crash, false); err != nil {
		t.Fatal(err)
	}
	measured := store.Latency{Trial: "trial 0", Batch: 1, Shortest: 1, Median: 1}
	if err := s.SetLatency(measured); err != nil {
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
	for i, lost := range [][]stages.Run{plan(1), plan(6)[3:], plan(2), plan(3)[2:]} {
		var mismatch *stages.MismatchError
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

// TestContradiction: a run that is recorded as what its key does not say is damage.
func TestContradiction(t *testing.T) {
	s, path := open(t, 4)
	for want, change := range map[string]func(*stages.Run){
		"seed 1, its key is that of seed 7":                 func(r *stages.Run) { r.Seed = 7 },
		"stream (none), its key is that of stream tune":     func(r *stages.Run) { r.Stream = "tune" },
		"condition (none), its key is that of condition e=": func(r *stages.Run) { r.Condition = "e=1" },
		"065, its key is that of network ff":                func(r *stages.Run) { r.Network = "ff" },
	} {
		other := plan(4)
		change(&other[3])
		var file *database.FileError
		if err := s.Plan(search(other)); !errors.As(err, &file) || file.Path != path ||
			!strings.Contains(err.Error(), "0003 is recorded with ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestBegun: whatever is known of a run keeps it on the record.
func TestBegun(t *testing.T) {
	for name, begin := range map[string]func(*store.Store) error{
		"execution": func(s *store.Store) error {
			e := execution(0)
			e.Outcome = store.OutcomeInterrupted
			return s.Note(e, false)
		},
		"failure": func(s *store.Store) error { return s.GiveUp(plan(1)[0].Key, "no luck") },
		"crash":   func(s *store.Store) error { _, err := s.Crash(execution(0), "here"); return err },
		"dropped": func(s *store.Store) error {
			return s.Decide("late", digest(""), []byte("{}"), nil, []string{plan(1)[0].Key})
		},
	} {
		s, _ := open(t, 2)
		if err := begin(s); err != nil {
			t.Fatal(err)
		}
		var mismatch *stages.MismatchError
		if err := s.Plan(search(plan(2)[1:])); !errors.As(err, &mismatch) ||
			len(mismatch.Missing) != 1 {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Withdraw(search(nil)); err != nil || len(records(t, s)) != 1 {
			t.Errorf("%s: %v, %d runs are left", name, err, len(records(t, s)))
		}
	}
}

// TestUnknownBegun: where the record does not say which runs have been begun, none is added or taken
// off.
func TestUnknownBegun(t *testing.T) {
	s, path := open(t, 2)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DROP TABLE failures"); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]stages.Stage) error{"Plan": s.Plan,
		"Withdraw": s.Withdraw} {
		var file *database.FileError
		if err := change(search(plan(3)[1:])); !errors.As(err, &file) ||
			!strings.Contains(err.Error(), "no such table: failures") {
			t.Errorf("%s: %v", name, err)
		}
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM runs").Scan(&n); err != nil || n != 2 {
		t.Errorf("the record has %d runs (%v)", n, err)
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
	failed.Outcome, failed.Error = store.OutcomeFailed, "diverged"
	if err := s.Note(failed, true); err != nil {
		t.Fatal(err)
	}
	added, choice := []stages.Run{confirming(0), confirming(1)}, `{"keep": ["trial 0"]}`
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
	reader, err := store.OpenReadOnly(path)
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
	if err := s.Complete(result(5), store.Execution{Key: added[0].Key}); err != nil {
		t.Fatal(err)
	}
	var mismatch *stages.MismatchError
	if err := s.Plan(search(plan(6))); !errors.As(err, &mismatch) || len(mismatch.Missing) != 1 ||
		!strings.Contains(err.Error(), "belong to no stage of this one (trial 0 seed=0 stream=confirm") {
		t.Errorf("a plan without the stage: %v", err)
	}
	file, err := database.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, statement := range []string{"UPDATE decisions SET stage = 'x'", "DELETE FROM decisions"} {
		if _, err := file.DB.Exec(statement); err == nil || !strings.Contains(err.Error(),
			"a decision is never") {
			t.Errorf("%s: %v", statement, err)
		}
	}
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
		add           []stages.Run
		drop          []string
	}{
		"no SHA-256":                    {"abc", "1", nil, nil},
		"no JSON":                       {digest("x"), "{", nil, nil},
		"late has decided on the input": {digest("first"), "1", []stages.Run{confirming(1)}, nil},
		"0002 (trial 1 seed=0) of stage l": {digest("x"), "1",
			[]stages.Run{confirming(1), plan(4)[2]}, nil},
		"c000000000000001 (trial 0 seed=1": {digest("x"), "1",
			[]stages.Run{confirming(1), confirming(1)}, nil},
		"0000000000000000 cannot be dropped by stage late: it is complete": {digest("x"), "1",
			[]stages.Run{confirming(1)}, []string{plan(4)[2].Key, plan(4)[0].Key}},
		"0000000000000001 cannot be dropped by stage late: it is dropped already": {digest("x"), "1",
			[]stages.Run{confirming(1)}, []string{plan(4)[1].Key}},
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
