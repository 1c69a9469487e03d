package tensorboard

import (
	"fmt"
	"io"
	"strings"
	"time"

	"gridsearch/internal/export"
)

// Files are the event files of a study: one of the whole, and one in a folder of its own for each
// run that is complete or failed. Names have slashes. Times are those on the record: an epoch's is
// interpolated by steps between the beginning and the end of the training, as no record has it.
func Files(s export.Study) []export.File {
	var runs []export.Run
	var created time.Time
	var files []export.File
	for _, e := range s.Runs {
		if !ended(e) {
			continue
		}
		runs = append(runs, e.Run)
		began, _ := times(e)
		if created.IsZero() || began.Before(created) {
			created = began
		}
		files = append(files, export.File{Name: folder(e.Run) + "/" + fileName(began),
			Write: func(w io.Writer) error {
				_, err := w.Write(run(e))
				return err
			}})
	}
	if created.IsZero() {
		created = time.Unix(0, 0)
	}
	whole := export.File{Name: fileName(created), Write: func(w io.Writer) error {
		file := newEvents(created)
		file.summary(created, 0, experiment(s.Name, created, runs))
		_, err := w.Write(file)
		return err
	}}
	return append([]export.File{whole}, files...)
}

// ended says whether there is something to show of a run.
func ended(e export.Entry) bool { return e.Run.Top1 != nil || e.Run.Error != nil }

// fileName is that of an event file, which TensorBoard knows by its beginning.
func fileName(at time.Time) string {
	return fmt.Sprintf("events.out.tfevents.%010d.gridsearch", at.Unix())
}

// mostOfName is how many bytes of a run's name its folder has, so that every system takes it.
const mostOfName = 120

// folder is that of a run: what it is called, for people, and its key.
func folder(r export.Run) string {
	words := []string{r.Trial, r.Condition, r.Stream, fmt.Sprintf("seed=%d", r.Seed)}
	if r.Stage != "search" {
		words = append([]string{r.Stage}, words...)
	}
	name := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			strings.ContainsRune("=.,-+", c):
			return c
		}
		return '_'
	}, strings.Join(words, " "))
	for strings.Contains(name, "__") {
		name = strings.ReplaceAll(name, "__", "_")
	}
	return strings.TrimLeft(name[:min(len(name), mostOfName)], ".") + "_" + r.Key
}

// group is the name of the session group of a run.
func group(r export.Run) string {
	words := []string{r.Trial}
	if r.Condition != "" {
		words = append(words, r.Condition)
	}
	if r.Stage != "search" {
		words = append(words, "("+r.Stage+")")
	}
	return strings.Join(words, " ")
}

// times are beginning and end of a run: of the execution that gave its result, or from the first to
// the last that ended without one.
func times(e export.Entry) (began, over time.Time) {
	if e.Run.Started != nil {
		return *e.Run.Started, *e.Run.Ended
	}
	if n := len(e.Executions); n > 0 {
		return e.Executions[0].Started, e.Executions[n-1].Ended
	}
	return time.Unix(0, 0), time.Unix(0, 0)
}

// run is the event file of a run.
func run(e export.Entry) events {
	began, over := times(e)
	file := newEvents(began)
	file.summary(began, 0, start(e.Run, began))
	steps := value(e.Run.Steps)
	trained := over.Sub(began) - time.Duration(value(e.Run.EvalSeconds)*float64(time.Second))
	for _, p := range e.Curve {
		share := float64(p.Step) / float64(max(steps, p.Step, 1))
		at := began.Add(time.Duration(share * float64(max(trained, 0))))
		file.summary(at, p.Step, scalar("train/loss", p.Loss), scalar("train/top1", p.Top1))
	}
	if e.Run.Top1 != nil {
		file.summary(over, steps, scalar("val/top1", *e.Run.Top1),
			scalar("val/top5", value(e.Run.Top5)), scalar("val/loss", value(e.Run.Loss)))
	}
	file.summary(over, steps, end(e.Run, over))
	return file
}
