package figures

import (
	"bytes"
	"slices"

	"gridsearch/internal/figure"
	"gridsearch/internal/figure/space"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/study"
	"gridsearch/plots"
)

// Picture is a figure of the registry, drawn.
type Picture struct {
	Name    string // as in the registry
	Caption string // what it shows, in a line
	See     string // how to read it, in a sentence or two
	Scene   []byte // JSON of what a page can turn, safe in a script of HTML; nil for others

	drawn *plots.Figure
}

// Wide says whether the picture takes a page's width, not a column's.
func (p Picture) Wide() bool { return p.drawn.Wide() }

// SVG is the picture as a whole document, with its XML declaration.
func (p Picture) SVG() ([]byte, error) { return p.as("svg") }

// PNG is the picture as a bitmap.
func (p Picture) PNG() ([]byte, error) { return p.as("png") }

func (p Picture) as(format string) ([]byte, error) {
	var text bytes.Buffer
	err := p.drawn.Write(&text, format)
	return text.Bytes(), err
}

// Pictures draws the named figures of a study in memory, in the registry's order. The outcome has
// the names of those that are drawn, and says why others are not.
func Pictures(s *study.Study, r report.Results, from Sources, names []string) ([]Picture, Outcome) {
	return pictures(from.gathered(s, r, names), names)
}

// pictures draws the named figures of values. One that cannot be drawn, as of NaN, does not keep the
// others from it.
func pictures(v values.Values, names []string) (list []Picture, o Outcome) {
	o.Chosen = len(names) < len(figure.All)
	for _, f := range figure.All {
		if !slices.Contains(names, f.Name) {
			continue
		}
		why := f.Lack(v)
		if why == "" {
			one, err := draw(f, v)
			if err == nil {
				list, o.Drawn = append(list, one), append(o.Drawn, f.Name)
				continue
			}
			why = err.Error()
		}
		o.Failed = append(o.Failed, Undrawn{f.Name, why})
	}
	return list, o
}

// draw draws a figure of values that have what it needs.
func draw(f figure.Figure, v values.Values) (p Picture, err error) {
	p = Picture{Name: f.Name, Caption: f.Caption, See: f.See}
	shown, err := f.Picture(v)
	if err != nil {
		return p, err
	}
	if p.drawn, err = plots.Draw(shown); err != nil {
		return p, err
	}
	if f.Name == space.Name {
		p.Scene, err = scene(v)
	}
	return p, err
}
