// Package chart draws results as plain text, for terminals: accuracy against multiply-adds.
package chart

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/internal/si"
	"gridsearch/internal/terminal"
)

// Options say what the text is for.
type Options struct {
	Columns int  // that it may take, the narrowest chart excepted
	Unicode bool // shapes and lines; else ASCII alone
}

// Columns of the narrowest and of the widest chart.
const (
	narrowest = 30
	widest    = 120
)

// Unplottable says why results cannot be drawn; empty if they can.
func Unplottable(r report.Results) string {
	if !r.Has("madds") {
		return "the file has no column madds, and a trial's place is its accuracy at its cost"
	}
	return ""
}

// Write draws each trial's mean score against the multiply-adds of its network, on a log scale, the
// base as a dashed line. A shape, or in ASCII a letter, is of a family; one that is filled, or a
// capital, is tied with the best. Where several trials share a cell their number stands, and a line
// below the legend says which they are.
func Write(w io.Writer, r report.Results, o Options) error {
	p := newPlot(r, o)
	if len(p.points) == 0 && p.base == nil {
		_, err := fmt.Fprintln(w, "no trial has a complete run yet: there is nothing to draw")
		return err
	}
	lines := append([]string{p.title(), ""}, p.picture()...)
	lines = append(append(lines, ""), p.legend()...)
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// plot is what is drawn.
type plot struct {
	results  report.Results
	marks    marks
	points   []point
	base     *point // nil for none
	undrawn  int    // trials without a mean
	families []family
	across   axis // log10 of multiply-adds
	up       axis
	cells    [][][]int // the points in each cell: rows from the top, columns
}

// point is a trial with a mean.
type point struct {
	trial  string
	cost   float64 // multiply-adds
	value  float64 // as printed: accuracies in percent
	family int
	tied   bool
}

// family is a family of trials with its two signs.
type family struct {
	name       string
	open, tied rune
}

func newPlot(r report.Results, o Options) *plot {
	p := &plot{results: r, marks: lettered}
	if o.Unicode {
		p.marks = drawn
	}
	var trained []report.Trial // beside the base
	for i, t := range r.Trials {
		if t.MeanTop1 == nil || t.MAdds <= 0 {
			p.undrawn++
			continue
		}
		one := &point{trial: t.Name, cost: float64(t.MAdds), value: *t.MeanTop1,
			tied: t.Tied != nil && *t.Tied}
		if !r.Lower() {
			one.value *= 100
		}
		if i == 0 && r.Based() {
			p.base = one
			continue
		}
		trained, p.points = append(trained, t), append(p.points, *one)
	}
	p.families = p.marks.familiesOf(trained)
	for i, t := range trained {
		p.points[i].family = slices.IndexFunc(p.families, func(f family) bool {
			return f.name == t.Family()
		})
	}
	p.scale(min(widest, max(narrowest, o.Columns)))
	return p
}

// usual are the families that have the same shape in every chart; the first are the trials that are
// no controls.
var usual = []string{"", "width", "depth", "resolution", "compound", "paper"}

// named is a family's name in the legend.
func (p *plot) named(f family) string {
	switch {
	case f.name != "":
		return f.name
	case p.results.Sheet != nil && len(p.families) > 1:
		return "of no family"
	case p.results.Sheet != nil:
		return "trial"
	}
	return "searched"
}

// familiesOf are the families of trials with their signs: the usual ones, then others as they come.
func (m marks) familiesOf(trials []report.Trial) (list []family) {
	var names []string
	for _, t := range trials {
		if name := t.Family(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	others := len(usual)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(order(a), order(b)) })
	for _, name := range names {
		shape := order(name)
		if shape == len(usual) {
			shape, others = others, others+1
		}
		list = append(list, m.sign(name, shape, list))
	}
	return list
}

// order is the place of a family among the usual ones, behind them of another.
func order(name string) int {
	if at := slices.Index(usual, name); at >= 0 {
		return at
	}
	return len(usual)
}

// sign gives a family the shape of that number, or else the first letter of its name, and then of
// the alphabet, that none of the others has.
func (m marks) sign(name string, shape int, others []family) family {
	if shape < len(m.shapes) {
		return family{name, m.shapes[shape][0], m.shapes[shape][1]}
	}
	const letters = "abcdefghijklmnopqrstuvwxyz"
	for _, letter := range cmp.Or(strings.ToLower(name), "o") + letters {
		taken := slices.ContainsFunc(others, func(f family) bool { return f.open == letter })
		if !taken && strings.ContainsRune(letters, letter) {
			return family{name, letter, letter - 'a' + 'A'}
		}
	}
	return family{name, '.', ':'} // there are more families than letters
}

// title says what is drawn.
func (p *plot) title() string {
	of := p.results.Metric
	switch {
	case p.results.Sheet == nil || of == "top1":
		of = "top-1, %"
	case p.results.Lower():
		of += " (lower is better)"
	default:
		of += ", %"
	}
	return "mean " + of + ", against multiply-adds of one image, log scale"
}

// legend explains the signs.
func (p *plot) legend() []string {
	var parts []string
	var tied []string
	for i, f := range p.families {
		parts = append(parts, fmt.Sprintf("%c %s", f.open, p.named(f)))
		if slices.ContainsFunc(p.points, func(q point) bool { return q.tied && q.family == i }) {
			tied = append(tied, string(f.tied))
		}
	}
	var lines []string
	if len(parts) > 0 {
		lines = append(lines, strings.Join(parts, "   "))
	}
	if len(tied) > 0 {
		lines = append(lines, strings.Join(tied, " ")+" cannot be told from the best")
	}
	if b := p.base; b != nil {
		lines = append(lines, fmt.Sprintf("%s base: %s", strings.Repeat(string(p.marks.base), 2),
			p.place(b.cost, b.value)))
	}
	lines = append(lines, p.shared()...)
	if n := p.undrawn; n > 0 {
		lines = append(lines, fmt.Sprintf("not drawn: %s without a complete run", plural.Of(n, "trial")))
	}
	return lines
}

// place says where a point is.
func (p *plot) place(cost, value float64) string {
	if p.results.Lower() {
		return fmt.Sprintf("%.4f at %s", value, si.Text(cost))
	}
	return fmt.Sprintf("%.2f %% at %s", value, si.Text(cost))
}

// mostShared is how many places with several trials are told one by one.
const mostShared = 8

// shared says which trials are in a cell together, from the top.
func (p *plot) shared() (lines []string) {
	more := 0
	for _, row := range p.cells {
		for _, list := range row {
			if len(list) < 2 {
				continue
			}
			if len(lines) == mostShared {
				more++
				continue
			}
			lines = append(lines, p.together(list))
		}
	}
	if more > 0 {
		lines = append(lines, "and "+plural.Of(more, "more place")+" with several: the number says how many")
	}
	return lines
}

// together names the trials of one cell, by descending value.
func (p *plot) together(list []int) string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b int) int {
		return cmp.Compare(p.points[b].value, p.points[a].value)
	})
	var names []string
	for _, i := range list {
		q := p.points[i]
		names = append(names, string(p.signOf(q))+" "+q.trial)
	}
	first := p.points[list[0]]
	return fmt.Sprintf("%s near %s: %s", count(len(list)), p.place(first.cost, first.value),
		strings.Join(names, ", "))
}

