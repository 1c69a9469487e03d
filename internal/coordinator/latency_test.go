package coordinator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/environment"
	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/model"
	"gridsearch/search/decide"
)

// measure measures the latencies of a bench by a command, with batches of 3 beside single images.
func (b *bench) measure(ctx context.Context, change func(*coordinator), command ...string) error {
	b.t.Helper()
	b.events = nil
	s, err := newCoordinator(b.folder, b.record, b.specs, experiments.Execution{MaxRetries: 2,
		ThreadsPerRun: 1, LatencyBatch: 3}, Options{Workers: 1, Command: command,
		Observe: func(e Event) { b.events = append(b.events, e) }}, decide.All{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(s.board.flush)
	_, s.stop = context.WithCancelCause(ctx)
	change(s)
	return s.latencies(ctx, b.specs)
}

func asItIs(*coordinator) {}

// recorded lists the latencies on the record.
func (b *bench) recorded() []store.Latency {
	b.t.Helper()
	list, err := b.record.Latencies()
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// TestLatencies: a worker measures every trial once, for one image and for a batch; a stopped study
// has measured nothing and says so; another machine's times are replaced.
func TestLatencies(t *testing.T) {
	specs := []job.Spec{spec(t), spec(t)}
	for i := range specs {
		specs[i].Architecture = specs[i].Architecture.Scale(.1, .1, .1, model.Rounding{})
		specs[i].SeedIndex = i
		var err error
		if specs[i], err = specs[i].WithKey(); err != nil {
			t.Fatal(err)
		}
	}
	b, command := benchOf(t, "", specs), realWorker(t)
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	var interrupted *InterruptedError
	if err := b.measure(stopped, asItIs, command...); !errors.As(err, &interrupted) ||
		interrupted.Cause.Error() != "enough" || len(b.recorded()) != 0 {
		t.Errorf("a stopped study: %v", err)
	}
	if err := b.measure(t.Context(), asItIs, command...); err != nil {
		t.Fatal(err)
	}
	list, here := b.recorded(), environment.Here()
	if len(list) != 2 || list[0].Batch != 1 || list[1].Batch != 3 || list[0].Repeats < 20 ||
		list[0].KernelSet != here.KernelSet || list[0].CPU != here.CPU || len(b.events) != 2 ||
		b.events[1].Kind != LatencyMeasured || b.events[1].Batch != 3 ||
		b.events[1].Seconds != list[1].Shortest {
		t.Fatalf("%+v, told %+v", list, b.events)
	}
	if err := b.measure(t.Context(), asItIs, command...); err != nil || len(b.events) != 0 {
		t.Errorf("once more: %v, told %+v", err, b.events)
	}
	other := list[0]
	other.CPU, other.Shortest = "another", 5
	other.Median = 5
	if err := b.record.SetLatency(other); err != nil {
		t.Fatal(err)
	}
	if err := b.measure(t.Context(), asItIs, command...); err != nil || len(b.events) != 1 ||
		b.recorded()[0].CPU != here.CPU {
		t.Errorf("after another machine: %v, %+v", err, b.recorded())
	}
}

// measures answers measurements as the variable TIMES says.
const measures = `read request || exit 0
	key=${request#*'"key":"'}; key=${key%%'"'*}; trial=${request#*'"trial":"'}; trial=${trial%%'"'*}
	batch=${request##*'"batch":'}; batch=${batch%%'}'*}
	answer() { echo '{"measured":{"key":"'$key'","trial":"'$trial'","batch":'$batch,"$1"'}}'; }
	`

const times = `answer '"repeats":20,"shortest_seconds":0.5,"median_seconds":1'`

// TestWrongLatencies: a worker that dies while it measures, says nothing, or answers what cannot be
// or was not asked for is named and replaced, and the next one measures.
func TestWrongLatencies(t *testing.T) {
	const done = `echo '{"measured":{"key":"'$key'","trial":"a","batch":1,`
	const good = `"repeats":20,"shortest_seconds":1,"median_seconds":1}}'; exec cat`
	for name, c := range map[string]struct{ script, want string }{
		"a death": {`echo words >&2; kill -9 $$`,
			"signal: killed (by hand, or by the system for want of memory): words"},
		"an end":  {`exit 0`, "unexpected end of its output"},
		"no word": {`kill -STOP $$`, "no word of it for 1ms, so it was killed"},
		"garbage": {`echo what; exec cat`, "what it says is no message (invalid character 'w' looking " +
			"for beginning of value), so it was killed"},
		"another key": {`key=b; ` + times + `; exec cat`,
			`its answer is of run "b" of trial "a" and batches of 1, and it was asked for ` +
				`0000000000000000 of a and batches of 1, so it was killed`},
		"another trial": {`trial=b; ` + times + `; exec cat`, `its answer is of run ` +
			`"0000000000000000" of trial "b" and batches of 1`},
		"another batch": {`batch=2; ` + times + `; exec cat`, `its answer is of run ` +
			`"0000000000000000" of trial "a" and batches of 2`},
		"no time": {done + `"repeats":20,"shortest_seconds":0,"median_seconds":1}}'; exec cat`,
			"its answer has 20 passes of 0 s, 1 in the median, which cannot be, so it was killed"},
		"a time below 0": {done + `"repeats":20,"shortest_seconds":-1,"median_seconds":1}}'; exec cat`,
			"its answer has 20 passes of -1 s, 1 in the median, which cannot be, so it was killed"},
		"an endless time": {done +
			`"repeats":20,"shortest_seconds":1,"median_seconds":1e999}}'; exec cat`,
			"what it says is no message (json: cannot unmarshal number 1e999"},
		"two ends": {done + `"error":"x",` + good,
			"its answer has 2 of times, an error and an interruption"},
		"nobody's stop": {done + `"interrupted":true}}'; exec cat`,
			"it was interrupted by nobody, so it was killed"},
		"the end of a run": {`echo '{"done":{"key":"'$key'","error":"x"}}'; exec cat`,
			"it answers with the end of a run, and was asked for a measurement, so it was killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FIRST", filepath.Join(t.TempDir(), "first"))
			b := newBench(t, "", "a")
			silence := func(s *coordinator) {
				if name == "no word" {
					s.execution.Silence = time.Millisecond
				}
			}
			script := `echo "$HELLO"; if mkdir "$FIRST" 2>/dev/null; then ` + measures + c.script +
				`; fi; while true; do ` + measures + times + `; done`
			// a silence that short ends those that measure too, so often as the machine is slow
			err := b.measure(t.Context(), silence, "sh", "-c", script)
			if list := b.recorded(); name != "no word" && (err != nil || len(list) != 2 ||
				list[0].Shortest != .5 || list[0].Median != 1 || list[0].Repeats != 20 ||
				b.count(LatencyRetried) != 1 || b.count(LatencyMeasured) != 2) {
				t.Errorf("it ends with %v: %+v, told %+v", err, list, b.events)
			}
			first := b.events[0]
			if first.Kind != LatencyRetried || first.Trial != "a" || first.Batch != 1 ||
				!strings.HasPrefix(first.Error, "worker died: "+c.want) ||
				!strings.HasSuffix(first.Error, "(runs/0000000000000000/crash-1.txt)") {
				t.Errorf("it is told as %+v", first)
			}
			text, err := os.ReadFile(filepath.Join(b.folder.Run(b.specs[0].Key), "crash-1.txt"))
			if err != nil || !strings.Contains(string(text), strings.SplitN(c.want, " (by", 2)[0]) {
				t.Errorf("the file says %q (%v), want %q", text, err, c.want)
			}
		})
	}
}

// TestLatenciesGivenUp: a latency that no try gives is told and the others are measured; where
// nothing has ever been measured, or as many are given up in a row as runs may fail, the rest is
// left to the next call.
func TestLatenciesGivenUp(t *testing.T) {
	const loop = `echo "$HELLO"; while true; do ` + measures
	const bad = `case $trial$batch in bad*) kill -9 $$;;
		odd*|large*3) answer '"error":"odd"';; *) ` + times + `;; esac; done`
	const killed = "worker died: signal: killed (by hand, or by the system for want of memory) " +
		"(runs/0000000000000001/crash-6.txt)"
	for name, c := range map[string]struct {
		trials                  []string
		limit                   int
		retried, given, measure int
		want                    string
	}{
		"one": {[]string{"a", "bad", "b"}, 0, 4, 2, 4,
			"2 latencies could not be measured: " + killed},
		"its own": {[]string{"a", "odd"}, 0, 0, 2, 2, "2 latencies could not be measured: odd: run "},
		"in a row": {[]string{"a", "odd", "odd2", "b"}, 2, 0, 2, 2,
			"6 latencies could not be measured: odd: "},
		"at first": {[]string{"odd", "a"}, 0, 0, 1, 0, "4 latencies could not be measured: odd: "},
		"the last": {[]string{"a", "b", "odd"}, 2, 0, 2, 4, "2 latencies could not be measured: odd: "},
		"not in a row": {[]string{"a", "large", "large2", "b"}, 2, 0, 2, 6,
			"2 latencies could not be measured: odd: "},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "", c.trials...)
			var unmeasured *UnmeasuredError
			limited := func(s *coordinator) { s.execution.MaxConsecutiveFailures = c.limit }
			err := b.measure(t.Context(), limited, "sh", "-c", loop+bad)
			if !errors.As(err, &unmeasured) || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("it ends with %v, want %s", err, c.want)
			}
			if b.count(LatencyRetried) != c.retried || b.count(Unmeasured) != c.given ||
				b.count(LatencyMeasured) != c.measure || len(b.recorded()) != c.measure {
				t.Errorf("told %+v", b.events)
			}
			err = b.measure(t.Context(), asItIs, "sh", "-c", loop+times+`; done`)
			if err != nil || len(b.recorded()) != 2*len(c.trials) ||
				b.count(LatencyMeasured) != 2*len(c.trials)-c.measure {
				t.Errorf("the next call ends with %v, told %+v", err, b.events)
			}
		})
	}
}

