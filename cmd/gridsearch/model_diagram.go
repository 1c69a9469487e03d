package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gridsearch/internal/figure"
	"gridsearch/internal/figure/networks"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/report/figures"
	"gridsearch/model"
	"gridsearch/plots"
)

// writeDiagram draws a network beside its versions scaled in each dimension alone, and in all.
func writeDiagram(path string, base model.Architecture, s scaling) error {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	if !slices.Contains(figure.Formats, format) {
		return usageError{fmt.Errorf("--diagram %s: its name must end in .svg, .png or .pdf", path)}
	}
	drawn, err := diagram(base, s)
	if err != nil {
		return err
	}
	return writeOutput(path, func(w io.Writer) error { return drawn.Write(w, format) })
}

// diagram leaves out dimensions that are not scaled.
func diagram(base model.Architecture, s scaling) (*plots.Figure, error) {
	if s.pixels == 0 && s.depth == 1 && s.width == 1 && s.resolution == 1 {
		s.depth, s.width, s.resolution = paperPoint("3").Scaling()
	}
	identity := scaling{depth: 1, width: 1, resolution: 1, rounding: s.rounding}
	drawn := []values.Network{drawing("baseline", identity.apply(base))}
	all := s.apply(base)
	factor := float64(all.Pixels) / float64(base.Pixels)
	for _, v := range []struct {
		name   string
		factor float64
		to     func(*scaling)
	}{
		{"width", s.width, func(one *scaling) { one.width = s.width }},
		{"depth", s.depth, func(one *scaling) { one.depth = s.depth }},
		{"resolution", factor, func(one *scaling) { one.resolution, one.pixels = s.resolution, s.pixels }},
	} {
		if v.factor != 1 {
			one := identity
			v.to(&one)
			drawn = append(drawn, drawing(fmt.Sprintf("%s × %.3g", v.name, v.factor), one.apply(base)))
		}
	}
	if len(drawn) > 2 {
		drawn = append(drawn, drawing("all together", all))
	}
	shown, err := networks.Picture("Ways to scale "+base.Name, drawn)
	if err != nil {
		return nil, err
	}
	return plots.Draw(shown)
}

func drawing(title string, a model.Architecture) values.Network {
	c := a.Cost()
	return figures.Drawn(title, a, figures.Costs(c.MAdds, c.Params)...)
}
