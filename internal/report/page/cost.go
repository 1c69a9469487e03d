package page

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"gridsearch/internal/plural"
	"gridsearch/internal/si"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// records are those of all runs, in the plan's order.
func records(s *study.Study) iter.Seq[store.Record] {
	return func(yield func(store.Record) bool) {
		for _, list := range [][]store.Record{s.Records, s.Later} {
			for _, r := range list {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// cost is what the study has cost so far.
func cost(s *study.Study) (list []fact) {
	c := count(s)
	attempts, processor, lost := 0, 0., 0.
	var peak int64
	var hosts []string
	var spans []span
	for r := range records(s) {
		for _, e := range r.Executions {
			attempts++
			spent := (e.TrainSeconds + e.EvalSeconds) * float64(max(1, s.Experiment.Execution.ThreadsPerRun))
			if processor += spent; e.Outcome != store.OutcomeComplete && e.Outcome != store.OutcomeInterrupted {
				lost += spent
			}
			peak = max(peak, e.PeakRSSBytes)
			hosts = append(hosts, e.Host)
			if !e.Started.IsZero() {
				spans = append(spans, span{e.Started, e.Ended})
			}
		}
	}
	list = append(list, fact{"runs", fmt.Sprintf("%d of %d", c.complete, c.all), ended(c)})
	if attempts == 0 {
		return list
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	of := fact{"processor time", duration(processor), "training and evaluation"}
	if lost > 0 {
		of.Remark += ", " + duration(lost) + " of it without a result"
	}
	list = append(list, of)
	if busy, first, last := union(spans); len(spans) > 0 {
		list = append(list, fact{"wall time", duration(busy.Seconds()),
			"with something in training; " + between(first, last)})
	}
	return append(list,
		fact{"machines", fmt.Sprint(len(hosts)), fmt.Sprintf("%s, up to %sB of memory each",
			plural.Of(attempts, "attempt"), si.Text(float64(peak)))})
}

// between is a period in UTC, with one date where it is a day's.
func between(first, last time.Time) string {
	first, last = first.UTC(), last.UTC()
	end := last.Format("15:04 UTC")
	if day := last.Format(time.DateOnly); day != first.Format(time.DateOnly) {
		end = day + " " + end
	}
	return first.Format("2006-01-02 15:04") + " to " + end
}

// ended says what became of the runs that are not complete.
func ended(c counts) (text string) {
	for _, part := range []struct {
		n    int
		name string
	}{{c.failed, "failed"}, {c.dropped, "dropped"}, {c.waiting, "waiting"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.name)
		}
	}
	return "complete" + text
}

// span is a time from start to end.
type span struct{ from, to time.Time }

// union is how long at least one span lasts, and from when to when all do.
func union(spans []span) (total time.Duration, first, last time.Time) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from.UnixNano(), b.from.UnixNano()) })
	for i, s := range spans {
		if i == 0 {
			first, last = s.from, s.from
		}
		if s.from.Before(last) {
			s.from = last
		}
		if s.to.After(s.from) {
			total += s.to.Sub(s.from)
			last = s.to
		}
	}
	return total, first, last
}
