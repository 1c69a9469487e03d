package watch

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/study"
)

// TestMain keeps the tests out of the user's cache.
func TestMain(m *testing.M) { made.Main(m) }

// counted counts what is made of a study.
type counted struct{ means, compared int }

// follow follows a study whose results say how often they were made.
func follow(folder study.Folder) *Study[counted] {
	made := counted{}
	return New(folder, &Budget{}, Maker[counted]{
		Means:   func(*study.Study, counted) counted { made.means++; return made },
		Compare: func(*study.Study) counted { made.compared++; return made },
	})
}

// say writes a status as a coordinator does.
func say(t *testing.T, folder study.Folder, status study.Status) {
	t.Helper()
	text, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder.Status(), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// fail records that a run that waits has failed.
func fail(t *testing.T, folder study.Folder) {
	t.Helper()
	record, err := store.Open(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer record.Close()
	records, err := record.Records()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.State == store.Waiting {
			e := store.Execution{Key: r.Key, Attempt: 1, Outcome: store.OutcomeFailed, Error: "for a test"}
			if err := record.Note(e, true); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("no run waits")
}

// lock works on the study, as far as others can see.
func lock(t *testing.T, folder study.Folder) *database.FileLock {
	t.Helper()
	l, err := database.Lock(folder.Lock())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLooks: what is looked at twice is read once; results are made for those who want them.
func TestLooks(t *testing.T) {
	s := follow(made.Recorded(t, "../../.."))
	state := s.Look(false)
	if !state.Begun || state.Err != nil || state.Complete != 7 || state.Total != 10 || state.PID != 0 ||
		state.Results != (counted{}) {
		t.Fatalf("got %+v", state)
	}
	if again := s.Look(false); again.Reads != state.Reads || again.Words != state.Words ||
		again.Record != state.Record {
		t.Errorf("nothing has changed, and it is read again: %+v", again)
	}
	whole := s.Look(true)
	if whole.Results != (counted{1, 1}) || whole.Record != state.Record {
		t.Errorf("the results are %+v", whole.Results)
	}
	if again := s.Look(true); again.Results != whole.Results || again.Reads != whole.Reads {
		t.Errorf("nothing has changed, and the results are made again: %+v", again.Results)
	}
}

// TestBudget: a record that changes is not read again at once, but at once when nobody works on it
// any more.
func TestBudget(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	working := lock(t, folder)
	s := follow(folder)
	first := s.Look(true)
	if first.PID != os.Getpid() || first.Died != 0 {
		t.Fatalf("process %d works on it, and %d has died", first.PID, first.Died)
	}
	fail(t, folder)
	s.budget.load = time.Now().Add(time.Hour)
	s.budget.compare = s.budget.load
	if state := s.Look(true); state.Record != first.Record {
		t.Error("the record is read although it is not time to")
	}
	s.budget.load = time.Time{}
	state := s.Look(true)
	if state.Record == first.Record || state.Failed != 1 || state.Results != (counted{2, 1}) {
		t.Errorf("in time for the record, and not for the comparison: %d failed, %+v", state.Failed,
			state.Results)
	}
	fail(t, folder)
	if err := working.Release(); err != nil {
		t.Fatal(err)
	}
	s.budget.load, s.budget.compare = time.Now().Add(time.Hour), time.Now().Add(time.Hour)
	state = s.Look(true)
	if state.PID != 0 || state.Failed != 2 || state.Results.compared != 2 {
		t.Errorf("at the end: process %d, %d failed, %+v", state.PID, state.Failed, state.Results)
	}
}

// TestSpending: a reading leaves the record alone for much longer than it took.
func TestSpending(t *testing.T) {
	b := &Budget{}
	b.spend(&b.load, loadRest, time.Second)
	if b.free(&b.load, time.Now().Add(loadRest*time.Second/2)) ||
		!b.free(&b.load, time.Now().Add(2*loadRest*time.Second)) || !b.free(&b.compare, time.Now()) {
		t.Errorf("after a second the next reading is at %v", time.Until(b.load))
	}
	b.spend(&b.load, loadRest, 0)
	if b.free(&b.load, time.Now().Add(least/2)) {
		t.Error("after no time the next reading may come at once")
	}
	if b.Eager = true; !b.free(&b.load, time.Now()) {
		t.Error("who is eager waits")
	}
}

// TestWords: what the coordinator says is newer than the record, as long as it lives; a coordinator
// that is gone without a word has died.
func TestWords(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	said := study.Status{Total: 10, Complete: 8, Failed: 1, Elapsed: 5,
		Running:   []study.Active{{Key: "k", Trial: "trial", Step: 1, Steps: 2}},
		Best:      &study.Best{Trial: "best", Top1: .9, Runs: 2},
		Remaining: &study.Estimate{Low: 1, Mid: 2, High: 3}}
	say(t, folder, said)
	working := lock(t, folder)
	s := follow(folder)
	state := s.Look(false)
	if state.Complete != 8 || state.Failed != 1 || state.Waiting != 1 || len(state.Running) != 1 ||
		state.Best.Trial != "best" || state.Remaining.Mid != 2 || state.Elapsed != 5 || state.Told.IsZero() {
		t.Errorf("while it lives: %+v", state)
	}
	_, changed := s.State()
	said.Complete = 9
	said.Total = 11 // of another plan: the record says which is ours
	say(t, folder, said)
	if state = s.Look(false); state.Complete != 7 || state.Total != 10 {
		t.Errorf("of another plan: %d of %d", state.Complete, state.Total)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody is told of the change")
	}
	if err := working.Release(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder.Lock(), []byte("12345\n"), 0o644); err != nil { // as a kill leaves it
		t.Fatal(err)
	}
	state = s.Look(false)
	if state.PID != 0 || state.Died != 12345 || len(state.Running) != 0 || state.Complete != 7 {
		t.Errorf("after its death: %+v", state.Overview)
	}
}

// TestUnreadable: a record that cannot be read is an error of the state, which keeps what was read,
// and is read again later.
func TestUnreadable(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	s := follow(folder)
	s.Look(false)
	text, err := os.ReadFile(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder.Database(), []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.budget.load = time.Time{}
	state := s.Look(true)
	var file *database.FileError
	if !errors.As(state.Err, &file) || state.Complete != 7 || state.Record == nil {
		t.Fatalf("of a torn record: %v, %d complete", state.Err, state.Complete)
	}
	if err := os.WriteFile(folder.Database(), text, 0o644); err != nil {
		t.Fatal(err)
	}
	s.budget.load = time.Time{}
	if state = s.Look(true); state.Err != nil || state.Complete != 7 {
		t.Errorf("when it is back: %v", state.Err)
	}
}

// TestPanic: what nobody has thought of is an error of the state.
func TestPanic(t *testing.T) {
	s := follow(made.Recorded(t, "../../.."))
	s.maker.Compare = func(*study.Study) counted { panic("for a test") }
	if state := s.Look(true); state.Err == nil || state.Complete != 7 {
		t.Errorf("got %v", state.Err)
	}
}

// TestNothing: a folder may get its study later, and lose it.
func TestNothing(t *testing.T) {
	folder := study.Folder(t.TempDir())
	s := follow(folder)
	if state := s.Look(true); state.Begun || state.Err != nil || state.Study == "" {
		t.Fatalf("of an empty folder: %+v", state)
	}
	other := made.Recorded(t, "../../..")
	if err := os.CopyFS(string(folder), os.DirFS(string(other))); err != nil {
		t.Fatal(err)
	}
	if state := s.Look(true); !state.Begun || state.Complete != 7 || state.Results.compared != 1 {
		t.Errorf("with a study: %+v", state)
	}
	if err := os.RemoveAll(string(folder)); err != nil {
		t.Fatal(err)
	}
	if state := s.Look(true); state.Begun || state.Complete != 0 || state.Results != (counted{}) {
		t.Errorf("without it again: %+v", state)
	}
}

// TestWatch: who watches is told of changes, and who has left lets the study be.
func TestWatch(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	s := follow(folder)
	_, changed := s.State()
	one, two := s.Watch(false), s.Watch(true)
	<-changed // the first look
	for state, changed := s.State(); state.Results.compared == 0; state, changed = s.State() {
		<-changed
	}
	two()
	two() // once more does nothing
	state, changed := s.State()
	say(t, folder, study.Status{Total: 10, Complete: 7})
	<-changed
	if now, _ := s.State(); now.Words == state.Words {
		t.Error("a word of the coordinator is no change")
	}
	one()
	s.state.Lock()
	defer s.state.Unlock()
	if s.watchers != 0 || s.whole != 0 {
		t.Errorf("%d watch, %d of them the results", s.watchers, s.whole)
	}
}
