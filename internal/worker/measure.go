package worker

import (
	"context"
	"errors"
	"runtime"
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/latency"
)

// measure times the inference of a run's network. It says that it is alive between two passes, and
// no oftener than it must: whoever listens shares the machine.
func (w *worker) measure(ctx context.Context, m job.Measurement) job.Latency {
	runtime.GOMAXPROCS(m.Spec.Threads + 1) // as in train
	answer := job.Latency{Key: m.Spec.Key, Trial: m.Spec.Trial, Batch: m.Batch}
	var said time.Time
	l, err := latency.Measure(m.Spec.Architecture, m.Batch, m.Spec.Threads, func() error {
		if time.Since(said) >= aliveEvery {
			_ = w.send(job.Reply{Alive: true}) // as in progress
			said = time.Now()
		}
		return ctx.Err()
	})
	switch {
	case err == nil:
		answer.Repeats, answer.Shortest, answer.Median = l.Repeats, l.Shortest, l.Median
	case errors.Is(err, context.Canceled):
		answer.Interrupted = true
	default:
		answer.Error = err.Error()
	}
	return answer
}
