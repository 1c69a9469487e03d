package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"gridsearch/internal/si"
	"gridsearch/model"
	"gridsearch/plots"
)

// writeDiagram draws a network beside its versions scaled in each dimension alone, and in all.
func writeDiagram(path string, base model.Architecture, s scaling) error {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	if format != "svg" && format != "png" {
		return usageError{fmt.Errorf("--diagram %s: its name must end in .svg or .png", path)}
	}
	figure, err := diagram(base, s)
	if err != nil {
		return err
	}
	return writeOutput(path, func(w io.Writer) error { return figure.Write(w, format) })
}

// diagram leaves out dimensions that are not scaled.
func diagram(base model.Architecture, s scaling) (*plots.Figure, error) {
	if s.pixels == 0 && s.depth == 1 && s.width == 1 && s.resolution == 1 {
		s.depth, s.width, s.resolution = paperPoint("3").Scaling()
	}
	identity := scaling{depth: 1, width: 1, resolution: 1, rounding: s.rounding}
	drawn := []plots.Network{drawing("baseline", identity.apply(base))}
	all := s.apply(base)
	for _, v := range []struct {
		title string
		set   bool
		to    func(*scaling)
	}{
		{fmt.Sprintf("width × %.4g", s.width), s.width != 1, func(one *scaling) { one.width = s.width }},
		{fmt.Sprintf("depth × %.4g", s.depth), s.depth != 1, func(one *scaling) { one.depth = s.depth }},
		{fmt.Sprintf("resolution: %d px", all.Pixels), all.Pixels != base.Pixels,
			func(one *scaling) { one.resolution, one.pixels = s.resolution, s.pixels }},
	} {
		if v.set {
			one := identity
			v.to(&one)
			drawn = append(drawn, drawing(v.title, one.apply(base)))
		}
	}
	if len(drawn) > 2 {
		drawn = append(drawn, drawing("compound", all))
	}
	return plots.Networks(drawn)
}

func drawing(title string, a model.Architecture) plots.Network {
	c := a.Cost()
	n := plots.Network{Title: title, Note: fmt.Sprintf("%d px\n%s multiply-adds\n%s parameters",
		a.Pixels, si.Text(float64(c.MAdds)), si.Text(float64(c.Params)))}
	for _, b := range a.Blocks() {
		if b.Kind == model.KindClassifier {
			continue // no map of its own
		}
		stage := b.Name
		if b.Stage > 0 && b.Stage <= len(a.Stages) {
			stage = fmt.Sprintf("%d: %s %dx%d", b.Stage, b.Kind, b.Kernel, b.Kernel)
		}
		n.Blocks = append(n.Blocks, plots.NetworkBlock{Stage: stage, Channels: b.Out, Size: b.OutSize})
	}
	return n
}