// TestNoWorkerMeasures: a worker that does not come up ends the measuring, and one of another
// program does too.
func TestNoWorkerMeasures(t *testing.T) {
	b := newBench(t, "", "a", "b")
	err := b.measure(t.Context(), asItIs, "sh", "-c", "exit 7")
	if want := "4 latencies could not be measured: no worker comes up: worker died: exit " +
		"status 7 (runs/" + b.specs[0].Key + "/crash-3.txt): run the same command again"; err == nil ||
		!strings.HasPrefix(err.Error(), want) || b.count(LatencyRetried) != 0 {
		t.Errorf("it ends with %v, want %s", err, want)
	}
	t.Setenv("FIRST", filepath.Join(t.TempDir(), "first"))
	const once = `mkdir "$FIRST" 2>/dev/null || exit 7; echo "$HELLO"; ` + measures + times +
		`; read request; exit 8`
	err = b.measure(t.Context(), asItIs, "sh", "-c", once)
	if want := "3 latencies could not be measured: no worker comes up: "; err == nil ||
		!strings.HasPrefix(err.Error(), want) || b.count(LatencyRetried) != 1 {
		t.Errorf("it ends with %v, want %s", err, want)
	}
	var stopped *StoppedError
	hello := `echo '{"hello":{"protocol":2}}'; exec cat`
	if err := b.measure(t.Context(), asItIs, "sh", "-c", hello); !errors.As(err, &stopped) {
		t.Errorf("a worker of another program: %v", err)
	}
}

