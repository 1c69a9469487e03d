package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/plural"
	"gridsearch/internal/process"
	"gridsearch/internal/store"
)

// UnmeasuredError says that no run is left, but that latencies which the study asks for could not
// be measured. The next call tries them again.
type UnmeasuredError struct {
	Missing int    // latencies
	Reason  string // of the last that was tried
}

// Error says how many, and what to do.
func (e *UnmeasuredError) Error() string {
	return fmt.Sprintf("%d %s could not be measured: %s: run the same command again to try %s again",
		e.Missing, plural.Verb(e.Missing, "latency", "latencies"), e.Reason,
		plural.Verb(e.Missing, "it", "them"))
}

// measurer has one worker at a time measure latencies, when no run trains beside it.
type measurer struct {
	*coordinator
	worker   *process.Process // nil before the first, and when one has died
	recorded []store.Latency
	proved   bool   // this machine can measure: it has, now or before
	missing  int    // given up in this call
	inRow    int    // of those, one after the other
	reason   string // of the last of them
}

// latencies has a worker measure the inference of every trial's network: for one image, and for a
// batch. What the record has from the worker's processor and kernels is not measured again. All
// workers that have trained must have left.
func (c *coordinator) latencies(ctx context.Context, specs []job.Spec) (err error) {
	m := &measurer{coordinator: c}
	defer m.leave()
	if m.recorded, err = c.record.Latencies(); err != nil {
		return err
	}
	list := measurements(specs, c.execution.LatencyBatch)
	for i, wanted := range list {
		err := m.measure(ctx, wanted)
		var died *process.Died
		switch {
		case err == nil && !m.hopeless():
			continue
		case err == nil:
			return &UnmeasuredError{m.missing + len(list) - i - 1, m.reason}
		case ctx.Err() != nil:
			return &InterruptedError{0, context.Cause(ctx)}
		case errors.As(err, &died):
			return &UnmeasuredError{m.missing + len(list) - i, "no worker comes up: " + err.Error()}
		}
		return err
	}
	if m.missing > 0 {
		return &UnmeasuredError{m.missing, m.reason}
	}
	return nil
}

// measurements lists those of every trial, once.
func measurements(specs []job.Spec, batch int) (list []job.Measurement) {
	seen := map[string]bool{}
	for _, spec := range specs {
		if !seen[spec.Trial] {
			seen[spec.Trial] = true
			list = append(list, job.Measurement{Spec: spec, Batch: 1},
				job.Measurement{Spec: spec, Batch: batch})
		}
	}
	return list
}

// hopeless says whether the rest is not worth the time: nothing has ever been measured here, or as
// many were given up one after the other as runs may fail.
func (m *measurer) hopeless() bool {
	limit := m.execution.MaxConsecutiveFailures
	return m.missing > 0 && !m.proved || limit > 0 && m.inRow >= limit
}

// leave ends the worker.
func (m *measurer) leave() {
	if m.worker != nil {
		m.worker.Stop()
	}
}

// measure measures one latency, tried as often as a run, and records it. One that no try has given
// is told and counted. The error, a *process.Died where no worker comes up, ends the measuring.
func (m *measurer) measure(ctx context.Context, wanted job.Measurement) (err error) {
	for tries := 0; ; tries++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if m.worker == nil {
			if m.worker, err = m.start(ctx, wanted.Spec.Key); err != nil {
				m.worker = nil
				return err
			}
		}
		if slices.ContainsFunc(m.recorded, m.latency(wanted).Same) {
			m.proved = true
			return nil
		}
		answer, err := m.ask(ctx, wanted)
		switch {
		case ctx.Err() != nil && (err != nil || answer.Interrupted):
			return ctx.Err()
		case err == nil && answer.Error == "":
			return m.take(wanted, answer)
		case err == nil:
			err = errors.New(answer.Error)
		case tries < m.execution.MaxRetries:
			m.report(LatencyRetried, wanted, err)
			continue
		}
		m.missing, m.inRow, m.reason = m.missing+1, m.inRow+1, err.Error()
		m.report(Unmeasured, wanted, err)
		return nil
	}
}

// ask has the worker measure. The error says that it died on the way, or was killed for its answer.
func (m *measurer) ask(ctx context.Context, wanted job.Measurement) (job.Latency, error) {
	p := m.worker
	release := p.Watch(ctx, m.untilKilled(), process.Patience{Silence: m.execution.Silence})
	answer, err := p.Measure(wanted)
	release()
	if err == nil && answer.Interrupted && ctx.Err() == nil {
		err = p.Refuse("it was interrupted by nobody")
	}
	if err == nil {
		return answer, nil
	}
	m.worker = nil
	if died := (*process.Died)(nil); errors.As(err, &died) && ctx.Err() == nil {
		m.workers.Keep(wanted.Spec.Key, died)
	}
	return answer, err
}

// latency is a measurement by the present worker as the record has it, without its times.
func (m *measurer) latency(wanted job.Measurement) store.Latency {
	return store.Latency{Trial: wanted.Spec.Trial, Batch: wanted.Batch, Threads: wanted.Spec.Threads,
		CPU: m.worker.Hello.CPU, KernelSet: m.worker.Hello.KernelSet}
}

// take records what has been measured.
func (m *measurer) take(wanted job.Measurement, answer job.Latency) error {
	l := m.latency(wanted)
	l.Repeats, l.Shortest, l.Median, l.Measured = answer.Repeats, answer.Shortest, answer.Median,
		time.Now()
	if err := m.write(func() error { return m.record.SetLatency(l) }); err != nil {
		return err
	}
	m.proved, m.inRow = true, 0
	m.tell(Event{Kind: LatencyMeasured, Trial: l.Trial, Batch: l.Batch, Seconds: l.Shortest})
	return nil
}

// report tells why a measurement has no answer.
func (m *measurer) report(kind EventKind, wanted job.Measurement, err error) {
	m.tell(Event{Kind: kind, Key: wanted.Spec.Key, Trial: wanted.Spec.Trial, Batch: wanted.Batch,
		Error: err.Error()})
}
