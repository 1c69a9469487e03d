package coordinator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// TestWrongAnswers: a worker that answers with what it was not asked for, speaks another protocol,
// says what is no message, or nothing, is named and replaced; its run is trained by the next.
func TestWrongAnswers(t *testing.T) {
	const greeted = `echo "$HELLO"; read request; `
	const done = `echo '{"done":{"key":"0000000000000000",`
	for name, c := range map[string]struct{ script, want string }{
		"another key": {greeted + `echo '{"done":{"key":"ffffffffffffffff",'"${ANSWER#?}"'}'; exec cat`,
			`its answer is of run "ffffffffffffffff", and it was asked for 0000000000000000, so it was killed`},
		"no end": {greeted + done + `"files":[]}}'; exec cat`,
			"its answer has 0 of a result, an error and an interruption"},
		"another end": {greeted + done + `"error":"x",'"${ANSWER#?}"'}'; exec cat`,
			"its answer has 2 of a result, an error and an interruption"},
		"a file that is another": {greeted +
			`mkdir -p "$FOLDER/runs/0000000000000000"; echo y >"$FOLDER/runs/0000000000000000/checkpoint"; ` +
			done + `"files":[{"name":"checkpoint","sha256":"0123456789abcdef"}],'"${ANSWER#?}"'}'; exec cat`,
			"its answer names checkpoint with the SHA-256 0123456789ab, the file has "},
		"a file that is not there": {greeted + done +
			`"files":[{"name":"weights.safetensors","sha256":""}],'"${ANSWER#?}"'}'; exec cat`,
			"its answer names a file that cannot be read: open "},
		"a file elsewhere": {greeted + done +
			`"files":[{"name":"../../study.db","sha256":""}],'"${ANSWER#?}"'}'; exec cat`,
			`its answer names the file "../../study.db", and a run has none of that name`},
		"a measurement": {greeted + `echo '{"measured":{"key":"0000000000000000"}}'; exec cat`,
			"it answers with a measurement, and was asked for a training, so it was killed"},
		"progress of another run": {greeted +
			`echo '{"progress":{"key":"ffffffffffffffff","step":1,"steps":2}}'; exec cat`,
			`its progress is of run "ffffffffffffffff", and it was asked for 0000000000000000, so it was`},
		"no numbers of a training": {greeted + done + `"result":{"top1":2}}}'; exec cat`,
			"its answer is no result of a training: top-1 is 2 and top-5 0: they are shares"},
		"another top-1 than its images": {greeted + done + `"result":{"top1":0.5,"top5":1,"loss":1,` +
			`"examples":8,"correct":"AA==","curve":[{"epoch":1,"step":1}],"steps":1}}}'; exec cat`,
			"its answer is no result of a training: a result has top-1 0.5, and 0 of 8 images as correct"},
		"an interruption by nobody": {greeted + done + `"interrupted":true}}'; exec cat`,
			"it was interrupted by nobody, so it was killed"},
		"words that say nothing": {greeted + `echo '{}'; exec cat`,
			"it says something else than how far it is, so it was killed"},
		"a second greeting": {greeted + `echo "$HELLO"; exec cat`,
			"it says something else than how far it is, so it was killed"},
		"garbage": {greeted + `echo what; exec cat`,
			"what it says is no message (invalid character 'w' looking for beginning of value), " +
				"so it was killed"},
		"another kind of message": {greeted + `echo '{"done":7}'; exec cat`,
			"what it says is no message (json: cannot unmarshal number"},
		"garbage for a greeting": {`echo what; exec cat`, "what it says is no message"},
		"no greeting": {`echo '{"alive":true}'; exec cat`,
			"it says something else before its greeting"},
		"an earlier protocol": {`echo '{"hello":{"numeric_version":3}}'; exec cat`,
			"it speaks version 0 of the protocol and this program 2, so it was killed"},
		"nothing":                   {greeted + `exit 0`, "unexpected end of its output"},
		"nothing before a greeting": {`exit 0`, "unexpected end of its output"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ANSWER", result)
			t.Setenv("FIRST", filepath.Join(t.TempDir(), "first"))
			b := newBench(t, `if mkdir "$FIRST" 2>/dev/null; then `+c.script+`; fi; `+answers, "a")
			t.Setenv("FOLDER", string(b.folder))
			if err := b.run(t.Context()); err != nil || b.count(RunComplete) != 1 ||
				b.count(RunFailed) != 0 {
				t.Errorf("the study ends with %v: %+v", err, b.events)
			}
			text, err := os.ReadFile(filepath.Join(b.folder.Run(b.specs[0].Key), "crash-1.txt"))
			if err != nil || !strings.Contains(string(text), c.want) {
				t.Errorf("the file says %q (%v), want %q", text, err, c.want)
			}
			if b.count(RunRetried) == 1 && !strings.Contains(b.events[2].Error, "worker died: "+c.want) {
				t.Errorf("it is told as %q", b.events[2].Error)
			}
		})
	}
}

// TestWorkersOfAnotherProtocol: where all are, the study stops and says what to do.
func TestWorkersOfAnotherProtocol(t *testing.T) {
	b := newBench(t, `echo '{"hello":{}}'; exec cat`, "a")
	err := b.run(t.Context())
	if err == nil || !strings.Contains(err.Error(),
		"no worker comes up: worker died: it speaks version 0 of the protocol") ||
		!strings.HasSuffix(err.Error(), replacedAdvice) {
		t.Errorf("the study ends with %v", err)
	}
}

// TestWhoTrained: the record names the host, the command line and the environment of the worker.
func TestWhoTrained(t *testing.T) {
	t.Setenv("ANSWER", result)
	b := newBench(t, answers, "a")
	hello := job.Greeting{Protocol: job.Protocol, Host: "elsewhere", CommandLine: "launched worker",
		Environment: job.Environment{NumericVersion: job.NumericVersion, CPU: "of its own", Cores: 77}}
	text, err := json.Marshal(job.Reply{Hello: &hello})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HELLO", string(text))
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := b.record.Executions()
	if err != nil || len(list) != 1 || list[0].Outcome != store.OutcomeComplete {
		t.Fatalf("%+v (%v)", list, err)
	}
	if e := list[0]; e.Host != hello.Host || e.CommandLine != hello.CommandLine ||
		e.Environment.CPU != hello.CPU || e.Environment.Cores != hello.Cores ||
		e.Started.IsZero() || e.Ended.IsZero() {
		t.Errorf("the record says %+v", e)
	}
}

// TestPlacesOfWorkers: what a worker of this machine is told at its start.
func TestPlacesOfWorkers(t *testing.T) {
	f := study.Folder("studies/x")
	for data, want := range map[string]string{"": "worker --runs " + f.Runs(),
		"/data": "worker --runs " + f.Runs() + " --data /data"} {
		if got := strings.Join(withPlaces(f, []string{"worker"}, data), " "); got != want {
			t.Errorf("it is started by %s, want %s", got, want)
		}
	}
}
