// Package watch follows the folder of a study from outside: it looks at the times of files, and
// reads again only what has changed, as often as a small share of one core allows. It writes
// nothing.
package watch

import (
	"cmp"
	"context"
	"path/filepath"
	"sync"
	"time"

	"gridsearch/internal/crash"
	"gridsearch/internal/study"
)

// State is what is known of a study at one moment, with what a T has of its results. What it points
// to is not changed any more.
type State[T any] struct {
	study.Overview
	Begun   bool      // there is a study in the folder
	Err     error     // why it cannot be read; the rest is then as last read
	Elapsed float64   // seconds of the coordinator's call
	Told    time.Time // when the coordinator has last said something

	Record  *study.Study // as last loaded; nil before
	Results T            // of Record, or an earlier one where Maker says so

	Words int // counts what the coordinator has said, and who it is
	Reads int // counts what was read of the record, and comparisons
}

// Maker makes results of a record. Means is quick, and gets the results of the last Compare, which
// may take seconds.
type Maker[T any] struct {
	Means   func(s *study.Study, last T) T
	Compare func(s *study.Study) T
}

// Shares of one core: who loads a record for c seconds leaves it for loadRest*c, who compares trials
// for compareRest*c. Together with the status, which takes a millisecond a second, that is less than
// a hundredth.
const (
	loadRest    = 400
	compareRest = 350
	least       = 2 * time.Second // between two readings, however short
	pollEvery   = time.Second
)

// Budget is the rest that readings of all studies of a server take together.
type Budget struct {
	Eager bool // whatever changes is read at once, whatever that takes

	mutex         sync.Mutex
	load, compare time.Time // before which nothing is read again
}

// Study follows one study.
type Study[T any] struct {
	Folder study.Folder

	budget *Budget
	maker  Maker[T]

	mutex    sync.Mutex     // of looking: one at a time
	seen     stamp          // of what was loaded
	failed   time.Time      // when the record was last not readable
	base     study.Overview // of what was loaded
	status   study.Status
	statused mark
	averaged *study.Study // whose means were made
	compared *study.Study // whose trials were compared
	last     T            // of the comparison

	state    sync.Mutex // of what follows
	now      State[T]
	changed  chan struct{} // closed at the next change
	watchers int
	whole    int // of them, those who want results
	stop     context.CancelFunc
}

// New follows a study, whose results are made by maker. Nothing is read yet.
func New[T any](folder study.Folder, budget *Budget, maker Maker[T]) *Study[T] {
	return &Study[T]{Folder: folder, budget: budget, maker: maker, changed: make(chan struct{})}
}

// State is the study as last seen, and a channel that is closed when another state is.
func (s *Study[T]) State() (State[T], <-chan struct{}) {
	s.state.Lock()
	defer s.state.Unlock()
	return s.now, s.changed
}

// Watch looks at the study now and every second until release is called. With whole, its results are
// made too.
func (s *Study[T]) Watch(whole bool) (release func()) {
	s.state.Lock()
	defer s.state.Unlock()
	s.watchers++
	if whole {
		s.whole++
	}
	if s.watchers == 1 {
		ctx, stop := context.WithCancel(context.Background())
		s.stop = stop
		go s.poll(ctx)
	}
	return sync.OnceFunc(func() {
		s.state.Lock()
		defer s.state.Unlock()
		if s.watchers--; s.watchers == 0 {
			s.stop()
		}
		if whole {
			s.whole--
		}
	})
}

