package tables

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/report"
	"gridsearch/internal/terminal"
)

// fit is how a table gives way on a narrow terminal, step by step, until it has room. Each step says
// what is lost, in words for the line below the table; of some nothing is.
var fit = []struct {
	lost string
	step func([]column) []column
}{
	{"", shortHeadings},
	{"coefficients beyond four digits", fourDigits},
	{"the middle of long names", cutNames(24)},
	{"p", without("p")},
	{"the intervals of behind best", withoutIntervals},
	{"", cutNames(12)},
	{"behind best", without(behindBest)},
	{"FLOPs x base", without(timesBase)},
}

// Short forms of headings.
const (
	timesBase  = "x base"
	behindBest = "behind"
)

// shortHeadings shortens them to what the sentences below the table explain.
func shortHeadings(columns []column) []column {
	short := map[string]string{"FLOPs x base": timesBase, "behind best": behindBest, "tied": "*"}
	for i, c := range columns {
		if name, ok := short[c.name]; ok {
			columns[i].name = name
		}
	}
	return columns
}

// fourDigits rounds coefficients to four significant digits.
func fourDigits(columns []column) []column {
	return changed(columns, func(name, cell string) string {
		if !slices.Contains([]string{"alpha", "beta", "gamma", "phi"}, name) {
			return cell
		}
		ends := strings.Split(cell, "..")
		for i, end := range ends {
			if v, err := strconv.ParseFloat(end, 64); err == nil {
				ends[i] = strconv.FormatFloat(v, 'g', 4, 64)
			}
		}
		return strings.Join(slices.Compact(ends), "..")
	})
}

// cutNames takes the middle out of names that are longer than so many cells.
func cutNames(cells int) func([]column) []column {
	return func(columns []column) []column {
		return changed(columns, func(name, cell string) string {
			if name == "trial" {
				return terminal.Cut(cell, cells, false)
			}
			return cell
		})
	}
}

func withoutIntervals(columns []column) []column {
	return changed(columns, func(name, cell string) string {
		if name == behindBest {
			cell, _, _ = strings.Cut(cell, " (")
		}
		return cell
	})
}

func without(name string) func([]column) []column {
	return func(columns []column) []column {
		return slices.DeleteFunc(columns, func(c column) bool { return c.name == name })
	}
}

// changed changes the cells of columns, which are told by their names.
func changed(columns []column, change func(name, cell string) string) []column {
	for i, c := range columns {
		columns[i].cell = func(t report.Trial) string { return change(c.name, c.cell(t)) }
	}
	return columns
}

// fitted are the rows of the table with its headings, as far as a terminal has room for them, and a
// line about what it has none for; the wide table, and one that is for no terminal, is whole.
func (r results) fitted(w io.Writer, wide bool) (rows [][]string, lost string) {
	columns := r.columns(wide)
	lines := func() [][]string { return append([][]string{names(columns)}, r.rows(columns)...) }
	cells := terminal.CellsOf(w)
	if cells == 0 || wide {
		return lines(), ""
	}
	var lacking []string
	for _, f := range fit {
		before := lines()
		if terminal.LayoutWidth(before) <= cells {
			break
		}
		columns = f.step(columns)
		if f.lost != "" && !slices.EqualFunc(before, lines(), slices.Equal) {
			lacking = append(lacking, f.lost)
		}
	}
	if lacking == nil {
		return lines(), ""
	}
	return lines(), fmt.Sprintf("left out in %d columns: %s; --wide has all\n", cells,
		strings.Join(lacking, ", "))
}
