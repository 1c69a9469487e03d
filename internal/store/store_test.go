package store

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/internal/random"
	"gridsearch/internal/store/stages"
)

var long = flag.Bool("long", false, "kill the writer 40 times instead of 6")

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

func result(i int) Result {
	return Result{Top1: float64(bits.OnesCount8(byte(i))+1) / 9, Top5: .5, Loss: math.Pi,
		Examples: 9, Correct: []byte{byte(i), 1},
		Curve: []CurvePoint{{Epoch: 1, Step: 10, Loss: 2.5, Top1: .1}}, Steps: 10}
}

func execution(i int) Execution {
	now := time.Date(2026, 11, 24, 12, 0, i, 500, time.UTC)
	return Execution{Key: fmt.Sprintf("%016x", i), Attempt: 1, Started: now,
		Ended: now.Add(time.Second), TrainSeconds: 1.5, PeakRSSBytes: 1 << 33, Host: "here",
		CommandLine: "gridsearch run",
		Environment: Environment{CPU: "cpu", KernelSet: "generic", Modules: map[string]string{"a": "v1"}}}
}

func open(t *testing.T, runs int) (*Store, string) {
	t.Helper()
	name := "a study #%.db"
	if runtime.GOOS != "windows" { // which takes no question mark in a name
		name = "a study ?#%.db"
	}
	path := filepath.Join(t.TempDir(), name)
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Plan(search(plan(runs))); err != nil {
		t.Fatal(err)
	}
	return s, path
}

