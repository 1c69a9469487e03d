package study

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gridsearch/internal/store"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// join holds a record against the plan: what of it belongs to the stages' runs, in the plan's order
// and under its names of trials, with the runs that decisions have added behind those of the plan,
// and what belongs to no stage. The error says what contradicts itself.
//
// A run is found by its key, which says what was trained; a trial's name is the plan's, and changes
// with it. A plan that was written before plans listed their runs has trials alone.
func (d document) join(records []store.Record) (joined, unplanned []store.Record, err error) {
	if len(d.Stages) == 0 {
		return d.joinByName(records)
	}
	byKey := map[string]store.Record{}
	for _, r := range records {
		byKey[r.Key] = r
	}
	open := map[string]bool{} // stages that decisions add runs to
	for _, stage := range d.Stages {
		open[stage.Name] = stage.Open()
		for _, run := range stage.Runs {
			r, ok := byKey[run.Key]
			if !ok {
				return nil, nil, database.Damaged(fmt.Errorf("run %s (%s) of the plan is not on it",
					run.Key, run.Name()))
			}
			if err := stages.Contradiction(r.Run, run); err != nil {
				return nil, nil, err
			}
			run.Stage, run.Network = stage.Name, cmp.Or(run.Network, r.Network)
			r.Run = run
			joined = append(joined, r)
			delete(byKey, run.Key)
		}
	}
	for _, r := range records {
		if _, left := byKey[r.Key]; !left {
			continue
		}
		if open[r.Stage] {
			joined = append(joined, r)
		} else {
			unplanned = append(unplanned, r)
		}
	}
	return joined, unplanned, nil
}

// joinByName is join for a plan that lists no runs.
func (d document) joinByName(records []store.Record) (joined, unplanned []store.Record, err error) {
	planned := map[string]bool{}
	for _, t := range d.Trials {
		planned[t.Name] = true
	}
	seen := map[string]bool{}
	for _, r := range records {
		switch name := r.Name(); {
		case !planned[r.Trial]:
			unplanned = append(unplanned, r)
			continue
		case seen[name]:
			return nil, nil, database.Damaged(errors.New("two runs are recorded as " + name))
		default:
			seen[name] = true
		}
		r.Stage = stages.Search
		joined = append(joined, r)
	}
	return joined, unplanned, nil
}

// unplannedRuns tells of runs that are on the record and not in the plan; it is empty for none.
func unplannedRuns(records []store.Record) string {
	complete := 0
	var runs []stages.Run
	for _, r := range records {
		runs = append(runs, r.Run)
		if r.State == store.Complete {
			complete++
		}
	}
	if len(runs) == 0 {
		return ""
	}
	return fmt.Sprintf("runs of the record that belong to no trial of the plan, and are not in the "+
		"table: %d, complete %d of them: %s; gridsearch run with the study's file finds those whose "+
		"networks have other names now", len(runs), complete, stages.Names(runs))
}

// mixed tells which kernels and processors have computed the results, where there are several: the
// sums of two are rounded in two ways. It is empty for one, or where the record does not say.
func mixed(records []store.Record) string {
	runs := map[string]int{}
	for _, r := range records {
		if r.State == store.Complete && r.KernelSet != "" {
			runs["kernels "+r.KernelSet+" on "+r.CPU]++
		}
	}
	if len(runs) < 2 {
		return ""
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		parts = append(parts, fmt.Sprintf("%s: %d", name, runs[name]))
	}
	return "the runs were not all computed alike, and agree to rounding (" +
		strings.Join(parts, "; ") + ")"
}

// namedTwice is how many runs are named that have given several results.
const namedTwice = 3

// twoResults tells which runs have given results that differ, one by one, and counts those behind
// the first few.
func twoResults(records []store.Record) (list []string) {
	more := 0
	for _, r := range records {
		if len(r.Others) == 0 {
			continue
		}
		if len(list) == namedTwice {
			more++
			continue
		}
		var what []string
		for _, e := range r.Others {
			what = append(what, e.Error)
		}
		list = append(list, fmt.Sprintf("run %s (%s) has given %d results: %s; the record keeps the "+
			"first", r.Key, r.Name(), 1+len(what), strings.Join(what, "; ")))
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("runs that have given several results besides: %d; the "+
			"executions of study.db with the outcome differs have all of them", more))
	}
	return list
}
