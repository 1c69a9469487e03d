package process

import (
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"

	"gridsearch/internal/job"
)

// asWorker is the environment variable that makes the tests' program a worker that greets, answers
// nothing, and leaves when its input ends.
const asWorker = "PROCESS_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) == "" {
		os.Exit(m.Run())
	}
	_ = json.NewEncoder(os.Stdout).Encode(job.Reply{Hello: &job.Greeting{Protocol: job.Protocol}})
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestToldToStop: a run that a worker does not get any more, as it has been told to stop, is
// interrupted; the worker leaves by itself and has not died.
func TestToldToStop(t *testing.T) {
	p, err := Start(t.Context(), time.Minute, []string{os.Args[0]}, asWorker+"=1")
	if err != nil {
		t.Fatal(err)
	}
	p.closeInput()
	done, err := p.Train(job.Training{}, func(job.Reply) { t.Error("it says something") })
	if err != nil || !done.Interrupted {
		t.Errorf("got %+v, %v", done, err)
	}
	p.Stop()
	if state := p.command.ProcessState; state == nil || !state.Success() {
		t.Errorf("it ends with %v", state)
	}
}
