package tables

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/report"
	"gridsearch/internal/si"
	"gridsearch/internal/terminal"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// column is a column of the table.
type column struct {
	name string
	cell func(report.Trial) string
	wide bool // of the wide table alone
}

// columns are those of the table: coefficients, cost, accuracy and its statistics; the wide one has
// all.
func (r results) columns(wide bool) []column {
	list := r.networkColumns()
	list = append(list, r.latencyColumns()...)
	list = append(list,
		column{"n", runs, true},
		column{r.title(), func(t report.Trial) string { return r.value(t.MeanTop1) }, false},
		column{r.level() + " interval", r.interval, true},
		column{"sd", func(t report.Trial) string { return r.value(t.SDTop1) }, true},
		column{"top-5 %", func(t report.Trial) string { return percent(t.MeanTop5) }, true},
		column{"behind best", r.behind, false},
		column{"p", func(t report.Trial) string { return report.Probability(t.P) }, false})
	if r.permuted() {
		list = append(list, column{"permutation p", permuted, true})
	}
	if r.flipped() {
		list = append(list, column{"sign flip p", flipped, true})
	}
	list = append(list, column{"best", chance, true}, column{"tied", star, false})
	list = slices.DeleteFunc(list, func(c column) bool { return r.lacks(c.name) })
	if wide {
		return list
	}
	return slices.DeleteFunc(list, func(c column) bool { return c.wide })
}

// networkColumns say which network a trial is, and what it costs.
func (r results) networkColumns() []column {
	list := []column{
		{"trial", func(t report.Trial) string { return t.Name }, r.Sheet == nil},
		{"control", func(t report.Trial) string { return t.Control }, true},
		{"alpha", alpha, false},
		{"beta", beta, false},
		{"gamma", gamma, false},
	}
	if r.scaled() {
		list = append(list, column{"phi", phi, false})
	}
	return append(list,
		column{"FLOPs x base", cost, false},
		column{"multiply-adds", func(t report.Trial) string { return si.Text(float64(t.MAdds)) }, true},
		column{"params", func(t report.Trial) string { return si.Text(float64(t.Params)) }, true})
}

// lacks reports whether a file of scores has no values for a column.
func (r results) lacks(name string) bool {
	switch name {
	case "control":
		return !r.Has("family")
	case "alpha", "beta", "gamma", "phi":
		return !r.Has(name)
	case "multiply-adds":
		return !r.Has("madds")
	case "FLOPs x base":
		return !r.Has("madds") || !r.Based()
	case "params":
		return r.Sheet != nil
	case "top-5 %":
		return r.Sheet != nil || !r.top5Differs()
	}
	return false
}

func (r results) latencyColumns() []column {
	var list []column
	for _, b := range r.Batches() {
		name := "latency, ms"
		if b > 1 {
			name = fmt.Sprintf("of %d, ms", b)
		}
		list = append(list, column{name, func(t report.Trial) string {
			if l := t.Latency(b); l != nil {
				return si.Milliseconds(l.Shortest)
			}
			return ""
		}, true})
	}
	return list
}

// scaled reports whether a trial other than the base has a phi other than 1.
func (r results) scaled() bool {
	return slices.ContainsFunc(r.others(), func(t report.Trial) bool { return phi(t) != "1" })
}

// others are the trials without the base, the first of a plan.
func (r results) others() []report.Trial {
	if !r.Based() {
		return r.Trials
	}
	return r.Trials[min(1, len(r.Trials)):]
}

// level is the confidence in percent.
func (r results) level() string { return strconv.FormatFloat(100*r.Confidence, 'g', 4, 64) + " %" }

func alpha(t report.Trial) string { return span(t, 0) }
func beta(t report.Trial) string  { return span(t, 1) }
func gamma(t report.Trial) string { return span(t, 2) }
func phi(t report.Trial) string   { return span(t, 3) }

// span is one of alpha, beta, gamma and phi as the label has it, or the interval of all labels that
// build the network.
func span(t report.Trial, which int) string {
	of := func(l planner.Label) search.Decimal {
		return []search.Decimal{l.Alpha, l.Beta, l.Gamma, l.Phi}[which]
	}
	if len(t.Labels) == 0 {
		return ""
	}
	low, high := of(t.Labels[0]), of(t.Labels[0])
	for _, l := range t.Labels {
		if v := of(l); v.Cmp(low) < 0 {
			low = v
		} else if v.Cmp(high) > 0 {
			high = v
		}
	}
	if low.Cmp(high) == 0 {
		return string(low)
	}
	return string(low) + ".." + string(high)
}

