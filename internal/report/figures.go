package report

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/plots"
	"gridsearch/search"
)

// FiguresFolder is the folder of a study that Figures draws into.
const FiguresFolder = "figures"

// Figures draws the figures that the study's record allows into its folder, in the formats that its experiment file asks for. Figures of an earlier call
// are replaced, each whole or not at all.
func Figures(s *study.Study, r Results) error {
	if err := os.MkdirAll(s.Folder.Path(FiguresFolder), 0o755); err != nil {
		return err
	}
	single := families(r, "width", "depth", "resolution")
	for name, draw := range map[string]func() (*plots.Figure, error){
		"accuracy-cost":    func() (*plots.Figure, error) { return plots.AccuracyCost(r.Study, points(r)) },
		"accuracy-latency": func() (*plots.Figure, error) { return plots.AccuracyLatency(r.Study, latencyPoints(r)) },
		"training-curves":  func() (*plots.Figure, error) { return plots.TrainingCurves(r.Study, curves(s, r)) },
		"scaling-panels":   func() (*plots.Figure, error) { return plots.ScalingPanels(single) },
		"scaling-curves": func() (*plots.Figure, error) {
			return plots.ScalingCurves(families(r, "width", "depth", "resolution", "compound"))
		},
	} {
		wanted := slices.Contains(s.Experiment.Report.Figures, name)
		if strings.HasPrefix(name, "scaling") && len(families(r, "compound")) == 0 || !slices.ContainsFunc(r.Trials, func(t Trial) bool { return t.N > 0 }) ||
			name == "accuracy-latency" && len(latencyPoints(r)) == 0 {
			wanted = false
		}
		if !wanted || name == "scaling-panels" && len(single) == 0 {
			continue
		}
		figure, err := draw()
		if err != nil {
			return fmt.Errorf("figure %s: %w", name, err)
		}
		for _, format := range s.Experiment.Report.Formats {
			var picture bytes.Buffer
			if err := figure.Write(&picture, format); err != nil {
				return fmt.Errorf("figure %s: %w", name, err)
			}
			if err := s.Folder.Write(filepath.Join(FiguresFolder, name+"."+format), picture.Bytes()); err != nil {
				return fmt.Errorf("figure %s: %w", name, err)
			}
		}
	}
	return nil
}

// points are the trials with a complete run.
func points(r Results) []plots.Point {
	var list []plots.Point
	for _, t := range r.Trials {
		if t.N > 0 {
			list = append(list, point(t))
		}
	}
	return list
}

// latencyPoints are the same at the milliseconds that one image takes, where that has been measured.
func latencyPoints(r Results) []plots.Point {
	var list []plots.Point
	for _, t := range r.Trials {
		if l := t.latency(1); t.N > 0 && l != nil {
			p := point(t)
			p.Cost = 1e3 * l.Shortest
			list = append(list, p)
		}
	}
	return list
}

// point draws the interval of a mean as one standard error to either side: the t interval of three seeds would fill the figure, and the tied set, not
// the overlap of intervals, says what can be told apart.
func point(t Trial) plots.Point {
	p := plots.Point{Trial: t.Name, Family: familyOf(t), Cost: float64(t.MAdds), Mean: *t.MeanTop1, Low: *t.MeanTop1, High: *t.MeanTop1, Tied: t.Tied != nil && *t.Tied}
	if t.SDTop1 != nil {
		se := *t.SDTop1 / math.Sqrt(float64(t.N))
		p.Low, p.High = p.Mean-se, p.Mean+se
	}
	return p
}

// familyOf is the first of the trial's controls.
func familyOf(t Trial) string {
	name, _, _ := strings.Cut(t.Control, ",")
	return name
}

// families gathers the trials of the named families at growing cost, each beginning with the base network. A family without a trained trial is left out.
func families(r Results, names ...string) []plots.Family {
	var list []plots.Family
	for _, name := range names {
		f := plots.Family{Name: name}
		for _, t := range r.Trials {
			label, member := member(t, name)
			switch {
			case member && t.ExcludedBy != "":
				f.Note = t.ExcludedBy
			case member && t.N > 0:
				p := point(t)
				p.Label = label
				f.Points = append(f.Points, p)
			}
		}
		if len(f.Points) == 0 {
			continue
		}
		if base := r.Trials[0]; r.based() && base.N > 0 {
			f.Points = append(f.Points, point(base))
		}
		slices.SortFunc(f.Points, func(a, b plots.Point) int { return cmp.Compare(a.Cost, b.Cost) })
		list = append(list, f)
	}
	return list
}

// member says whether a trial belongs to a family, and what its dimension is multiplied by.
func member(t Trial, family string) (label string, ok bool) {
	i := slices.IndexFunc(t.Labels, func(l search.Label) bool { return l.Control == family })
	if i < 0 {
		return "", false
	}
	if t.Labels[i].Nominal == "" { // a file of scores may have no coefficients
		return "", true
	}
	depth, width, resolution := t.Labels[i].Scaling()
	switch family {
	case "width":
		return "w=" + short(width), true
	case "depth":
		return "d=" + short(depth), true
	case "resolution":
		return "r=" + short(resolution), true
	}
	return "phi=" + string(t.Labels[i].Phi), true
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }

// shown is the number of trials that the training curves highlight: the best ones and the base.
const shown = 5

// curves are the mean training curves of all trials with a complete run.
func curves(s *study.Study, r Results) []plots.Curve {
	byTrial := map[string][]store.Record{}
	for _, record := range s.Records {
		if record.Result != nil {
			byTrial[record.Trial] = append(byTrial[record.Trial], record)
		}
	}
	var list []plots.Curve
	for place, t := range r.ranked() {
		records := byTrial[t.Name]
		if len(records) == 0 {
			continue
		}
		c := plots.Curve{Trial: t.Name, Family: familyOf(t), Highlight: place < shown || t.Name == r.Trials[0].Name}
		epochs := len(records[0].Result.Curve)
		for _, record := range records {
			epochs = min(epochs, len(record.Result.Curve))
		}
		for epoch := range epochs {
			loss, top1 := 0., 0.
			for _, record := range records {
				loss += record.Result.Curve[epoch].Loss / float64(len(records))
				top1 += record.Result.Curve[epoch].Top1 / float64(len(records))
			}
			c.Loss, c.Top1 = append(c.Loss, loss), append(c.Top1, top1)
		}
		list = append(list, c)
	}
	return list
}
