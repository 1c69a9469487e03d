package coordinator

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"gridsearch/experiments"
	"gridsearch/internal/environment"
	"gridsearch/internal/job"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/model"
)

// TestLatencies: every trial is measured once, for one image and for a batch; a stopped study has
// measured nothing and says so; another machine's times are replaced.
func TestLatencies(t *testing.T) {
	record, err := store.Open(filepath.Join(t.TempDir(), "study.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer record.Close()
	one := spec(t)
	one.Architecture = one.Architecture.Scale(.1, .1, .1, model.Rounding{})
	two := one
	two.SeedIndex, two.Key = 1, "another run of the trial"
	var told []Event
	folder := study.Folder(t.TempDir())
	s := &supervisor{folder: folder, board: board{path: folder.Status()}, record: record,
		execution: experiments.Execution{LatencyBatch: 3}, tracker: newTracker(time.Now(), 1, 0),
		options: Options{Observe: func(e Event) { told = append(told, e) }}}
	t.Cleanup(s.board.flush)
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	var interrupted *InterruptedError
	if err := s.latencies(stopped, []job.Spec{one}); !errors.As(err, &interrupted) ||
		interrupted.Cause.Error() != "enough" {
		t.Errorf("a stopped study: %v", err)
	}
	for range 2 {
		if err := s.latencies(t.Context(), []job.Spec{one, two}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := record.Latencies()
	if err != nil || len(list) != 2 || list[0].Batch != 1 || list[1].Batch != 3 ||
		list[0].Repeats < 20 || list[0].KernelSet != environment.KernelSet() || len(told) != 2 ||
		told[1].Batch != 3 {
		t.Fatalf("%+v (%v), told %+v", list, err, told)
	}
	other := list[0]
	other.CPU, other.Shortest = "another", 5
	if err := record.SetLatency(other); err != nil {
		t.Fatal(err)
	}
	if err := s.latencies(t.Context(), []job.Spec{one}); err != nil {
		t.Fatal(err)
	}
	if list, err := record.Latencies(); err != nil || list[0].CPU == "another" || len(told) != 3 {
		t.Errorf("after another machine: %+v (%v)", list, err)
	}
}
