package coordinator

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search/decide"
)

// rounds trains one seed after the other. After the first it drops the worst trial, and at the end
// it trains the best one with a fresh seed, for longer.
type rounds struct{}

func (rounds) Name() string { return "rounds" }

func (rounds) Next(s decide.Study) (c decide.Choice, err error) {
	means, fresh := map[string]float64{}, false
	byRound := map[int][]decide.Known{}
	for _, k := range s.Runs {
		if k.State == decide.Asked {
			return c, nil // what is compared has not ended
		}
		fresh = fresh || k.Run.Stream != ""
		byRound[k.Run.Seed] = append(byRound[k.Run.Seed], k)
		if k.State == decide.Complete {
			means[k.Run.Trial] = k.Score
		}
	}
	worst, best := "", ""
	for trial, mean := range means {
		if worst == "" || mean < means[worst] {
			worst = trial
		}
		if best == "" || mean > means[best] {
			best = trial
		}
	}
	for round := range 2 {
		for _, k := range byRound[round] {
			switch {
			case k.State != decide.Open:
			case round > 0 && k.Run.Trial == worst:
				c.Drop = append(c.Drop, k.Run)
			default:
				c.Train = append(c.Train, k.Run)
			}
		}
		if len(c.Train) > 0 {
			c.Because = "the next round, without the worst"
			return c, nil
		}
	}
	if !fresh {
		c.Train = []decide.Run{{Trial: best, Stream: "confirm", Condition: "epochs=20"}}
		c.Because = "the best once more"
	}
	return c, nil
}

// scores is a worker that ends the runs of a trial as its variable says, and dies at the second run
// of trial b where a file says so.
const scores = `echo "$HELLO"; while read request; do
	key=${request#*'"key":"'}; key=${key%%'"'*}; trial=${request#*'"trial":"'}; trial=${trial%%'"'*}
	case $trial in a) top1=0.75; correct=Pw==;; b) top1=0.5; correct=Dw==;; *) top1=0.25; correct=Aw==;; esac
	echo '{"done":{"key":"'$key'","result":{"top1":'$top1',"top5":1,"loss":1,"examples":8,"correct":"'$correct'","curve":[{"epoch":1,"step":1,"loss":1,"top1":0}],"steps":1}}}'
done`

// threeBySeeds is a study of three trials with two seeds, seed by seed.
func threeBySeeds(t *testing.T) *bench {
	t.Helper()
	var specs []job.Spec
	for seed := range 2 {
		for _, trial := range []string{"a", "b", "c"} {
			s := spec(t)
			s.Trial, s.SeedIndex = trial, seed
			s.Architecture.Pixels += 32 * int(trial[0]-'a')
			s, err := s.WithKey()
			if err != nil {
				t.Fatal(err)
			}
			specs = append(specs, s)
		}
	}
	return benchOf(t, scores, specs)
}

// call is a call with a decision that ends so many runs at most, with workers.
func (b *bench) call(ctx context.Context, d decide.Decision, limit, workers int) error {
	b.t.Helper()
	c, err := newCoordinator(b.folder, b.record, b.specs,
		experiments.Execution{MaxRetries: 2, ThreadsPerRun: 1},
		Options{Workers: workers, Limit: limit, Command: []string{"sh", "-c", b.script},
			Observe: func(e Event) {
				b.events = append(b.events, e)
				if b.seen != nil {
					b.seen(e)
				}
			}}, d)
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.queue.Close()
	return c.run(ctx)
}

// TestDecisions: a decision is asked at the start and at every end of a run; what it adds is
// trained, what it drops never, both are on the record with why, and a study that is stopped after
// every run goes on to the same end.
func TestDecisions(t *testing.T) {
	var first []stages.Decision
	for name, c := range map[string]struct{ limit, workers int }{"at once": {0, 1}, "by three": {0, 3},
		"run by run": {1, 1}} {
		t.Run(name, func(t *testing.T) {
			b := threeBySeeds(t)
			calls, err := 1, b.call(t.Context(), rounds{}, c.limit, c.workers)
			for limit := (*LimitError)(nil); errors.As(err, &limit); calls++ {
				err = b.call(t.Context(), rounds{}, c.limit, c.workers)
			}
			if err != nil {
				t.Fatal(err)
			}
			records, err1 := b.record.Records()
			decisions, err2 := b.record.Decisions()
			if err := errors.Join(err1, err2); err != nil || len(records) != 7 {
				t.Fatalf("%d runs (%v)", len(records), err)
			}
			for i, want := range []store.State{"complete", "complete", "complete", "complete", "complete",
				"dropped", "complete"} {
				if r := records[i]; r.State != want || r.Attempts != 0 {
					t.Errorf("run %d, %s, is %s", i, r.Name(), r.State)
				}
			}
			last := records[6]
			if last.Name() != "a seed=0 stream=confirm epochs=20" || last.Network != records[0].Network {
				t.Errorf("the added run is %+v", last.Run)
			}
			if b.count(Decided) != 2 || b.count(RunComplete) != 6 {
				t.Errorf("it is told as %+v", b.events)
			}
			for i := range decisions {
				decisions[i].Made = time.Time{}
			}
			if first == nil {
				first = decisions
			}
			if len(decisions) != 2 || !reflect.DeepEqual(decisions, first) || !strings.Contains(
				string(decisions[0].Choice), `"decision":"rounds","train":[{"trial":"a","seed":1},`+
					`{"trial":"b","seed":1}],"drop":[{"trial":"c","seed":1}],"because":"the next`) {
				t.Errorf("after %d calls the record has the decisions %+v, want %+v", calls, decisions, first)
			}
			status := b.events[len(b.events)-1].Status
			if status.Total != 7 || status.Dropped != 1 || status.Done() != 7 {
				t.Errorf("the state at the end is %+v", status)
			}
		})
	}
}