// identity names a trial in a sentence.
func (r results) identity(t report.Trial) string {
	if !r.named() {
		return t.Name
	}
	return fmt.Sprintf("alpha %s, beta %s, gamma %s (%s)", alpha(t), beta(t), gamma(t), t.Name)
}

func cost(t report.Trial) string     { return fmt.Sprintf("%.2f", t.MAddsRatio) }
func permuted(t report.Trial) string { return report.Probability(t.Permutation) }
func flipped(t report.Trial) string  { return report.Probability(t.SignFlip) }

// runs is the number of complete runs, and of those that failed or were dropped.
func runs(t report.Trial) string {
	if t.ExcludedBy != "" {
		return "-"
	}
	var without []string
	if failed := t.Failed(); failed > 0 {
		without = append(without, fmt.Sprintf("%d failed", failed))
	}
	if dropped := t.Dropped(); dropped > 0 {
		without = append(without, fmt.Sprintf("%d dropped", dropped))
	}
	if without == nil {
		return strconv.Itoa(t.N)
	}
	return fmt.Sprintf("%d (%s)", t.N, strings.Join(without, ", "))
}

// interval is the confidence interval of the mean alone.
func (r results) interval(t report.Trial) string {
	if t.CILow == nil || t.CIHigh == nil {
		return "?"
	}
	return r.value(t.CILow) + ".." + r.value(t.CIHigh)
}

// behind is the distance from the best with its confidence interval, in points where scores are
// accuracies.
func (r results) behind(t report.Trial) string {
	if t.Behind == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s..%s)", r.signed(*t.Behind), r.signed(*t.BehindLow),
		r.signed(*t.BehindHigh))
}

// chance is the probability of being best in percent, never 0 or 100, as no simulation shows that.
func chance(t report.Trial) string {
	switch {
	case t.BestChance == nil:
		return ""
	case *t.BestChance < .01:
		return "<1 %"
	case *t.BestChance > .99:
		return ">99 %"
	}
	return fmt.Sprintf("%.0f %%", 100**t.BestChance)
}

func star(t report.Trial) string {
	if t.Tied != nil && *t.Tied {
		return "*"
	}
	return ""
}

// rows are the cells of the trials, the best first; the base comes last, after an empty row.
func (r results) rows(columns []column) [][]string {
	var rows [][]string
	row := func(t report.Trial) []string {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(t))
		}
		return cells
	}
	base := -1
	ranked := r.Ranked()
	for i, t := range ranked {
		if r.Based() && t.Name == r.Trials[0].Name {
			base = i
			continue
		}
		rows = append(rows, row(t))
	}
	if base >= 0 && len(rows) > 0 {
		rows = append(rows, make([]string, len(columns)))
	}
	if base >= 0 {
		rows = append(rows, row(ranked[base]))
	}
	return rows
}

func names(columns []column) []string {
	var list []string
	for _, c := range columns {
		list = append(list, c.name)
	}
	return list
}

func (r results) table(w io.Writer, wide bool) error {
	rows, lost := r.fitted(w, wide)
	t := terminal.NewTable(w)
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s%s\n", lost, strings.Join(r.findings(), "\n"))
	return err
}

// top5Differs reports whether top-5 is below 1 in a run: with five classes or fewer it never is.
func (r results) top5Differs() bool {
	for _, t := range r.Trials {
		below := func(run report.Run) bool { return run.Top5 != nil && *run.Top5 < 1 }
		if slices.ContainsFunc(t.Runs, below) {
			return true
		}
	}
	return false
}

// escaped is a row with the bars in its cells escaped for Markdown.
func escaped(row []string) []string {
	cells := slices.Clone(row)
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return cells
}

func (r results) markdown(w io.Writer, wide bool) error {
	columns := r.columns(wide)
	rule := strings.Repeat("---|", len(columns))
	head := strings.Join(names(columns), " | ")
	if _, err := fmt.Fprintf(w, "| %s |\n|%s\n", head, rule); err != nil {
		return err
	}
	for _, row := range r.rows(columns) {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(escaped(row), " | ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.findings(), "\n"))
	return err
}

// flipped reports whether the seeds allow the sign-flip test, and permuted whether there is a
// permutation test.
func (r results) flipped() bool {
	return slices.ContainsFunc(r.Trials, func(t report.Trial) bool { return t.SignFlip != nil })
}

func (r results) permuted() bool {
	return slices.ContainsFunc(r.Trials, func(t report.Trial) bool { return t.Permutation != nil })
}
