package figures

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/search/planner"
)

// studyValues are the values of a study. Its families are curves only where all dimensions are
// scaled together as well: otherwise the controls of a grid would look like curves.
func studyValues(s *study.Study, r report.Results) values.Values {
	v := resultValues(r)
	v.Rule = rule(s.Experiment.Search.Constraints)
	if data := s.Experiment.Data; data != nil {
		v.Data = data.Dataset
	}
	v.Curves = curves(s.Records, r)
	for i, t := range v.Trials {
		v.Trials[i].Pixels = pixels(s, t.Name)
	}
	all := families(r)
	for _, f := range all {
		for i, q := range f.Points {
			f.Points[i].Pixels = pixels(s, q.Name)
		}
	}
	if slices.ContainsFunc(all, func(f values.Family) bool { return f.Name == values.Compound }) {
		v.Families = all
	}
	addCurves(&v, r)
	return v
}

// sheetValues are the values of a file of scores. A curve has at least two points.
func sheetValues(r report.Results) values.Values {
	v := resultValues(r)
	if r.Metric != "top1" {
		v.Accuracy, v.Metric = r.Metric+", %", r.Metric
	}
	for _, f := range families(r) {
		if len(f.Points) > 1 {
			v.Families = append(v.Families, f)
		}
	}
	addCurves(&v, r)
	return v
}

// resultValues are what results say.
func resultValues(r report.Results) values.Values {
	v := values.Values{Study: r.Study, Accuracy: "validation top-1, %", Metric: "top-1",
		Confidence: r.Confidence, Validation: r.Validation, Noise: r.Noise,
		ImageEffect: r.ImageEffect}
	for _, t := range r.Trials {
		switch {
		case t.N > 0:
			v.Trials = append(v.Trials, trial(r, t))
		case t.ExcludedBy != "":
			excluded := trial(r, t)
			excluded.Why = t.ExcludedBy
			v.Excluded = append(v.Excluded, excluded)
		default:
			waiting := trial(r, t)
			waiting.Failed = failed(t)
			v.Waiting = append(v.Waiting, waiting)
		}
	}
	v.Spread = spread(r, v.Trials)
	v.Bases = bases(v.Trials)
	return v
}

func pixels(s *study.Study, trial string) int {
	for _, t := range s.Plan.Trials {
		if t.Name == trial {
			return t.Resolution
		}
	}
	return 0
}

// trial is a network with its results.
func trial(r report.Results, t report.Trial) values.Trial {
	to := values.Trial{Name: t.Name, Family: t.Family(), Control: t.Control != "",
		MAdds: float64(t.MAdds), Params: float64(t.Params), Activations: float64(t.Activations),
		Ratio: t.MAddsRatio, Scores: scores(r, t), Half: half(r, t), Tied: t.Tied != nil && *t.Tied}
	if to.Family == "" && r.Based() && t.Name == r.Trials[0].Name {
		to.Family = "base" // of a file of scores
	}
	if t.MeanTop1 != nil {
		to.Mean = *t.MeanTop1
	}
	if t.Behind != nil && t.BehindLow != nil && t.BehindHigh != nil {
		to.Behind = &values.Behind{Difference: *t.Behind, Low: *t.BehindLow, High: *t.BehindHigh}
	}
	if l := t.Latency(1); l != nil {
		to.Milliseconds = 1e3 * l.Shortest
	}
	place(&to, t.Labels)
	return to
}

// scores are those of the complete runs by seed, NaN where one is missing.
func scores(r report.Results, t report.Trial) []float64 {
	var list []float64
	for i, run := range t.Runs {
		list = append(list, math.NaN())
		if run.Top1 != nil {
			list[i] = *run.Top1
		}
	}
	return list
}

// families are the ways to scale with growing cost, each starting with the base network. One
// without a trained trial is left out.
func families(r report.Results) []values.Family {
	var list []values.Family
	for _, name := range report.Families() {
		f := family(r, name)
		if len(f.Points) == 0 {
			continue
		}
		if base := r.Trials[0]; r.Based() && base.N > 0 {
			f.Points = append(f.Points, values.FamilyPoint{Trial: trial(r, base)})
		}
		slices.SortFunc(f.Points, func(a, b values.FamilyPoint) int {
			return cmp.Compare(a.MAdds, b.MAdds)
		})
		list = append(list, f)
	}
	return list
}

// family is the trained trials of a family, in plan order, and what ends it.
func family(r report.Results, name string) values.Family {
	f := values.Family{Name: name}
	for _, t := range r.Trials {
		label, phi, member := member(t, name)
		switch {
		case member && t.ExcludedBy != "":
			f.Note = t.ExcludedBy
		case member && t.N > 0:
			f.Points = append(f.Points, values.FamilyPoint{Trial: trial(r, t), Label: label, Phi: phi})
		}
	}
	return f
}

// member reports whether a trial belongs to a family, by what its dimension is multiplied, and its
// phi.
func member(t report.Trial, family string) (label, phi string, ok bool) {
	i := slices.IndexFunc(t.Labels, func(l planner.Label) bool { return l.Control == family })
	if i < 0 {
		return "", "", false
	}
	l := t.Labels[i]
	if l.Nominal == "" || l.Phi == "" { // a file of scores may not say
		return "", string(l.Phi), true
	}
	depth, width, resolution := l.Scaling()
	switch family {
	case "width":
		return "w=" + short(width), string(l.Phi), true
	case "depth":
		return "d=" + short(depth), string(l.Phi), true
	case "resolution":
		return "r=" + short(resolution), string(l.Phi), true
	}
	return "phi=" + string(l.Phi), string(l.Phi), true
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }

// highlighted is the number of best trials that the training curves highlight, beside the base.
const highlighted = 5

// curves are the mean training curves of all trials with a complete run, the best first.
func curves(records []store.Record, r report.Results) []values.Curve {
	byTrial := map[string][]*store.Result{}
	for _, record := range records {
		if record.Result != nil {
			byTrial[record.Trial] = append(byTrial[record.Trial], record.Result)
		}
	}
	var list []values.Curve
	for rank, t := range r.Ranked() {
		if results := byTrial[t.Name]; len(results) > 0 {
			c := meanCurve(results)
			c.Trial, c.Highlight = t.Name, rank < highlighted || t.Name == r.Trials[0].Name
			c.Mean = *t.MeanTop1
			list = append(list, c)
		}
	}
	return list
}

// meanCurve averages over runs, up to the last epoch that all of them have.
func meanCurve(results []*store.Result) (c values.Curve) {
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
