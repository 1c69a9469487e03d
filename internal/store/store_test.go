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
	"sync"
	"testing"
	"time"

	"gridsearch/internal/random"
)

var long = flag.Bool("long", false, "kill the writer 40 times instead of 6")

func plan(n int) []Run {
	var runs []Run
	for i := range n {
		runs = append(runs, Run{Key: fmt.Sprintf("%016x", i), Trial: fmt.Sprintf("trial %d", i/2),
			Seed: i % 2, Network: fmt.Sprintf("%016x", i/2+100), Stage: SearchStage})
	}
	return runs
}

// search is the first stage with runs.
func search(runs []Run) []Stage { return []Stage{{SearchStage, DecideAll, runs}} }

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
	crash.Attempt, crash.Outcome = 2, OutcomeFailed
	if err := s.Note(crash, true); err != nil {
		t.Fatal(err)
	}
	second := result(2)
	want := []Record{{Run: plan(4)[0], State: Waiting}, {Run: plan(4)[1], State: Failed,
		Attempts: 2, Error: "signal: killed"},
		{Run: plan(4)[2], State: Complete, Result: &second, CPU: "cpu", KernelSet: "generic"},
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
	first := execution(2)
	first.Outcome = OutcomeComplete
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
		if _, err := s.db.Exec(statement); err == nil || !strings.Contains(err.Error(),
			"a result is never") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// TestNamesOfTrials: the names and the order of a plan are taken over with their latencies, even
// where two trials change names; a seed that is not its key's is damage.
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
	for want, change := range map[string]func(*Run){
		"seed 1, its key is that of seed 7":                 func(r *Run) { r.Seed = 7 },
		"stream (none), its key is that of stream tune":     func(r *Run) { r.Stream = "tune" },
		"condition (none), its key is that of condition e=": func(r *Run) { r.Condition = "e=1" },
		"065, its key is that of network ff":                func(r *Run) { r.Network = "ff" },
	} {
		other := slices.Clone(p)
		change(&other[0])
		var file *FileError
		if err := s.Plan(search(other)); !errors.As(err, &file) || !strings.Contains(err.Error(),
			"0003 is recorded with ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestOtherFiles: what is no record of this program is refused with its name and with what to do,
// and nothing about it changes.
func TestOtherFiles(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	s, newer := open(t, 1)
	if _, err := s.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		text:  "no readable SQLite file",
		newer: "version 99",
		foreign(t, filepath.Join(folder, "plain"), "DELETE"): "no study of gridsearch: move it away",
		foreign(t, filepath.Join(folder, "wal"), "WAL"):      "no study of gridsearch: move it away",
		damaged(t): "bring a copy of it back",
	} {
		before := listing(t, path)
		for name, open := range map[string]func(string) (*Store, error){"Open": Open,
			"OpenReadOnly": OpenReadOnly} {
			var file *FileError
			if _, err := open(path); !errors.As(err, &file) || !strings.Contains(err.Error(),
				want) || file.Path != path || !strings.Contains(err.Error(), path) {
				t.Errorf("%s gives %v, want %q", name, err, want)
			}
		}
		if after := listing(t, path); path != newer && !reflect.DeepEqual(after, before) {
			t.Errorf("%s has changed", path)
		}
	}
	var file *FileError
	if _, err := OpenReadOnly(filepath.Join(folder, "missing")); !errors.As(err, &file) ||
		!strings.Contains(err.Error(), "no such record") {
		t.Errorf("got %v", err)
	}
}

// foreign makes a database of another program.
func foreign(t *testing.T, path, journal string) string {
	t.Helper()
	s, err := connect(path, "_pragma=journal_mode("+journal+")")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.db.Exec("PRAGMA application_id = 7; CREATE TABLE theirs (n INTEGER); INSERT " +
		"INTO theirs VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	return path
}

// damaged makes a record whose pages behind the first are overwritten.
func damaged(t *testing.T) string {
	t.Helper()
	s, path := open(t, 400)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 8192; i < len(content); i++ {
		content[i] = 0xa5
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// listing is the content of a file and of those that belong to it.
func listing(t *testing.T, path string) map[string]string {
	t.Helper()
	content := map[string]string{}
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if text, err := os.ReadFile(path + end); err == nil {
			content[end] = string(text)
		}
	}
	return content
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := Lock(path); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("a second lock gives %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
}

// TestHolder: asking who holds a lock keeps nobody from taking it, and never names those who ask.
func TestHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if pid := Holder(path); pid != 0 {
		t.Errorf("a lock that was never taken is held by %d", pid)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("asking makes the file")
	}
	over, asked := make(chan struct{}), sync.WaitGroup{}
	for range 4 {
		asked.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if pid := Holder(path); pid != 0 && pid != os.Getpid() {
					t.Errorf("the lock is held by %d", pid)
				}
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	for range 300 {
		lock, err := Lock(path)
		if err != nil {
			t.Fatal(err)
		}
		if pid := Holder(path); pid != os.Getpid() {
			t.Fatalf("a lock that is taken is held by %d", pid)
		}
		if err := lock.Release(); err != nil {
			t.Fatal(err)
		}
	}
	close(over)
	asked.Wait()
	if pid := Holder(path); pid != 0 {
		t.Errorf("a lock that was given back is held by %d", pid)
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
	if err := s.db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
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
