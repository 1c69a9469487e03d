package coordinator

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gridsearch/experiments"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search/decide"
)

// schema6 is a folder with a study of the last version before stages, of which 7 of 10 runs are
// complete.
func schema6(t *testing.T) study.Folder {
	t.Helper()
	folder := study.Folder(t.TempDir())
	for _, name := range []string{"experiment.toml", "plan.json", "study.db.gz"} {
		text, err := os.ReadFile(filepath.Join("../study/testdata", "schema6", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "study.db.gz" {
			name, text = "study.db", unpacked(t, text)
		}
		if err := os.WriteFile(folder.Path(name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func unpacked(t *testing.T, text []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if text, err = io.ReadAll(reader); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestEarlierStudy: a study of the version before stages is read as it is, keeps its runs and
// results when it goes on, and learns the networks of its runs; its plan then lists stages.
func TestEarlierStudy(t *testing.T) {
	folder := schema6(t)
	before := load(t, folder)
	if len(before.Records) != 10 || len(before.Unplanned)+len(before.Later) != 0 {
		t.Fatalf("%d runs, others %+v %+v", len(before.Records), before.Unplanned, before.Later)
	}
	complete := 0
	for _, r := range before.Records {
		if r.State == store.Complete {
			complete++
		}
		if r.Stage != stages.Search || r.Network != "" {
			t.Errorf("run %s is of stage %q and network %q", r.Key, r.Stage, r.Network)
		}
	}
	if complete != 7 {
		t.Errorf("%d runs are complete", complete)
	}
	stopped, stop := context.WithCancel(t.Context())
	p, err := study.Reopen(t.Context(), study.Access{}, folder)
	if err != nil {
		t.Fatal(err)
	}
	var interrupted *InterruptedError
	err = Run(stopped, folder, p, Options{Command: []string{"none"}, Observe: atStart(stop)})
	if !errors.As(err, &interrupted) || interrupted.Left != 3 {
		t.Fatalf("it goes on with %v", err)
	}
	after := load(t, folder)
	networks := map[string]string{}
	for i := range after.Records {
		r := &after.Records[i]
		if first, ok := networks[r.Trial]; len(r.Network) != 16 || ok && first != r.Network {
			t.Errorf("the network of %s is %q and %q", r.Name(), first, r.Network)
		}
		networks[r.Trial], r.Network = r.Network, ""
	}
	if len(networks) != 5 || !reflect.DeepEqual(after.Records, before.Records) {
		t.Errorf("the record was\n%+v\nand is\n%+v", before.Records, after.Records)
	}
	text, err := os.ReadFile(folder.Path("plan.json"))
	if err != nil || !strings.Contains(string(text), `"name": "search",`+"\n"+
		`   "decision": "all",`) {
		t.Errorf("plan.json has no stages (%v): %s", err, text)
	}
}

func load(t *testing.T, folder study.Folder) *study.Study {
	t.Helper()
	s, err := study.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStages: runs that decisions have added are apart from the search's and count as the study's;
// those that they have dropped count as done.
func TestStages(t *testing.T) {
	folder := schema6(t)
	record, err := store.Open(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	waiting := load(t, folder).Records[7:]
	input := strings.Repeat("ab", 32)
	added := stages.Run{Key: "fedcba9876543210", Trial: "base", Seed: 0, Stream: "confirm"}
	err = record.Decide("late", input, []byte(`["base"]`), []stages.Run{added},
		[]string{waiting[0].Key, waiting[1].Key, waiting[2].Key})
	if err := errors.Join(err, record.Close()); err != nil {
		t.Fatal(err)
	}
	s := load(t, folder)
	if len(s.Unplanned) != 1 || len(s.Later) != 0 {
		t.Errorf("without the stage there are %+v and %+v", s.Unplanned, s.Later)
	}
	if o := glance(t, folder); o.Total != 10 || o.Dropped != 3 || o.Waiting != 0 ||
		o.Activity() != "finished" {
		t.Errorf("the overview is %+v, %s", o, o.Activity())
	}
	text, err := os.ReadFile(folder.Path("plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	runs := bytes.Index(text, []byte(` "runs": [`))
	staged := string(text[:runs]) + ` "stages": [{"name": "search", "decision": "all",` +
		strings.TrimSuffix(strings.TrimSpace(string(text[runs:])), "}") +
		`}, {"name": "late", "decision": "confirm", "runs": []}]}`
	if err := os.WriteFile(folder.Path("plan.json"), []byte(staged), 0o644); err != nil {
		t.Fatal(err)
	}
	s = load(t, folder)
	if len(s.Unplanned) != 0 || len(s.Later) != 1 || s.Later[0].Key != added.Key ||
		len(s.Records) != 10 || s.Records[8].State != store.Dropped {
		t.Errorf("with the stage there are %+v and %+v", s.Unplanned, s.Later)
	}
	if o := glance(t, folder); o.Total != 11 || o.Dropped != 3 || o.Waiting != 1 {
		t.Errorf("the overview is %+v", o)
	}
}

// atStart stops a study when it has started, before anything is trained.
func atStart(stop func()) func(Event) {
	return func(e Event) {
		if e.Kind == Started {
			stop()
		}
	}
}

// TestHalfGrown: a study that was killed between its record and its plan, when it was to have
// another run, is read as it was, and goes on as the plan says.
func TestHalfGrown(t *testing.T) {
	folder := schema6(t)
	p, err := study.Reopen(t.Context(), study.Access{}, folder)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := p.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	more := study.Stages(stages.DecideAll, specs)
	more[0].Runs = append(more[0].Runs, stages.Run{Key: "fedcba9876543210", Trial: "base", Seed: 2})
	record, err := store.Open(folder.Database())
	if err == nil {
		err = errors.Join(record.Plan(more), record.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, folder)
	if len(s.Records) != 10 || len(s.Unplanned) != 1 || len(s.Warnings()) != 1 {
		t.Errorf("%d runs, and %+v", len(s.Records), s.Unplanned)
	}
	stopped, stop := context.WithCancel(t.Context())
	var interrupted *InterruptedError
	err = Run(stopped, folder, p, Options{Command: []string{"none"}, Observe: atStart(stop)})
	if !errors.As(err, &interrupted) || interrupted.Left != 3 {
		t.Fatalf("it goes on with %v", err)
	}
	if s = load(t, folder); len(s.Records) != 10 || len(s.Warnings()) != 0 {
		t.Errorf("%d runs, and %v", len(s.Records), s.Warnings())
	}
}

// TestDroppedIsDone: a study whose other runs are dropped is finished, without training anything.
func TestDroppedIsDone(t *testing.T) {
	folder := schema6(t)
	record, err := store.Open(folder.Database())
	if err != nil {
		t.Fatal(err)
	}
	var waiting []string
	list, err := record.Records()
	for _, r := range list {
		if r.State == store.Waiting {
			waiting = append(waiting, r.Key)
		}
	}
	err = errors.Join(err, record.Decide(stages.Search, strings.Repeat("ab", 32),
		[]byte("{}"), nil, waiting[:2]))
	if err := errors.Join(err, record.Note(store.Execution{Key: waiting[2], Error: "diverged",
		Outcome: store.OutcomeFailed}, true), record.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := study.Reopen(t.Context(), study.Access{}, folder)
	if err != nil {
		t.Fatal(err)
	}
	var last study.Status
	err = Run(t.Context(), folder, p, Options{Command: []string{"none"},
		Observe: func(e Event) { last = e.Status }})
	var failed *FailedRunsError
	if !errors.As(err, &failed) || failed.Failed != 1 {
		t.Errorf("it ends with %v", err)
	}
	if last.Dropped != 2 || last.Complete != 7 || last.Failed != 1 || last.Done() != 10 {
		t.Errorf("its state is %+v", last)
	}
	if n, err := study.Retry(folder); n != 1 || err != nil {
		t.Errorf("%d runs are to be trained again (%v)", n, err)
	}
}

func glance(t *testing.T, folder study.Folder) study.Overview {
	t.Helper()
	o, err := study.Glance(folder)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestPlanThatCannotBeWritten: where plan.json stays, so do its runs.
func TestPlanThatCannotBeWritten(t *testing.T) {
	file := schema6(t).Path("experiment.toml")
	folder := study.Folder(t.TempDir())
	call := func(settings ...string) error {
		t.Helper()
		stopped, stop := context.WithCancel(t.Context())
		p, err := study.Prepare(t.Context(), study.Access{}, file, settings...)
		if err != nil {
			t.Fatal(err)
		}
		return Run(stopped, folder, p, Options{Command: []string{"none"}, Observe: atStart(stop)})
	}
	var interrupted *InterruptedError
	if err := call(); !errors.As(err, &interrupted) {
		t.Fatal(err)
	}
	plan := folder.Path("plan.json")
	text, err := os.ReadFile(plan)
	if err := errors.Join(err, os.Remove(plan), os.MkdirAll(filepath.Join(plan, "x"), 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := call("replication.seeds=1"); err == nil || errors.As(err, &interrupted) {
		t.Errorf("it ends with %v", err)
	}
	if err := errors.Join(os.RemoveAll(plan), os.WriteFile(plan, text, 0o644)); err != nil {
		t.Fatal(err)
	}
	if s := load(t, folder); len(s.Records) != 10 {
		t.Errorf("%d runs are left", len(s.Records))
	}
}

// TestKilledBeforeTheStart: two signals before anything was begun are an interruption.
func TestKilledBeforeTheStart(t *testing.T) {
	b := threeBySeeds(t)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	c, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{ThreadsPerRun: 1},
		Options{Workers: 1, Kill: stopped, Command: []string{"none"}}, decide.All{})
	if err != nil {
		t.Fatal(err)
	}
	var interrupted *InterruptedError
	if err := c.run(stopped); !errors.As(err, &interrupted) || interrupted.Left != 6 {
		t.Errorf("it ends with %v", err)
	}
}
