package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"gridsearch/internal/files"
	"gridsearch/plots"
)

// sheetFigure is a figure with the name of its files.
type sheetFigure struct {
	name string
	draw func() (*plots.Figure, error)
}

// SheetFigures draws scores that another program has trained into a folder, which it makes, as SVG
// and PNG: accuracy against cost, and the curves of families where the trials have some. It gives
// the files' paths. It takes accuracies, and a file with multiply-adds.
func (r Results) SheetFigures(folder string) (paths []string, err error) {
	if r.lower() || !r.has("madds") {
		return nil, errors.New("figures are of accuracy against cost: they take accuracies, and a " +
			"column madds")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	for _, f := range r.sheetFigures() {
		figure, err := f.draw()
		if err != nil {
			return paths, err
		}
		if r.Metric != "top1" {
			figure.NameMetric(r.Metric)
		}
		for _, format := range []string{"svg", "png"} {
			path := filepath.Join(folder, f.name+"."+format)
			if err := writeFigure(path, figure, format); err != nil {
				return paths, err
			}
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// sheetFigures are those that the trials allow: a curve has two points and more.
func (r Results) sheetFigures() []sheetFigure {
	list := []sheetFigure{{"accuracy-cost", func() (*plots.Figure, error) {
		return plots.AccuracyCost(r.Study, points(r))
	}}}
	single := curved(families(r, "width", "depth", "resolution"))
	all := curved(families(r, "width", "depth", "resolution", "compound"))
	if len(all) > 0 {
		list = append(list, sheetFigure{"scaling-curves", func() (*plots.Figure, error) {
			return plots.ScalingCurves(all)
		}})
	}
	if len(single) > 0 {
		list = append(list, sheetFigure{"scaling-panels", func() (*plots.Figure, error) {
			return plots.ScalingPanels(single)
		}})
	}
	return list
}

// curved are the families with two points and more.
func curved(families []plots.Family) []plots.Family {
	var list []plots.Family
	for _, f := range families {
		if len(f.Points) > 1 {
			list = append(list, f)
		}
	}
	return list
}

func writeFigure(path string, f *plots.Figure, format string) error {
	var picture bytes.Buffer
	if err := f.Write(&picture, format); err != nil {
		return err
	}
	return files.Replace(path, picture.Bytes())
}