// signOf is how a point is drawn where it is alone.
func (p *plot) signOf(q point) rune {
	if q.tied {
		return p.families[q.family].tied
	}
	return p.families[q.family].open
}

// count is the sign of so many points in a cell.
func count(n int) string {
	if n > 9 {
		return "+"
	}
	return fmt.Sprint(n)
}

// picture draws the axes and the points.
func (p *plot) picture() []string {
	var lines []string
	margin := 0
	for _, t := range p.up.ticks {
		margin = max(margin, terminal.Width(t.label))
	}
	for row := range p.up.cells {
		label, edge := "", p.marks.side
		if t := p.up.tick(p.up.cells - 1 - row); t != nil {
			label, edge = t.label, p.marks.sideTick
		}
		line := fmt.Sprintf("%*s %c%s", margin, label, edge, p.row(row))
		lines = append(lines, strings.TrimRight(line, " "))
	}
	foot := []rune(strings.Repeat(string(p.marks.foot), p.across.cells))
	labels := []rune(strings.Repeat(" ", p.across.cells+narrowest))
	end := -1
	for _, t := range p.across.ticks {
		begin := max(0, t.cell-len(t.label)/2)
		begin = min(begin, p.across.cells-len(t.label))
		if begin <= end {
			continue
		}
		foot[t.cell] = p.marks.footTick
		end = begin + copy(labels[begin:], []rune(t.label))
	}
	space := strings.Repeat(" ", margin+1)
	return append(lines, fmt.Sprintf("%s%c%s", space, p.marks.corner, string(foot)),
		strings.TrimRight(space+" "+string(labels), " "))
}

// row draws the cells of a row from the top.
func (p *plot) row(row int) string {
	line := []rune(strings.Repeat(" ", p.across.cells))
	if b := p.base; b != nil && p.up.cells-1-p.up.cell(b.value) == row {
		for i := range line {
			if p.marks.base != '-' || i%2 == 0 { // dashed
				line[i] = p.marks.base
			}
		}
		if at := p.across.cell(logOf(b.cost)); at >= 0 && at < len(line) {
			line[at] = p.marks.cross
		}
	}
	for column, list := range p.cells[row] {
		switch len(list) {
		case 0:
		case 1:
			line[column] = p.signOf(p.points[list[0]])
		default:
			line[column] = rune(count(len(list))[0])
		}
	}
	return string(line)
}
