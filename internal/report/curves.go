package report

import (
	"math"

	"gridsearch/search/curves"
)

// Families are the ways to scale, in the order in which they are shown: single dimensions, and all
// together.
func Families() []string { return append(singleDimensions[:3:3], compound) }

// ScalingCurves are the curves of accuracy against multiply-adds of the families that have trained
// networks beside the base, which each curve begins with. There are none of losses, nor without
// multiply-adds.
func (r Results) ScalingCurves() []curves.Curve {
	if r.Lower() || !r.Has("madds") {
		return nil
	}
	s := curves.Study{Noise: r.meanNoise(), Confidence: r.Confidence}
	for _, name := range Families() {
		f := curves.Family{Name: name}
		for _, t := range r.Trials {
			if t.N > 0 && t.MAdds > 0 && labelledAs(t, name) {
				f.Points = append(f.Points, curves.Point{Cost: float64(t.MAdds), Mean: *t.MeanTop1})
			}
		}
		if len(f.Points) == 0 {
			continue
		}
		base := r.Trials[0]
		if r.Based() && base.N > 0 && base.MAdds > 0 && !labelledAs(base, name) {
			p := curves.Point{Cost: float64(base.MAdds), Mean: *base.MeanTop1}
			f.Points = append(f.Points, p)
		}
		s.Families = append(s.Families, f)
	}
	return curves.Fit(s)
}

// meanNoise is the noise of a trial's mean. Trials that lack runs count as the average one.
func (r Results) meanNoise() curves.Noise {
	trials, runs := 0, 0
	for _, t := range r.Trials {
		if t.N > 0 {
			trials, runs = trials+1, runs+t.N
		}
	}
	if r.Noise == nil || r.NoiseFreedom == 0 || runs == 0 {
		return curves.Noise{}
	}
	return curves.Noise{SD: *r.Noise / math.Sqrt(float64(runs)/float64(trials)),
		Freedom: r.NoiseFreedom}
}
