package figures

import (
	"math"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/search/stats/components"
)

// spread is what accuracies vary by: the noise of a run as the results have it, the rest from the
// trials that have all seeds, without the base. Nil where two such trials are not there.
func spread(r report.Results, trials []values.Trial) *values.Spread {
	var scores [][]float64
	for _, t := range trials {
		if t.Family != "base" {
			scores = append(scores, t.Scores)
		}
	}
	table, _ := components.Complete(scores)
	of, ok := components.Of(table, r.Confidence)
	if !ok || r.Noise == nil {
		return nil
	}
	return &values.Spread{
		Run:   component(components.Noise(*r.Noise, r.NoiseFreedom, r.Confidence)),
		Seed:  component(of.Seed),
		Trial: component(of.Trial), P: of.P}
}

// component is an estimate with its interval, where that is known.
func component(e components.Estimate) values.Component {
	c := values.Component{SD: e.SD}
	if !math.IsNaN(e.Low) && !math.IsNaN(e.High) {
		c.Span = &values.Span{Low: e.Low, High: e.High}
	}
	return c
}