func records(t *testing.T, s *Store) []Record {
	t.Helper()
	list, err := s.Records()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRecord(t *testing.T) {
	s, path := open(t, 4)
	if err := s.Complete(result(2), execution(2)); err != nil {
		t.Fatal(err)
	}
	crash := execution(1)
	crash.Outcome, crash.Error = OutcomeCrashed, "signal: killed"
	if err := s.Note(crash, false); err != nil {
		t.Fatal(err)
	}
	failure := crash
	failure.Attempt, failure.Outcome = 2, OutcomeFailed
	if err := s.Note(failure, true); err != nil {
		t.Fatal(err)
	}
	second, first := result(2), execution(2)
	first.Outcome = OutcomeComplete
	want := []Record{{Run: plan(4)[0], State: Waiting}, {Run: plan(4)[1], State: Failed,
		Attempts: 2, Error: "signal: killed", Executions: []Execution{crash, failure}},
		{Run: plan(4)[2], State: Complete, Result: &second, CPU: "cpu", KernelSet: "generic",
			Executions: []Execution{first}},
		{Run: plan(4)[3], State: Waiting}}
	if got := records(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if got := records(t, reader); !reflect.DeepEqual(got, want) {
		t.Errorf("a reader sees %+v", got)
	}
	if _, err := reader.Retry(); err == nil {
		t.Error("a reader can write")
	}
	list, err := s.Executions()
	if err != nil || len(list) != 3 {
		t.Fatalf("%d executions, %v", len(list), err)
	}
	if !reflect.DeepEqual(list[0], first) {
		t.Errorf("execution %+v, want %+v", list[0], first)
	}
	for host, want := range map[string]bool{first.Host: true, first.Host + "2": false} {
		if got, err := s.CompletedOn(host); err != nil || got != want {
			t.Errorf("a run has been completed on %q: %v (%v), want %v", host, got, err, want)
		}
	}
	if err := s.GiveUp(plan(4)[3].Key, "no luck"); err != nil {
		t.Fatal(err)
	}
	if r := records(t, s)[3]; r.State != Failed || r.Error != "no luck" || r.Attempts != 0 {
		t.Errorf("given up: %+v", r)
	}
	if n, err := s.Retry(); n != 2 || err != nil || records(t, s)[1].State != Waiting {
		t.Errorf("retry: %d runs, %v", n, err)
	}
}

// TestResultsAreFinal: a second result changes nothing, neither through the package nor past it.
func TestResultsAreFinal(t *testing.T) {
	s, _ := open(t, 2)
	if err := s.Complete(result(0), execution(0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(result(0), execution(0)); err != nil {
		t.Errorf("the same result again: %v", err)
	}
	other := execution(0)
	other.Environment.CPU = "another"
	if err := s.Complete(result(1), other); err != nil {
		t.Errorf("another result from another CPU: %v", err)
	}
	var differs *DiffersError
	elsewhere := execution(0)
	elsewhere.Host = "elsewhere"
	const what = "top1 0.1111111111111111 and then 0.2222222222222222, correct, on here and then " +
		"on elsewhere, both by kernels generic on cpu"
	if err := s.Complete(result(1), elsewhere); !errors.As(err, &differs) ||
		err.Error() != "run 0000000000000000 has given two results: "+what+": something is not "+
			"deterministic; the record keeps the first" {
		t.Errorf("another result from the same CPU: %v", err)
	}
	if others := records(t, s)[0].Others; len(others) != 1 || others[0].Host != "elsewhere" ||
		others[0].Outcome != OutcomeDiffers || others[0].Error != what ||
		others[0].Environment.CPU != "cpu" || records(t, s)[0].Attempts != 0 {
		t.Errorf("its execution is %+v", others)
	}
	if got := *records(t, s)[0].Result; !reflect.DeepEqual(got, result(0)) {
		t.Errorf("the record has %+v", got)
	}
	for _, statement := range []string{"UPDATE results SET top1 = 1", "DELETE FROM results"} {
		if _, err := s.file.DB.Exec(statement); err == nil || !strings.Contains(err.Error(),
			"a result is never") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// TestNamesOfTrials: the names and the order of a plan are taken over with their latencies, even
// where two trials change names.
func TestNamesOfTrials(t *testing.T) {
	s, _ := open(t, 4)
	if err := s.Complete(result(3), execution(3)); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"trial 0", "trial 1"} {
		if err := s.SetLatency(Latency{Trial: name, Batch: i + 1, Shortest: 1, Median: 1}); err != nil {
			t.Fatal(err)
		}
	}
	p := plan(4)
	for i := range p {
		p[i].Trial = []string{"trial 1", "trial 0"}[i/2]
	}
	slices.Reverse(p)
	if err := s.Plan(search(p)); err != nil {
		t.Fatal(err)
	}
	list := records(t, s)
	for i, r := range list {
		if r.Run != p[i] {
			t.Errorf("run %d is %+v, want %+v", i, r.Run, p[i])
		}
	}
	if list[0].Result == nil || list[0].Trial != "trial 0" {
		t.Errorf("the result belongs to %+v", list[0])
	}
	latencies, err := s.Latencies()
	if err != nil || len(latencies) != 2 || latencies[0].Trial != "trial 0" ||
		latencies[0].Batch != 2 {
		t.Errorf("the latencies are %+v (%v)", latencies, err)
	}
}

// TestKilledWriter kills a process that records results at random moments: the file stays whole and
// every acknowledged result is there.
func TestKilledWriter(t *testing.T) {
	if path := os.Getenv("GRIDSEARCH_TEST_WRITER"); path != "" {
		writeForever(t, path)
		return
	}
	kills := 6
	if *long {
		kills = 40
	}
	s, path := open(t, 5000)
	s.Close()
	dice := random.New(1, "writer")
	acknowledged := 0
	for range kills {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledWriter$")
		cmd.Env = append(os.Environ(), "GRIDSEARCH_TEST_WRITER="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		target := acknowledged + 1 + dice.IntN(20)
		for acknowledged < target && lines.Scan() {
			if n := 0; strings.HasPrefix(lines.Text(), "wrote ") {
				fmt.Sscanf(lines.Text(), "wrote %d", &n)
				acknowledged = n + 1
			}
		}
		time.Sleep(time.Duration(dice.IntN(3000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		acknowledged = checkWhole(t, path, acknowledged)
	}
}

// writeForever records the results that are missing, and says so after each.
func writeForever(t *testing.T, path string) {
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range records(t, s) {
		if r.State == Waiting {
			if err := s.Complete(result(i), execution(i)); err != nil {
				t.Fatal(err)
			}
			fmt.Println("wrote", i)
		}
	}
}

func checkWhole(t *testing.T, path string, acknowledged int) (complete int) {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var verdict string
	err = s.file.DB.QueryRow("PRAGMA integrity_check").Scan(&verdict)
	if err != nil || verdict != "ok" {
		t.Fatalf("integrity: %s, %v", verdict, err)
	}
	for i, r := range records(t, s) {
		if r.State != Complete {
			break
		}
		if complete++; !reflect.DeepEqual(*r.Result, result(i)) {
			t.Fatalf("run %d has the result %+v", i, *r.Result)
		}
	}
	if complete < acknowledged {
		t.Fatalf("%d results were acknowledged, %d are there", acknowledged, complete)
	}
	return complete
}

// TestDifferences: every number of a result counts, predictions where both have them.
func TestDifferences(t *testing.T) {
	for want, change := range map[string]func(*Result){
		"":                                   func(*Result) {},
		"top1 0.1111111111111111 and then 1": func(r *Result) { r.Top1 = 1 },
		"top5 0.5 and then 1":                func(r *Result) { r.Top5 = 1 },
		"loss 3.141592653589793 and then 3":  func(r *Result) { r.Loss = 3 },
		"examples 9 and then 8":              func(r *Result) { r.Examples = 8 },
		"steps 10 and then 11":               func(r *Result) { r.Steps = 11 },
		"correct":                            func(r *Result) { r.Correct = []byte{1, 1} },
		"curve":                              func(r *Result) { r.Curve = []CurvePoint{{Epoch: 1}} },
		"predictions aaaaaaaaaaaa and then bbbbbbbbbbbb": func(r *Result) {
			r.Predictions = strings.Repeat("b", 64)
		},
		" ":                            func(r *Result) { r.Predictions = "" },
		"examples 9 and then 8, curve": func(r *Result) { r.Examples, r.Curve = 8, nil },
	} {
		first := result(0)
		first.Predictions = strings.Repeat("a", 64)
		later := first
		change(&later)
		got := strings.Join(first.differences(later), ", ")
		if got != strings.TrimSpace(want) {
			t.Errorf("it differs in %q, want %q", got, want)
		}
	}
	if n := reflect.TypeFor[Result]().NumField(); n != 8 {
		t.Errorf("a result has %d fields, and 8 are tried here", n)
	}
}

// TestFold: a copy of the file alone, without its log, has what was recorded before.
func TestFold(t *testing.T) {
	s, path := open(t, 2)
	if err := errors.Join(s.Complete(result(0), execution(0)), s.Fold()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.db")
	if err := os.WriteFile(alone, text, 0o644); err != nil {
		t.Fatal(err)
	}
	copied, err := OpenReadOnly(alone)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if got := records(t, copied)[0]; got.State != Complete {
		t.Errorf("the copy has %+v", got)
	}
}

// BenchmarkFold is what a result costs beside its training.
func BenchmarkFold(b *testing.B) {
	s, err := Open(filepath.Join(b.TempDir(), "study.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r := result(0)
	r.Correct = make([]byte, 10000/8)
	if err := s.Plan(search(plan(b.N))); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if err := errors.Join(s.Complete(r, execution(min(i, b.N-1))), s.Fold()); err != nil {
			b.Fatal(err)
		}
	}
}
