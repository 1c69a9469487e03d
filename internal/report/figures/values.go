package figures

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/figure"
	"gridsearch/internal/report"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/search/planner"
)

// studyValues are the values of a study. Its families are curves only where all dimensions are
// scaled together as well: otherwise the controls of a grid would look like curves.
func studyValues(s *study.Study, r report.Results) figure.Values {
	v := figure.Values{Title: r.Study, Accuracy: "validation top-1, %", Points: points(r),
		Latencies: latencies(r), Curves: curves(s.Records, r)}
	all := families(r)
	if slices.ContainsFunc(all, func(f figure.Family) bool { return f.Name == figure.Compound }) {
		v.Families = all
	}
	return v
}

// sheetValues are the values of a file of scores. A curve has at least two points.
func sheetValues(r report.Results) figure.Values {
	v := figure.Values{Title: r.Study, Accuracy: "validation top-1, %", Points: points(r)}
	if r.Metric != "top1" {
		v.Accuracy = r.Metric + ", %"
	}
	for _, f := range families(r) {
		if len(f.Points) > 1 {
			v.Families = append(v.Families, f)
		}
	}
	return v
}

// points are the trials with a complete run, at their multiply-adds.
func points(r report.Results) []figure.Point {
	var list []figure.Point
	for _, t := range r.Trials {
		if t.N > 0 {
			list = append(list, point(t))
		}
	}
	return list
}

// latencies are the trials at the least time of one image in milliseconds, where that has been
// measured.
func latencies(r report.Results) []figure.Point {
	var list []figure.Point
	for _, t := range r.Trials {
		if l := t.Latency(1); t.N > 0 && l != nil {
			p := point(t)
			p.Cost = 1e3 * l.Shortest
			list = append(list, p)
		}
	}
	return list
}

// point is a trial with one standard error on either side.
func point(t report.Trial) figure.Point {
	mean := *t.MeanTop1
	p := figure.Point{Trial: t.Name, Family: firstControl(t), Cost: float64(t.MAdds),
		Mean: mean, Low: mean, High: mean, Tied: t.Tied != nil && *t.Tied}
	if t.SDTop1 != nil {
		se := *t.SDTop1 / math.Sqrt(float64(t.N))
		p.Low, p.High = p.Mean-se, p.Mean+se
	}
	return p
}

// firstControl is the first of the trial's controls, whose style it is drawn in.
func firstControl(t report.Trial) string {
	name, _, _ := strings.Cut(t.Control, ",")
	return name
}

// families are the ways to scale with growing cost, each starting with the base network. One
// without a trained trial is left out.
func families(r report.Results) []figure.Family {
	var list []figure.Family
	for _, name := range []string{"width", "depth", "resolution", figure.Compound} {
		f := family(r, name)
		if len(f.Points) == 0 {
			continue
		}
		if base := r.Trials[0]; r.Based() && base.N > 0 {
			f.Points = append(f.Points, point(base))
		}
		slices.SortFunc(f.Points, func(a, b figure.Point) int { return cmp.Compare(a.Cost, b.Cost) })
		list = append(list, f)
	}
	return list
}

// family is the trained trials of a family, in plan order, and what ends it.
func family(r report.Results, name string) figure.Family {
	f := figure.Family{Name: name}
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
	return f
}

// member reports whether a trial belongs to a family, and by what its dimension is multiplied.
func member(t report.Trial, family string) (label string, ok bool) {
	i := slices.IndexFunc(t.Labels, func(l planner.Label) bool { return l.Control == family })
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

// highlighted is the number of best trials that the training curves highlight, beside the base.
const highlighted = 5

// curves are the mean training curves of all trials with a complete run, the best first.
func curves(records []store.Record, r report.Results) []figure.Curve {
	byTrial := map[string][]*store.Result{}
	for _, record := range records {
		if record.Result != nil {
			byTrial[record.Trial] = append(byTrial[record.Trial], record.Result)
		}
	}
	var list []figure.Curve
	for rank, t := range r.Ranked() {
		if results := byTrial[t.Name]; len(results) > 0 {
			c := meanCurve(results)
			c.Trial, c.Highlight = t.Name, rank < highlighted || t.Name == r.Trials[0].Name
			list = append(list, c)
		}
	}
	return list
}

// meanCurve averages over runs, up to the last epoch that all of them have.
func meanCurve(results []*store.Result) (c figure.Curve) {
	epochs := len(results[0].Curve)
	for _, result := range results {
		epochs = min(epochs, len(result.Curve))
	}
	for epoch := range epochs {
		loss, top1 := 0., 0.
		for _, result := range results {
			loss += result.Curve[epoch].Loss / float64(len(results))
			top1 += result.Curve[epoch].Top1 / float64(len(results))
		}
		c.Loss, c.Top1 = append(c.Loss, loss), append(c.Top1, top1)
	}
	return c
}
