package folder

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"gridsearch/dataset/folder/table"
)

// readList fills the rows from a list.
func (l *lister) readList() error {
	place := l.Options.List
	if !filepath.IsAbs(place) {
		place = l.place(filepath.ToSlash(place))
	}
	file, err := openRegular(place)
	if err != nil {
		return err
	}
	defer file.Close()
	m := &table.Mistakes{File: place}
	err = table.Read(l.ctx, file, m, func(r table.Row) { l.takeListed(m, r) })
	if err == nil {
		err = m.Err()
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(l.rows, func(r row) bool { return r.part == table.Train }) {
		return fmt.Errorf("%s lists no training image", quote(place))
	}
	l.Layout = "listed by " + spell(filepath.ToSlash(l.Options.List))
	return l.findListed(m)
}

// takeListed adds the image of a line.
func (l *lister) takeListed(m *table.Mistakes, listed table.Row) {
	if l.Advice != nil {
		name := path.Base(strings.ReplaceAll(listed.Path, `\`, "/"))
		if advice := l.Advice(name); advice != "" {
			m.Add(listed.Line, listed.Column, "%s: %s", quote(listed.Path), advice)
			return
		}
	}
	r := row{part: listed.Part, label: -1, line: listed.Line, column: listed.Column}
	r.Path = listed.Path
	if listed.Label != "" {
		r.label = l.label(listed.Label)
	}
	l.rows = append(l.rows, r)
}

// findListed finds the files that a list names.
func (l *lister) findListed(m *table.Mistakes) error {
	base := path.Dir(l.relative(l.Options.List))
	err := l.each(func(r *row) {
		for i, spelling := range spellings(r.Path) {
			file := l.relative(spelling)
			if !filepath.IsAbs(filepath.FromSlash(file)) {
				file = path.Join(base, file)
			}
			info, err := os.Stat(l.place(file))
			if err == nil {
				r.Path, r.err = file, nil
				r.measure(info)
				return
			}
			if i == 0 {
				r.err = named(l.place(file), err)
			}
		}
	})
	if err != nil {
		return err
	}
	lines := make(map[string]int, len(l.rows))
	for _, r := range l.rows {
		switch line, twice := lines[r.Path]; {
		case r.err != nil:
			m.Add(r.line, r.column, "%v", r.err)
		case twice:
			m.Add(r.line, r.column, "%s is on line %d already", quote(r.Path), line)
		default:
			lines[r.Path] = r.line
		}
	}
	return m.Err()
}

// spellings are how a path of a list may be spelled on disk, the first as it is written: with
// slashes for backslashes, and with accents that are, or are not, characters of their own.
func spellings(written string) []string {
	slashed := strings.ReplaceAll(written, `\`, "/")
	all := []string{written, slashed, norm.NFC.String(slashed), norm.NFD.String(slashed)}
	return slices.Compact(all)
}

// relative is a path with slashes, and relative to the root if it is below.
func (l *lister) relative(file string) string {
	if filepath.IsAbs(file) {
		if root, err := filepath.Abs(l.Root); err == nil {
			if below, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(below) {
				file = below
			}
		}
	}
	return filepath.ToSlash(filepath.Clean(file))
}
