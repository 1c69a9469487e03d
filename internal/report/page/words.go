package page

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"gridsearch/dataset"
	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// shown is a text of a study as it is shown: characters that would change the direction of what
// follows, or nothing that one sees, are escaped.
func shown(text string) string { return terminal.Printable(text) }

// noBreak is a space at which no line ends.
const noBreak = "\u00a0"

// sentences are lines as plural.Sentence has them. The mark of tied trials, which the printed table
// alone has, is left out.
func sentences(lines []string) []string {
	var list []string
	for _, line := range lines {
		line = strings.Replace(strings.ReplaceAll(line, " %", noBreak+"%"), " (*)", "", 1)
		list = append(list, plural.Sentence(line))
	}
	return list
}

// counts are the runs of a study by state.
type counts struct{ all, complete, failed, dropped, waiting int }

func count(s *study.Study) (c counts) {
	for r := range records(s) {
		c.all++
		switch r.State {
		case store.Complete:
			c.complete++
		case store.Failed:
			c.failed++
		case store.Dropped:
			c.dropped++
		default:
			c.waiting++
		}
	}
	return c
}

// open says how many runs nobody has ended.
func open(c counts) string {
	return fmt.Sprintf("%d of %s %s still to be trained", c.waiting, plural.Of(c.all, "run"),
		plural.Verb(c.waiting, "is", "are"))
}

// state says how far a study is.
func state(s *study.Study) string {
	c := count(s)
	switch {
	case c.all == c.waiting:
		return fmt.Sprintf("planned: none of %s has ended", plural.Of(c.all, "run"))
	case c.waiting > 0:
		return "unfinished: " + open(c)
	case c.failed > 0:
		return fmt.Sprintf("finished: %d of %s complete, %d failed", c.complete,
			plural.Of(c.all, "run"), c.failed)
	}
	return fmt.Sprintf("finished: %d of %s complete", c.complete, plural.Of(c.all, "run"))
}

// question is what the study asks: in the words of its experiment file, where a comment at its
// head begins with "Question:", and how it is asked.
func question(s *study.Study) []string {
	e := s.Experiment
	first := commented(s.Origin.Text, "Question:")
	if first == "" {
		first = fmt.Sprintf("Which network, scaled from %s, has the highest top-1 accuracy", e.Model.Baseline)
		if e.Data != nil {
			first += " on validation images of " + source(s)
		}
		first += "?"
	}
	excluded := 0
	for _, t := range s.Plan.Trials {
		if t.ExcludedBy != "" {
			excluded++
		}
	}
	trained := len(s.Plan.Trials) - excluded
	how := fmt.Sprintf("The study trains %s with %s each", plural.Of(trained, "network"),
		plural.Of(e.Replication.Seeds, "seed"))
	if e.Train != nil {
		how += fmt.Sprintf(", for %s", plural.Of(e.Train.Epochs, "epoch"))
	}
	if n := len(e.Search.Methods); n > 0 && s.Plan.Points > 0 {
		how += fmt.Sprintf(". They come from %s of the %s %s", plural.Of(s.Plan.Points, "point"),
			plural.Verb(n, "method", "methods"), plural.List(e.Search.Methods))
	}
	if len(e.Search.Constraints) > 0 {
		var list []string
		for _, c := range e.Search.Constraints {
			list = append(list, strings.Replace(c.String(), "..", " to ", 1))
		}
		how += fmt.Sprintf(", of which %d satisfy %s", s.Plan.Kept, plural.List(list))
	}
	if len(e.Search.Controls) > 0 {
		how += "; controls are " + plural.List(e.Search.Controls)
	}
	return sentences([]string{first, how})
}

// source names the data: a folder of photographs by its own name.
func source(s *study.Study) string {
	if name := s.Experiment.Data.Dataset; name != dataset.ImageFolder || s.Origin.DataPath == "" {
		return name
	}
	return "the folder " + filepath.Base(s.Origin.DataPath)
}

// commented is what the comments at the head of an experiment file say behind a word; empty where
// they do not.
func commented(file, word string) string {
	for line := range strings.Lines(file) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok {
			return ""
		}
		if said, ok := strings.CutPrefix(strings.TrimSpace(text), word); ok {
			return strings.TrimSpace(said)
		}
	}
	return ""
}

// answer is that of the comparison, or why there is none.
func answer(s *study.Study, r report.Results, lines []string) []string {
	c := count(s)
	switch {
	case c.complete == 0 && len(lines) == 0:
		lines = []string{"there is no answer yet: no run is complete"}
	case c.waiting > 0 && c.complete > 0:
		if len(r.TiedSet()) == 0 {
			lines = append([]string{early(r)}, lines...)
		}
		lines = append(lines, "this is provisional: "+open(c))
	}
	return sentences(lines)
}

// early says what there is before trials can be compared.
func early(r report.Results) string {
	best := r.Ranked()[0]
	if best.MeanTop1 == nil { // runs of later stages alone
		return "no run of the search is complete"
	}
	return fmt.Sprintf("which network is best cannot be said yet; the highest mean so far is that of "+
		"%s, %s in %s", best.Name, percents(*best.MeanTop1), plural.Of(best.N, "run"))
}

// facts are the answer in numbers.
func facts(r report.Results) (list []fact) {
	ranked := r.Ranked()
	if len(ranked) == 0 || ranked[0].MeanTop1 == nil {
		return nil
	}
	best, base := ranked[0], r.Trials[0]
	mean := fact{"highest mean top-1", percents(*best.MeanTop1), "of " + best.Name}
	if best.CILow != nil {
		mean.Remark = fmt.Sprintf("%s to %s; %s", percents(*best.CILow), percents(*best.CIHigh), best.Name)
	}
	list = append(list, mean)
	if base.MeanTop1 != nil && best.Name != base.Name {
		list = append(list, fact{"ahead of the base",
			fmt.Sprintf("%.2f points", 100*(*best.MeanTop1-*base.MeanTop1)),
			fmt.Sprintf("at %.2f times its multiply-adds", best.MAddsRatio)})
	}
	compared := 0
	for _, t := range r.Trials {
		if t.Tied != nil {
			compared++
		}
	}
	if compared > 0 {
		remark := "trials, that with the highest mean included"
		if best.Tied == nil {
			remark = "trials that have enough runs; the highest mean is of one that has not"
		}
		list = append(list, fact{"cannot be told from the best", fmt.Sprintf("%d of %d",
			len(r.TiedSet()), compared), remark})
	}
	if r.Validation > 0 {
		list = append(list, fact{"judged on", plural.Of(r.Validation, "image"), "that were not trained on"})
	}
	return list
}

func percents(v float64) string { return fmt.Sprintf("%.2f"+noBreak+"%%", 100*v) }

// duration is a time in two units at most.
func duration(seconds float64) string {
	minutes := int(math.Round(seconds / 60))
	switch {
	case seconds < 9.95:
		return fmt.Sprintf("%.1f s", seconds)
	case seconds < 99.5:
		return fmt.Sprintf("%.0f s", seconds)
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d days %d h", minutes/60/24, minutes/60%24)
}
