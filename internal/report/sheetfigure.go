package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"gridsearch/internal/files"
	"gridsearch/plots"
)

// SheetFigures draws accuracy against cost, for scores that another program has trained, into a
// folder, which it makes, as SVG and PNG. It gives the files' paths. It takes accuracies, and a
// file with multiply-adds.
func (r Results) SheetFigures(folder string) (paths []string, err error) {
	if r.lower() || !r.has("madds") {
		return nil, errors.New("the figure is of accuracy against cost: it takes accuracies, " +
			"and a " +
			"column madds")
	}
	f, err := r.costFigure()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	for _, format := range []string{"svg", "png"} {
		var picture bytes.Buffer
		if err := f.Write(&picture, format); err != nil {
			return paths, err
		}
		path := filepath.Join(folder, "accuracy-cost."+format)
		if err := files.Replace(path, picture.Bytes()); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func (r Results) costFigure() (*plots.Figure, error) {
	if r.Metric == "top1" {
		return plots.AccuracyCost(r.Study, points(r))
	}
	return plots.MetricCost(r.Study, r.Metric, points(r))
}