// decision is one that a function makes.
type decision func(decide.Study) (decide.Choice, error)

func (decision) Name() string { return "test" }

func (d decision) Next(s decide.Study) (decide.Choice, error) { return d(s) }

// TestBadDecisions: a decision that fails, contradicts the study or adds what cannot be trained ends
// the study by its name; nothing of the choice is recorded.
func TestBadDecisions(t *testing.T) {
	add := func(r decide.Run) decision {
		return func(decide.Study) (decide.Choice, error) {
			return decide.Choice{Train: []decide.Run{r}, Because: "test"}, nil
		}
	}
	for want, d := range map[string]decision{
		`decision "test" in stage "search": out of ideas`: func(decide.Study) (c decide.Choice, err error) {
			return c, errors.New("out of ideas")
		},
		"runs are left open (6)":                     func(decide.Study) (c decide.Choice, err error) { return c, nil },
		"is of a trial that the study does not have": add(decide.Run{Trial: "d"}),
		`there is no stream "x"`:                     add(decide.Run{Trial: "a", Stream: "x"}),
		"its seed 65536 is not one of 0 ":            add(decide.Run{Trial: "a", Seed: 1 << 16}),
		`its condition is written "" here`: add(decide.Run{Trial: "a", Stream: "tune",
			Condition: "epochs=10"}),
	} {
		b := threeBySeeds(t)
		err := b.call(t.Context(), d, 0, 1)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		records, err1 := b.record.Records()
		decisions, err2 := b.record.Decisions()
		if err := errors.Join(err1, err2); err != nil || len(records) != 6 || len(decisions) != 0 {
			t.Errorf("%s: the record has %d runs and %+v (%v)", want, len(records), decisions, err)
		}
	}
}

// TestDroppedBeforeItsBegin: a run that is dropped between its lease and its begin is not trained.
// One that a worker has begun ends and counts.
func TestDroppedBeforeItsBegin(t *testing.T) {
	b := threeBySeeds(t)
	c, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{ThreadsPerRun: 1},
		Options{Workers: 1}, decide.All{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.decide(); err != nil {
		t.Fatal(err)
	}
	begun, waiting := c.specs[b.specs[0].Key], c.specs[b.specs[1].Key]
	if _, dropped := c.began(begun); dropped {
		t.Fatal("it is dropped")
	}
	choice := decide.Choice{Drop: []decide.Run{c.stage.known[0].Run,
		c.stage.known[1].Run}, Because: "test"}
	plan, err := c.choose(choice)
	if err != nil || len(plan.drop) != 1 || plan.drop[0] != waiting.Key {
		t.Errorf("it drops %+v (%v)", plan, err)
	}
	if _, dropped := c.began(waiting); !dropped {
		t.Error("a run begins that is being dropped")
	}
	c.apply(choice, plan)
	if _, dropped := c.began(waiting); !dropped {
		t.Error("a dropped run begins")
	}
	c.stage.become(waiting.Key, decide.Complete, 1)
	if k := c.stage.known[1]; k.State != decide.Dropped || !math.IsNaN(k.Score) {
		t.Errorf("it is %+v", k)
	}
	if s := c.tracker.Status(time.Now()); s.Dropped != 1 || len(s.Running) != 1 {
		t.Errorf("the state is %+v", s)
	}
}

// TestRecordedRunOfNoPlan: a run on the record whose key is not that of its name is damage.
func TestRecordedRunOfNoPlan(t *testing.T) {
	b := threeBySeeds(t)
	last := b.specs[5]
	b.specs = b.specs[:3]
	if err := b.call(t.Context(), decide.All{}, 1, 1); err == nil {
		t.Fatal("it ends well")
	}
	c, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{ThreadsPerRun: 1},
		Options{Workers: 1}, decide.All{})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.recorded(study.RunOf(last)); err != nil || s.SeedIndex != 1 ||
		s.Trial != "c" {
		t.Errorf("a run of another seed is %+v (%v)", s, err)
	}
	var damaged *database.FileError
	if _, err := c.recorded(stages.Run{Key: "ffffffffffffffff", Trial: "a", Seed: 7}); !errors.As(err,
		&damaged) {
		t.Errorf("got %v", err)
	}
}