func (s *Study[T]) poll(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		s.state.Lock()
		whole := s.whole > 0
		s.state.Unlock()
		s.Look(whole)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Look looks at the study once, reads what has changed as far as the budget allows, and returns the
// state. With whole it also makes the results. A panic, of a record that nobody has thought of,
// becomes the state's error.
func (s *Study[T]) Look(whole bool) State[T] {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	ended := false
	s.step(func(next *State[T]) { ended = s.look(next, now, whole) })
	if whole { // which may take longer
		s.step(func(next *State[T]) { s.compare(next, now, ended) })
	}
	last, _ := s.State()
	return last
}

// step makes the next state, and tells whoever waits for one.
func (s *Study[T]) step(do func(next *State[T])) {
	next, _ := s.State()
	before := next
	if err := crash.Guard(func() error { do(&next); return nil }); err != nil {
		next.Err = err
		next.Reads++
	}
	if next.Words == before.Words && next.Reads == before.Reads {
		return
	}
	s.state.Lock()
	defer s.state.Unlock()
	s.now = next
	close(s.changed)
	s.changed = make(chan struct{})
}

// look brings a state up to date, but for the comparison. It says whether the coordinator has ended
// since the last look.
func (s *Study[T]) look(next *State[T], now time.Time, whole bool) (ended bool) {
	next.Begun = s.Folder.Exists()
	if !next.Begun {
		s.nothing(next)
		return false
	}
	pid, died := s.Folder.Worker()
	ended = next.PID > 0 && pid == 0
	if pid != next.PID || died != next.Died {
		next.Words++
	}
	if m := markOf(s.Folder.Status()); m != s.statused {
		s.statused, s.status, next.Told = m, s.Folder.LastStatus(), m.time
		next.Words++
	}
	s.load(next, now, ended)
	if whole && next.Record != nil && next.Record != s.averaged {
		s.averaged = next.Record
		next.Results = s.maker.Means(next.Record, s.last)
		next.Reads++
	}
	next.Overview = s.base
	next.PID, next.Died = pid, died
	s.overlay(next)
	return ended
}

// nothing is the state of a folder without a study.
func (s *Study[T]) nothing(next *State[T]) {
	name := filepath.Base(string(s.Folder))
	if next.Study != name || next.Record != nil {
		*next = State[T]{Overview: study.Overview{Study: name}, Words: next.Words + 1,
			Reads: next.Reads + 1}
		s.seen, s.averaged, s.compared, s.last = stamp{}, nil, nil, next.Results
	}
}

// load reads the record if it has changed and it is time to.
func (s *Study[T]) load(next *State[T], now time.Time, ended bool) {
	seen := stampOf(s.Folder)
	first := next.Record == nil && next.Err == nil
	again := next.Err != nil && now.Sub(s.failed) > 5*least // it may have been busy
	switch {
	case seen == s.seen && !again:
		return
	case !first && !ended && !s.budget.free(&s.budget.load, now):
		return
	}
	s.seen, s.failed = seen, now // as a panic would leave it
	took := meter()
	loaded, err := study.Load(s.Folder)
	s.budget.spend(&s.budget.load, loadRest, took())
	next.Reads++
	if next.Err = err; err != nil {
		s.base.Study = cmp.Or(s.base.Study, filepath.Base(string(s.Folder)))
		return
	}
	next.Record, s.base = loaded, loaded.Overview()
}

// compare compares the trials of the record, if it is another one and it is time to.
func (s *Study[T]) compare(next *State[T], now time.Time, ended bool) {
	over := ended || next.PID == 0
	switch {
	case next.Record == nil || next.Record == s.compared:
		return
	case s.compared != nil && !over && !s.budget.free(&s.budget.compare, now):
		return
	}
	took := meter()
	s.compared, s.averaged = next.Record, next.Record // a panic is not tried again every second
	s.last = s.maker.Compare(next.Record)
	next.Results = s.last
	next.Reads++
	s.budget.spend(&s.budget.compare, compareRest, took())
}

// overlay takes what the coordinator says into the overview, which may be newer than what was
// loaded.
func (s *Study[T]) overlay(next *State[T]) {
	last := s.status
	next.Elapsed = last.Elapsed
	if next.PID == 0 {
		next.Running = nil
		return
	}
	next.Running = last.Running
	if last.Total == next.Total { // otherwise it is of another plan, or nothing is said yet
		next.Complete, next.Failed, next.Dropped = last.Complete, last.Failed, last.Dropped
		next.Waiting = last.Total - last.Done()
		next.Best, next.Remaining = cmp.Or(last.Best, next.Best), last.Remaining
	}
}

// free says whether it is time for a reading.
func (b *Budget) free(next *time.Time, now time.Time) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Eager || !now.Before(*next)
}

// spend counts a reading that is over.
func (b *Budget) spend(next *time.Time, rest int, took time.Duration) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	*next = time.Now().Add(max(least, time.Duration(rest)*took))
}

// meter begins to measure a reading. What it returns says what it has taken of a core: no more than
// the time that has passed, nor than the process has used, of which others may have been a part.
func meter() func() time.Duration {
	began, used := time.Now(), processorTime()
	return func() time.Duration {
		took := time.Since(began)
		if used > 0 {
			took = min(took, processorTime()-used)
		}
		return took
	}
}
