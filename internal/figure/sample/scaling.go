package sample

import (
	"fmt"
	"math"

	"gridsearch/internal/figure/values"
)

// height is the curve of the i-th family, by doublings of cost.
func height(i int, x float64) float64 {
	rise := []float64{.09, .16, .22, .3}[i]
	bend := []float64{1.6, .5, .4, .35}[i]
	return .4 - rise*math.Expm1(-bend*x)
}

// fit is the i-th family's curve: the first one with a plateau, the last one rising.
func fit(i int, f values.Family) *values.Fit {
	const doublings = 3
	v := &values.Fit{Inside: 25, Finding: "no plateau seen", Shows: "open",
		Says: f.Name + ": +1.79 (-0.20 to +3.10) points a doubling at the end: no plateau seen, " +
			"nor excluded"}
	switch i {
	case 0:
		v.Finding, v.Shows = "a plateau", "plateau"
		v.Says = f.Name + ": a plateau, +0.12 (+0.01 to +0.31) points a doubling at the end, less " +
			"than a tenth of the first doubling's +7.18"
	case 3:
		v.Finding, v.Shows = "still rises", "rising"
		v.Says = f.Name + ": +3.67 (+2.20 to +5.10) points a doubling at the end: it still rises"
	}
	for j := range 28 {
		x := doublings * float64(j) / 24
		y, half := height(i, x), .006+.002*math.Abs(x-doublings/2)
		v.Curve = append(v.Curve, values.FitPoint{MAdds: f.Points[0].MAdds * math.Exp2(x), Value: y,
			Low: y - half, High: y + half})
	}
	return v
}

func lead() *values.Lead {
	return &values.Lead{Claim: "better", Ratio: 4, MAdds: 4e6, Confidence: .9,
		Over: []values.Over{{Name: "width", Difference: .064, Low: .051, High: .077},
			{Name: "depth", Difference: .05, Low: .037, High: .063},
			{Name: "resolution", Difference: .03, Low: .017, High: .043}}}
}

// bases are networks of four widths at each of three depths and resolutions.
func bases() []values.Base {
	var list []values.Base
	for i, b := range []values.Base{{Depth: 1, Resolution: 1}, {Depth: 2, Resolution: 1},
		{Depth: 2, Resolution: 1.3}} {
		for j := range 4 {
			width := 1 + .4*float64(j)
			cost := 1e6 * b.Depth * b.Resolution * b.Resolution * width * width
			b.Trials = append(b.Trials, values.Trial{Name: fmt.Sprintf("base %d w=%.1f", i, width),
				Depth: b.Depth, Resolution: b.Resolution, Width: width, MAdds: cost, Half: .01,
				Mean: .4 + .03*float64(i) + .08*math.Log(width)*(1-.2*math.Log(width))})
		}
		list = append(list, b)
	}
	return list
}
