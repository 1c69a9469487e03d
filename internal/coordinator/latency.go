package coordinator

import (
	"context"
	"slices"
	"time"

	"gridsearch/internal/benchmark"
	"gridsearch/internal/environment"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/store"
)

// latencies measures the inference of every trial's network, one after the other and when no run
// trains beside it: for one image, and for a batch. What the record has from this processor and
// these kernels is not measured again.
func (s *supervisor) latencies(ctx context.Context, specs []job.Spec) error {
	measured, err := s.record.Latencies()
	if err != nil {
		return err
	}
	if _, err := kernel.Chosen(); err != nil { // this process computes here
		return err
	}
	here := environment.Here()
	for _, spec := range specs {
		for _, batch := range []int{1, s.execution.LatencyBatch} {
			l := store.Latency{Trial: spec.Trial, Batch: batch, Threads: spec.Threads,
				CPU: here.CPU, KernelSet: here.KernelSet}
			if slices.ContainsFunc(measured, l.Same) {
				continue
			}
			if ctx.Err() != nil {
				return &InterruptedError{0, context.Cause(ctx)}
			}
			m, err := benchmark.MeasureLatency(spec.Architecture, batch, spec.Threads)
			if err != nil {
				return err
			}
			l.Repeats, l.Shortest, l.Median, l.Measured = m.Repeats, m.Shortest, m.Median, time.Now()
			if err := s.record.SetLatency(l); err != nil {
				return err
			}
			measured = append(measured, l) // the other runs of the trial
			s.tell(Event{Kind: LatencyMeasured, Trial: spec.Trial, Batch: batch, Seconds: l.Shortest})
		}
	}
	return nil
}
