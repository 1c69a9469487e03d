package terminal

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// gap is between two columns, in cells.
const gap = 2

// Table gathers lines of cells, which tabs separate, and writes them as columns.
type Table struct {
	to   io.Writer
	text bytes.Buffer
	may  []string // names of columns
}

// NewTable makes one. On a *Page that is a terminal it keeps to its width as far as MayLack allows.
func NewTable(to io.Writer) *Table { return &Table{to: to} }

// MayLack names columns, by their cell in the first line, that are left out where the terminal is
// too narrow, the first one first, of several with one name the last. A line below the table says
// which, and what shows all.
func (t *Table) MayLack(names ...string) { t.may = names }

// Write adds text to the table; it never fails.
func (t *Table) Write(p []byte) (int, error) { return t.text.Write(p) }

// Flush writes the columns, without spaces at the ends of lines.
func (t *Table) Flush() error {
	var lines [][]string
	for line := range strings.Lines(t.text.String()) {
		lines = append(lines, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	t.text.Reset()
	page, ok := t.to.(*Page)
	if !ok || page.cells == 0 {
		return write(t.to, lines)
	}
	lacking := t.fit(lines, page.cells)
	if err := write(page.to, lines); err != nil || len(lacking) == 0 {
		return err
	}
	_, err := fmt.Fprintf(page, "left out in %d columns: %s; a pipe to less -S has them\n", page.cells,
		strings.Join(lacking, ", "))
	return err
}

// fit takes columns away until the lines have room, and says which.
func (t *Table) fit(lines [][]string, cells int) (lacking []string) {
	for _, name := range t.may {
		at := len(lines[0]) - 1
		for at >= 0 && lines[0][at] != name {
			at--
		}
		if at < 0 || LayoutWidth(titled(lines)) <= cells {
			continue
		}
		for i, line := range lines {
			if at < len(line) {
				lines[i] = slices.Delete(line, at, at+1)
			}
		}
		lacking = append(lacking, name)
	}
	return lacking
}

// titled are the lines without a last column that has no title: remarks, which may be long.
func titled(lines [][]string) [][]string {
	n := len(lines[0])
	if lines[0][n-1] != "" {
		return lines
	}
	var short [][]string
	for _, line := range lines {
		short = append(short, line[:min(len(line), max(1, n-1))])
	}
	return short
}

// LayoutWidth is how many cells the longest line takes when cells are written as columns.
func LayoutWidth(lines [][]string) int {
	widest := 0
	for _, line := range layout(lines) {
		widest = max(widest, Width(line))
	}
	return widest
}

// layout aligns cells to lines of columns, without spaces at their ends.
func layout(lines [][]string) (aligned []string) {
	var widths []int
	for _, cells := range lines {
		for i, cell := range cells[:len(cells)-1] { // the last one ends its line
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell))
		}
	}
	for _, cells := range lines {
		var b strings.Builder
		for i, cell := range cells {
			b.WriteString(cell)
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-Width(cell)+gap))
			}
		}
		aligned = append(aligned, strings.TrimRight(b.String(), " "))
	}
	return aligned
}

func write(to io.Writer, lines [][]string) error {
	for _, line := range layout(lines) {
		if _, err := io.WriteString(to, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}
