package figures

import (
	"fmt"
	"slices"
	"time"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// attempts are the executions of all runs in the order of their starts, each with its worker. The
// record names hosts alone: of the executions of one host that overlap, each is in a place of its
// own, the first that is free.
func attempts(s *study.Study) []values.Run {
	var list []values.Run
	var hosts []string
	for _, record := range slices.Concat(s.Records, s.Later) {
		for _, e := range record.Executions {
			if e.Started.IsZero() || e.Ended.Before(e.Started) {
				continue // a clock was set back
			}
			list = append(list, run(record, e, s.Experiment.Execution.ThreadsPerRun))
			if !slices.Contains(hosts, e.Host) {
				hosts = append(hosts, e.Host)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b values.Run) int { return a.Started.Compare(b.Started) })
	for _, host := range hosts {
		number(list, host)
	}
	return list
}

func run(record store.Record, e store.Execution, threads int) values.Run {
	return values.Run{Trial: record.Trial, Seed: record.Seed, Started: e.Started, Ended: e.Ended,
		Outcome: e.Outcome, Worker: e.Host, Threads: threads}
}

// number numbers the workers of a host that has several.
func number(runs []values.Run, host string) {
	var free []time.Time // from when on each worker is
	workers := map[int]int{}
	for i, r := range runs {
		if r.Worker != host {
			continue
		}
		w := slices.IndexFunc(free, func(t time.Time) bool { return !t.After(r.Started) })
		if w < 0 {
			w, free = len(free), append(free, time.Time{})
		}
		free[w], workers[i] = r.Ended, w
	}
	if len(free) < 2 {
		return
	}
	for i, w := range workers {
		runs[i].Worker = fmt.Sprintf("%s %d", host, w+1)
	}
}