// TestGivenUpRunAsksDecision: a run that is given up for its crashes is an end like any other.
func TestGivenUpRunAsksDecision(t *testing.T) {
	b := threeBySeeds(t)
	b.script = strings.Replace(scores, "*) top1=0.25; correct=Aw==;;", "*) kill -9 $$;;", 1)
	var failed *FailedRunsError
	if err := b.call(t.Context(), rounds{}, 0, 1); !errors.As(err, &failed) || failed.Failed != 2 ||
		failed.Total != 7 || b.count(RunComplete) != 4 {
		t.Errorf("it ends with %v: %+v", err, b.events)
	}
}

// slowly begins with two runs, and drops all others once one has ended. It returns when the second
// one has ended too, which it does not know.
func slowly(other <-chan struct{}) decision {
	return func(s decide.Study) (c decide.Choice, err error) {
		c.Because = "test"
		ended := slices.ContainsFunc(s.Runs, func(k decide.Known) bool { return k.State > decide.Asked })
		for i, k := range s.Runs {
			switch {
			case !ended && k.State == decide.Open && i < 2:
				c.Train = append(c.Train, k.Run)
			case ended && k.State <= decide.Asked:
				c.Drop = append(c.Drop, k.Run)
			}
		}
		if ended && len(c.Drop) > 0 {
			<-other
		}
		return c, nil
	}
}

// TestEndsWhileItIsDecided: a run that ends while a decision thinks of dropping it has ended, well
// or not, and is counted once.
func TestEndsWhileItIsDecided(t *testing.T) {
	for name, c := range map[string]struct {
		end   string
		state store.State
	}{"complete": {`top1=0.5; correct=Dw==;;`, store.Complete},
		"failed": {`echo '{"done":{"key":"'$key'","error":"no luck"}}'; continue;;`, store.Failed}} {
		t.Run(name, func(t *testing.T) {
			b := threeBySeeds(t)
			first := filepath.Join(t.TempDir(), "first")
			t.Setenv("FIRST", first)
			// trial b waits until a has ended
			b.script = strings.Replace(scores, "b) top1=0.5; correct=Dw==;;",
				`b) while ! test -e "$FIRST"; do sleep 0.01; done; `+c.end, 1)
			other := make(chan struct{})
			b.seen = func(e Event) {
				if e.Kind != RunComplete && e.Kind != RunFailed {
					return
				}
				if e.Trial == "b" {
					close(other)
				} else if err := os.WriteFile(first, nil, 0o644); err != nil {
					t.Error(err)
				}
			}
			err := b.call(t.Context(), slowly(other), 0, 2)
			var failed *FailedRunsError
			if (c.state == store.Failed) != errors.As(err, &failed) || failed == nil && err != nil {
				t.Errorf("it ends with %v", err)
			}
			records, err := b.record.Records()
			if err != nil || records[1].State != c.state || records[0].State != store.Complete {
				t.Errorf("the record has %+v (%v)", records, err)
			}
			s := b.events[len(b.events)-1].Status
			if s.Dropped != 4 || s.Complete+s.Failed != 2 || s.Total != 6 {
				t.Errorf("the state is %+v", s)
			}
		})
	}
}

// TestDecisionOffTheRecord: what could not be recorded has not been decided.
func TestDecisionOffTheRecord(t *testing.T) {
	b := threeBySeeds(t)
	err := b.call(t.Context(), decision(func(s decide.Study) (c decide.Choice, err error) {
		c.Because = "test"
		for _, k := range s.Runs[1:] {
			c.Drop = append(c.Drop, k.Run)
		}
		c.Train = []decide.Run{s.Runs[0].Run}
		return c, b.record.Close()
	}), 0, 1)
	s := b.events[len(b.events)-1].Status
	if err == nil || s.Dropped != 0 || b.count(RunStarted) != 0 {
		t.Errorf("it ends with %v and %+v", err, s)
	}
}

// TestAddedRunStays: what a decision has added is of its stage, begun or not.
func TestAddedRunStays(t *testing.T) {
	b := threeBySeeds(t)
	var limit *LimitError
	if err := b.call(t.Context(), rounds{}, 5, 1); !errors.As(err, &limit) || limit.Left != 1 {
		t.Fatal(err)
	}
	list := study.Stages(rounds{}.Name(), b.specs)
	err := errors.Join(b.record.Plan(list), b.record.Withdraw(list))
	records, err1 := b.record.Records()
	if err := errors.Join(err, err1); err != nil || len(records) != 7 || records[6].Stream != "confirm" {
		t.Errorf("the record has %+v (%v)", records, err)
	}
}
