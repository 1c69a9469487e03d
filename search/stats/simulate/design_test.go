package simulate

import (
	"testing"

	"gridsearch/internal/random"
	"gridsearch/search/stats"
)

// quickstart is the design of experiments/quickstart.toml with what was known before it was run:
// top-1 in percent at 2.8 times the base's cost, read off the curves of single-vs-compound.toml
// (docs/log.md, 2026-11-27), whose base it has, and the noise of one run there.
var quickstart = struct {
	seeds int
	noise float64 // points
	depth int     // index of the trial that is only deeper
	means []float64
	share float64 // of the differences that is taken to be true
}{
	seeds: 5,
	noise: 2.06,
	depth: 4,
	// width, width and resolution, resolution, the paper's triple, depth, base
	means: []float64{57.5, 56.6, 55.7, 56, 50.8, 45.6},
	// the best of several measured means is above its truth, and training is half as long
	share: .75,
}

// TestQuickstartDesign: the quickstart tells a single dimension from the best in most repetitions,
// though only three quarters of the differences be true. With three seeds it would not.
func TestQuickstartDesign(t *testing.T) {
	q := quickstart
	truth := func(_ *random.Stream, k int) []float64 {
		list := make([]float64, k)
		for i := range list {
			list[i] = q.share * (q.means[i] - q.means[0]) / q.noise
		}
		return list
	}
	told := func(seeds int) float64 {
		c := Cell{Name: "quickstart", Trials: len(q.means), Seeds: seeds, Truth: truth, Noise: Even,
			Options: stats.Options{Confidence: .95}}
		return Percent(c.Draw(400), func(s Search) bool { return !s.Summaries[q.depth].Tied })
	}
	if got := told(q.seeds); got < 80 {
		t.Errorf("%d seeds tell depth from the best in %.0f %% of searches", q.seeds, got)
	}
	if got := told(3); got > 65 {
		t.Errorf("3 seeds tell depth from the best in %.0f %% of searches: they would do", got)
	}
}
