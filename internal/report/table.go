package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/terminal"
	"gridsearch/search"
)

// column is a column of the table.
type column struct {
	name string
	cell func(Trial) string
	wide bool // of the wide table alone
}

// columns are those of the table: coefficients, cost, accuracy and what it is worth; the wide one
// has the rest.
func (r Results) columns(wide bool) []column {
	list := r.networkColumns()
	list = append(list, r.latencyColumns()...)
	list = append(list,
		column{"n", Trial.runs, true},
		column{r.title(), func(t Trial) string { return r.value(t.MeanTop1) }, false},
		column{r.level() + " interval", r.interval, true},
		column{"sd", func(t Trial) string { return r.value(t.SDTop1) }, true},
		column{"top-5 %", func(t Trial) string { return percent(t.MeanTop5) }, true},
		column{"behind best", r.behind, false},
		column{"p", func(t Trial) string { return probability(t.P) }, false})
	if r.permuted() {
		list = append(list, column{"permutation p", Trial.permuted, true})
	}
	if r.flipped() {
		list = append(list, column{"sign flip p", Trial.flipped, true})
	}
	list = append(list, column{"best", Trial.chance, true}, column{"tied", Trial.star, false})
	list = slices.DeleteFunc(list, func(c column) bool { return r.lacks(c.name) })
	if wide {
		return list
	}
	return slices.DeleteFunc(list, func(c column) bool { return c.wide })
}

// networkColumns say which network a trial is, and what it costs.
func (r Results) networkColumns() []column {
	list := []column{
		{"trial", func(t Trial) string { return t.Name }, r.sheet == nil},
		{"control", func(t Trial) string { return t.Control }, true},
		{"alpha", Trial.alpha, false},
		{"beta", Trial.beta, false},
		{"gamma", Trial.gamma, false},
	}
	if r.scaled() {
		list = append(list, column{"phi", Trial.phi, false})
	}
	return append(list,
		column{"FLOPs x base", Trial.cost, false},
		column{"multiply-adds", func(t Trial) string { return SI(float64(t.MAdds)) }, true},
		column{"params", func(t Trial) string { return SI(float64(t.Params)) }, true})
}

// lacks says whether a file of scores has nothing for a column.
func (r Results) lacks(name string) bool {
	switch name {
	case "control":
		return !r.has("family")
	case "alpha", "beta", "gamma", "phi":
		return !r.has(name)
	case "multiply-adds":
		return !r.has("madds")
	case "FLOPs x base":
		return !r.has("madds") || !r.based()
	case "params":
		return r.sheet != nil
	case "top-5 %":
		return r.sheet != nil || !r.top5Differs()
	}
	return false
}

func (r Results) latencyColumns() []column {
	var list []column
	for _, b := range r.batches() {
		name := "latency, ms"
		if b > 1 {
			name = fmt.Sprintf("of %d, ms", b)
		}
		list = append(list, column{name, func(t Trial) string {
			if l := t.latency(b); l != nil {
				return Milliseconds(l.Shortest)
			}
			return ""
		}, true})
	}
	return list
}

// scaled says whether a trial beside the base has another phi than 1.
func (r Results) scaled() bool {
	return slices.ContainsFunc(r.others(), func(t Trial) bool { return t.phi() != "1" })
}

// others are the trials without the base, the first of a plan.
func (r Results) others() []Trial {
	if !r.based() {
		return r.Trials
	}
	return r.Trials[min(1, len(r.Trials)):]
}

// level is the confidence in percent.
func (r Results) level() string { return strconv.FormatFloat(100*r.Confidence, 'g', 4, 64) + " %" }

func (t Trial) alpha() string { return t.span(0) }
func (t Trial) beta() string  { return t.span(1) }
func (t Trial) gamma() string { return t.span(2) }
func (t Trial) phi() string   { return t.span(3) }

// span is one of alpha, beta, gamma and phi as the label has it, or the interval of all labels that
// build the network.
func (t Trial) span(which int) string {
	of := func(l search.Label) search.Decimal {
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
func (r Results) identity(t Trial) string {
	if !r.named() {
		return t.Name
	}
	return fmt.Sprintf("alpha %s, beta %s, gamma %s (%s)", t.alpha(), t.beta(), t.gamma(), t.Name)
}

func (t Trial) cost() string     { return fmt.Sprintf("%.2f", t.MAddsRatio) }
func (t Trial) permuted() string { return probability(t.Permutation) }
func (t Trial) flipped() string  { return probability(t.SignFlip) }

// runs is their number.
func (t Trial) runs() string {
	if t.ExcludedBy != "" {
		return "-"
	}
	if failed := t.failed(); failed > 0 {
		return fmt.Sprintf("%d (%d failed)", t.N, failed)
	}
	return strconv.Itoa(t.N)
}

// interval is that of the mean alone.
func (r Results) interval(t Trial) string {
	if t.CILow == nil || t.CIHigh == nil {
		return "?"
	}
	return r.value(t.CILow) + ".." + r.value(t.CIHigh)
}

// behind is the distance behind the best with its interval, in points where scores are accuracies.
func (r Results) behind(t Trial) string {
	if t.Behind == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s..%s)", r.signed(*t.Behind), r.signed(*t.BehindLow),
		r.signed(*t.BehindHigh))
}

// probability is one with three digits; what a simulation cannot tell from 0 is not 0.
func probability(v *float64) string {
	switch {
	case v == nil:
		return ""
	case *v < .0005:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", *v)
}

// chance is the probability of being best in percent, never 0 or 100: no simulation shows that.
func (t Trial) chance() string {
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

func (t Trial) star() string {
	if t.Tied != nil && *t.Tied {
		return "*"
	}
	return ""
}

// rows are the cells of the trials, the best first; the base comes last, behind an empty row.
func (r Results) rows(columns []column) [][]string {
	var rows [][]string
	row := func(t Trial) []string {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(t))
		}
		return cells
	}
	base := -1
	ranked := r.ranked()
	for i, t := range ranked {
		if r.based() && t.Name == r.Trials[0].Name {
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

func (r Results) table(w io.Writer, wide bool) error {
	columns := r.columns(wide)
	t := terminal.NewTable(w)
	for _, row := range append([][]string{names(columns)}, r.rows(columns)...) {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.Findings(), "\n"))
	return err
}

// top5Differs says whether top-5 is below 1 in a run: with five classes or fewer it never is.
func (r Results) top5Differs() bool {
	for _, t := range r.Trials {
		if slices.ContainsFunc(t.Runs, func(run Run) bool { return run.Top5 != nil && *run.Top5 < 1 }) {
			return true
		}
	}
	return false
}

// escaped is a row whose cells hold no bar that would end them.
func escaped(row []string) []string {
	cells := slices.Clone(row)
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return cells
}

func (r Results) markdown(w io.Writer, wide bool) error {
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
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.Findings(), "\n"))
	return err
}
