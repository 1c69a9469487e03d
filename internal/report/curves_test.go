package report

import (
	"math"
	"slices"
	"testing"

	"gridsearch/internal/scoresheet"
	"gridsearch/search/curves"
	"gridsearch/search/planner"
)

// judgedScaling are results of families that rise along straight lines in the logarithm of the cost,
// with their means and the noise of runs.
func judgedScaling(slopes map[string]float64) Results {
	r := scaling(slopes)
	noise := .003
	r.Noise, r.NoiseFreedom = &noise, 40
	for i := range r.Trials {
		mean := 0.
		for _, run := range r.Trials[i].Runs {
			mean += *run.Top1 / 3
		}
		r.Trials[i].N, r.Trials[i].MeanTop1 = 3, &mean
	}
	return r
}

// TestScalingCurves: every family has a curve that begins at the base, with the slope that was put
// in, and the families are in their order.
func TestScalingCurves(t *testing.T) {
	r := judgedScaling(slopes)
	var names []string
	for _, c := range r.ScalingCurves() {
		names = append(names, c.Name)
		want := slopes[c.Name] * math.Ln2 // for a doubling
		if c.Networks != 6 || c.First != 1e6 || c.Last != 5.7e6 ||
			!(c.Slope.Low < want && want < c.Slope.High) || math.Abs(c.Slope.Value-want) > .004 {
			t.Errorf("%s: %d networks from %g to %g, slope %+v, want %g", c.Name, c.Networks, c.First,
				c.Last, c.Slope, want)
		}
	}
	if !slices.Equal(names, Families()) {
		t.Errorf("curves of %v", names)
	}
	for _, c := range r.ScalingCurves() {
		if c.Verdict != curves.Rising {
			t.Errorf("%s: %s", c.Name, c.Verdict)
		}
	}
}

// TestScalingCurvesTakeWhatThereIs: networks without a run or a cost are left out, a network that
// the base builds too counts once, two networks are joined, and losses have no curve.
func TestScalingCurvesTakeWhatThereIs(t *testing.T) {
	r := judgedScaling(map[string]float64{"width": .05, "depth": .05})
	r.Trials[1].N = 0
	r.Trials[2].MAdds = 0
	r.Trials[0].Labels = append(r.Trials[0].Labels, planner.Label{Control: "width"})
	if c := r.ScalingCurves(); c[0].Networks != 4 || c[1].Networks != 6 {
		t.Errorf("%d and %d networks", c[0].Networks, c[1].Networks)
	}
	for i := 7; i < 11; i++ {
		r.Trials[i].N = 0
	}
	if c := r.ScalingCurves(); c[1].Kind != curves.Joined || c[1].Networks != 2 {
		t.Errorf("%d networks make %d", c[1].Networks, c[1].Kind)
	}
	r.Sheet = &scoresheet.Sheet{Lower: true, Base: true}
	if len(r.ScalingCurves()) > 0 {
		t.Error("losses have curves")
	}
}

// TestMeanNoise: the noise of a mean is that of a run on the runs of a trial, with the degrees of
// freedom that the comparison has for it.
func TestMeanNoise(t *testing.T) {
	r := judgedScaling(slopes)
	noise := r.meanNoise()
	if noise.Freedom != 40 || math.Abs(noise.SD-.003/math.Sqrt(3)) > 1e-12 {
		t.Errorf("of a mean: %+v", noise)
	}
	r.Noise = nil
	if r.meanNoise().Freedom != 0 {
		t.Error("unknown noise has degrees of freedom")
	}
	r = judgedScaling(slopes)
	for i := range r.Trials {
		r.Trials[i].N = 0
	}
	if r.meanNoise().Freedom != 0 {
		t.Error("noise of no run has degrees of freedom")
	}
}
