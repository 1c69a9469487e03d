package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/plural"
	"gridsearch/internal/si"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// display shows the progress of a study.
type display interface {
	event(coordinator.Event)
	close()
	note(string) // a line for people, before the first event or after the end
}

// newDisplay chooses how progress is shown: "auto" is a live table on a terminal and plain lines
// elsewhere.
func newDisplay(mode, name string, out io.Writer) (display, error) {
	switch mode {
	case "auto":
		if file, ok := hasTerminal(out); ok {
			return newLive(name, areaOn(file), hasUnicode()), nil
		}
		return newLines(out), nil
	case "plain":
		return newLines(out), nil
	case "json":
		return &jsonLines{json.NewEncoder(out)}, nil
	case "none":
		return silent{}, nil
	}
	return nil, usageError{fmt.Errorf("--progress %q is not known: use auto, plain, json or none",
		mode)}
}

type silent struct{}

func (silent) event(coordinator.Event) {}
func (silent) close()                  {}
func (silent) note(string)             {}

// jsonLines writes every event as one JSON object a line. An event has the curve of its own run
// only: the others' have been told already, in theirs.
type jsonLines struct{ encoder *json.Encoder }

func (j *jsonLines) event(e coordinator.Event) {
	e.Status.Running = slices.Clone(e.Status.Running)
	for i, run := range e.Status.Running {
		if run.Key != e.Key {
			e.Status.Running[i].Curve = nil
		}
	}
	_ = j.encoder.Encode(e)
}

func (j *jsonLines) close()      {}
func (j *jsonLines) note(string) {}

// lines writes one plain line for each event that ends something.
type lines struct{ out io.Writer }

// newLines makes them printable.
func newLines(out io.Writer) lines { return lines{terminal.NewWriter(out)} }

func (l lines) event(e coordinator.Event) {
	s := e.Status
	count := fmt.Sprintf("[%d/%d]", s.Done(), s.Total)
	run := fmt.Sprintf("%s seed=%d", e.Trial, e.Seed)
	switch e.Kind {
	case coordinator.Started:
		if s.Complete > 0 {
			fmt.Fprintf(l.out, "%s on the record already\n", count)
		}
	case coordinator.StartsOver:
		fmt.Fprintf(l.out, "%s %s  starts over: %s\n", count, run, e.Error)
	case coordinator.RunComplete:
		fmt.Fprintf(l.out, "%s %s  top-1 %.2f %%  %s  %s\n", count, run, 100**e.Top1,
			si.Clock(e.Seconds), remaining(s))
	case coordinator.Differs:
		fmt.Fprintf(l.out, "%s %s  has given two results: %s; the record keeps the first\n", count, run,
			e.Error)
	case coordinator.RunFailed:
		fmt.Fprintf(l.out, "%s %s  failed: %s\n", count, run, e.Error)
	case coordinator.RunRetried:
		fmt.Fprintf(l.out, "%s %s  %s; it will be tried again\n", count, run, e.Error)
	case coordinator.KernelsOut:
		fmt.Fprintf(l.out, "kernels %s fail their check here and are left out (%s); going on "+
			"with %s\n", e.Kernels, e.Error, known(e.Next, "none"))
	case coordinator.LatencyMeasured:
		fmt.Fprintf(l.out, "%s %s\n", e.Trial, latency(e))
	case coordinator.LatencyRetried:
		fmt.Fprintf(l.out, "%s; it will be tried again\n", unmeasured(e))
	case coordinator.Unmeasured:
		fmt.Fprintf(l.out, "%s; it is given up\n", unmeasured(e))
	case coordinator.Interrupted:
		fmt.Fprintf(l.out, "%s %s  %s\n", count, run, stopped(e))
	case coordinator.Unsaved:
		fmt.Fprintf(l.out, "%s %s  goes on, but no checkpoint can be written: %s\n", count, run, e.Error)
	case coordinator.Unrecorded:
		fmt.Fprintln(l.out, unrecorded(e.Runs))
	case coordinator.TriedAgain:
		fmt.Fprintf(l.out, "%s to train again: their workers have died, but of another program "+
			"or on another machine\n", plural.Of(e.Count, "run"))
	case coordinator.DataMoved:
		fmt.Fprintln(l.out, e.Reason)
	case coordinator.Decided:
		fmt.Fprintf(l.out, "%s %s: runs added %d, dropped %d\n", count, e.Reason, e.Added, e.Dropped)
	case coordinator.Waiting:
		fmt.Fprintln(l.out, "another program has study.db locked: what is to be recorded waits "+
			"until it lets go")
	}
}

// stopped says how a run was stopped.
func stopped(e coordinator.Event) string {
	switch e.Checkpoint {
	case coordinator.CheckpointWritten:
		return "stopped, checkpoint written"
	case coordinator.CheckpointEarlier:
		return "stopped at its last checkpoint: " + e.Error
	case coordinator.CheckpointUnneeded:
		return "stopped before its first step"
	}
	return "stopped without a checkpoint, so it starts over: " + e.Error
}

// unrecorded warns of runs that are finished in the folder but not on record.
func unrecorded(keys []string) string {
	const most = 3
	names := strings.Join(keys[:min(most, len(keys))], ", ")
	if len(keys) > most {
		names += ", ..."
	}
	return fmt.Sprintf("warning: runs/ has what %s left at the end (%s), and study.db calls them "+
		"waiting: they are trained again\n"+
		"if study.db is an older copy or a new one, stop and bring back the one that has them, "+
		"with its study.db-wal", plural.Of(len(keys), "run"), names)
}

// latency says what has been measured of a trial.
func latency(e coordinator.Event) string {
	return fmt.Sprintf("takes %s ms for %s", si.Milliseconds(e.Seconds), plural.Of(e.Batch, "image"))
}

// unmeasured says why a trial's latency is not known.
func unmeasured(e coordinator.Event) string {
	return fmt.Sprintf("%s was not measured for %s: %s", e.Trial, plural.Of(e.Batch, "image"), e.Error)
}

func (l lines) close() {}

func (l lines) note(text string) { fmt.Fprintln(l.out, text) }

// remaining is the estimated remaining time with its range, empty when it is not known.
func remaining(s study.Status) string {
	r := s.Remaining
	if r == nil {
		return ""
	}
	return fmt.Sprintf("ETA %s (%s to %s)", si.Clock(r.Mid), si.Clock(r.Low), si.Clock(r.High))
}
