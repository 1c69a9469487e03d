package figures

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	scaling "gridsearch/search/curves"
)

// addCurves lays curves through the families, and compares them.
func addCurves(v *values.Values, r report.Results) {
	for _, c := range r.ScalingCurves() {
		for i := range v.Families {
			if f := &v.Families[i]; f.Name == c.Name && c.Kind != scaling.None {
				f.Fit = fit(c)
			}
		}
	}
	if list := r.Families; len(list) > 0 && list[0].MAddsRatio != nil {
		l, ratio := list[0], *list[0].MAddsRatio
		v.Lead = &values.Lead{Claim: l.Claim, Ratio: ratio,
			MAdds:      ratio * float64(r.Trials[0].MAdds),
			Confidence: 2*r.Confidence - 1} // each end of an interval has the confidence of a claim
		for _, c := range l.Contrasts {
			v.Lead.Over = append(v.Lead.Over, values.Over{Name: c.Against, Difference: c.Difference,
				Low: c.Low, High: c.High})
		}
	}
}

const (
	steps   = 48  // of a curve, equal in log cost, to its last network's cost
	further = 8   // steps beyond
	beyond  = 1.2 // the cost that they lead to, as a multiple of that
)

// fit samples a curve.
func fit(c scaling.Curve) *values.Fit {
	v := &values.Fit{Inside: steps + 1, Finding: c.Finding(), Says: c.Sentence(),
		Shows: string(c.Verdict)}
	if c.Kind == scaling.Joined || c.Kind == scaling.Line && c.Verdict == scaling.Open {
		v.Shows = ""
	}
	points := steps + further + 1
	if c.Kind == scaling.Joined { // two networks say nothing of what lies beyond them
		points = steps + 1
	}
	for i := range points {
		cost := c.First * math.Pow(c.Last/c.First, float64(i)/steps)
		if i > steps {
			cost = c.Last * math.Pow(beyond, float64(i-steps)/further)
		}
		at := c.At(cost)
		v.Curve = append(v.Curve, values.FitPoint{MAdds: cost, Value: at.Value, Low: at.Low,
			High: at.High})
	}
	return v
}

// half is half the interval of a trial's mean, by the noise of a run that is pooled over all trials
// and paired by seed; 0 where that is not known.
func half(r report.Results, t report.Trial) float64 {
	if r.Noise == nil || r.NoiseFreedom == 0 || t.N == 0 {
		return 0
	}
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(r.NoiseFreedom)}
	return student.Quantile((1+r.Confidence)/2) * *r.Noise / math.Sqrt(float64(t.N))
}

// sameWidth is the ratio up to which widths count as one.
const sameWidth = 1.001

// bases are the depths and resolutions that at least two networks of unlike widths share, those
// with the most networks first. One alone is nothing to compare.
func bases(trials []values.Trial) []values.Base {
	var list []values.Base
	for _, t := range trials {
		if t.Depth == 0 || t.Width == 0 || t.Resolution == 0 || t.MAdds == 0 {
			continue // a file of scores may not say
		}
		i := slices.IndexFunc(list, func(b values.Base) bool {
			return b.Depth == t.Depth && b.Resolution == t.Resolution
		})
		if i < 0 {
			i, list = len(list), append(list, values.Base{Depth: t.Depth, Resolution: t.Resolution})
		}
		list[i].Trials = append(list[i].Trials, t)
	}
	list = slices.DeleteFunc(list, func(b values.Base) bool {
		slices.SortStableFunc(b.Trials, func(a, b values.Trial) int {
			return cmp.Compare(a.Width, b.Width)
		})
		return b.Trials[len(b.Trials)-1].Width < sameWidth*b.Trials[0].Width
	})
	if len(list) < 2 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b values.Base) int {
		return cmp.Compare(len(b.Trials), len(a.Trials))
	})
	return list
}