// TestStoppedMeasuring: a study that is stopped while it measures ends the worker's measurement,
// and goes on with it in the next call.
func TestStoppedMeasuring(t *testing.T) {
	for name, script := range map[string]string{
		"answered": `cat >/dev/null; answer '"interrupted":true'; exit 0`,
		"died":     `cat >/dev/null; exit 1`,
	} {
		ctx, stop := context.WithCancelCause(t.Context())
		b := newBench(t, "", "a")
		path := filepath.Join(t.TempDir(), "asked")
		go func() {
			for ctx.Err() == nil {
				if _, err := os.Stat(path); err == nil {
					stop(errors.New("enough"))
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
		err := b.measure(ctx, asItIs, "sh", "-c", `echo "$HELLO"; `+measures+`: >"$0"; `+script, path)
		var interrupted *InterruptedError
		if !errors.As(err, &interrupted) || interrupted.Cause.Error() != "enough" ||
			len(b.events) != 0 || len(b.recorded()) != 0 {
			t.Errorf("%s: it ends with %v, told %+v", name, err, b.events)
		}
		err = b.measure(t.Context(), asItIs, "sh", "-c",
			`echo "$HELLO"; while true; do `+measures+times+`; done`)
		if err != nil || len(b.recorded()) != 2 {
			t.Errorf("%s: the next call ends with %v", name, err)
		}
	}
}

// TestMeasurements: every trial is measured once, whatever the number of its runs.
func TestMeasurements(t *testing.T) {
	list := measurements([]job.Spec{{Trial: "a", Key: "1"}, {Trial: "b", Key: "2"},
		{Trial: "a", Key: "3"}}, 8)
	var got []string
	for _, m := range list {
		got = append(got, fmt.Sprint(m.Spec.Key, " ", m.Batch))
	}
	if want := []string{"1 1", "1 8", "2 1", "2 8"}; !slices.Equal(got, want) {
		t.Errorf("%q are measured, want %q", got, want)
	}
}

// TestMeasuresAlone: the worker that measures is the only one that there is.
func TestMeasuresAlone(t *testing.T) {
	t.Setenv("ANSWER", result)
	t.Setenv("WORKERS", t.TempDir())
	script := `mkdir "$WORKERS/$$"; echo "$HELLO"; while true; do ` + strings.Replace(measures,
		"|| exit 0", `|| break`, 1) + `case "$request" in
		'{"train"'*) echo '{"done":{"key":"'$key'",'"${ANSWER#?}"'}';;
		*) if test "$(ls "$WORKERS")" = $$; then ` + times + `; else answer '"error":"not alone"'; fi;;
		esac; done; sleep .1; rmdir "$WORKERS/$$"`
	b := newBench(t, "", "a", "b", "c")
	err := b.measure(t.Context(), func(s *coordinator) {
		s.options.Workers = 3
		if err := s.run(t.Context()); err != nil {
			t.Error(err)
		}
	}, "sh", "-c", script)
	if err != nil || b.count(RunComplete) != 3 || b.count(LatencyMeasured) != 6 {
		t.Errorf("it ends with %v, told %+v", err, b.events)
	}
}
