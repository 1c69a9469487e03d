package figures

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/predictions"
	"gridsearch/internal/report"
	"gridsearch/search/images"
	"gridsearch/search/stats/components"
)

// classes are the accuracies of the tied trials, or of the best where there is no verdict, in the
// classes that have images, from the predictions that are kept; none where none are.
func classes(r report.Results, from Sources) ([]values.Class, error) {
	trials := Predicted(r)
	counts := map[string]map[int][]images.ClassCount{} // by trial and seed
	var names []string
	err := from.Predictions(func(p predictions.File) error {
		if slices.Contains(trials, p.Trial) {
			if counts[p.Trial] == nil {
				counts[p.Trial] = map[int][]images.ClassCount{}
			}
			counts[p.Trial][p.Seed], names = p.ByClass(), p.Names
		}
		return nil
	})
	if err != nil || len(counts) == 0 {
		return nil, err
	}
	trials = slices.DeleteFunc(trials, func(name string) bool { return counts[name] == nil })
	var list []values.Class
	var p []float64
	for c, name := range names {
		if one, chance := class(name, c, trials, counts); one.Images > 0 {
			list, p = append(list, one), append(p, chance)
		}
	}
	for i, v := range components.Holm(p) {
		list[i].P = v
	}
	return list, nil
}

// Predicted names the trials whose predictions figures show: the tied ones, or the best where there
// is no verdict, the highest mean first.
func Predicted(r report.Results) []string {
	var names []string
	for _, t := range r.TiedSet() {
		names = append(names, t.Name)
	}
	if best := r.Ranked(); len(names) == 0 && len(best) > 0 && best[0].N > 0 {
		names = []string{best[0].Name}
	}
	return names
}

// class is a class, with the p value of equal trials.
func class(name string, number int, trials []string,
	counts map[string]map[int][]images.ClassCount) (values.Class, float64) {
	c := values.Class{Name: name}
	var table [][]float64 // [trial][seed]
	for _, trial := range trials {
		row := []float64{}
		for seed, all := range counts[trial] {
			c.Images = all[number].Images
			row = withScore(row, seed, all[number].Accuracy())
		}
		table = append(table, row)
		there := slices.DeleteFunc(slices.Clone(row), math.IsNaN)
		score := values.ClassScore{Trial: trial, Mean: stat.Mean(there, nil), SE: math.NaN()}
		if n := len(there); n > 1 {
			score.SE = stat.StdDev(there, nil) / math.Sqrt(float64(n))
		}
		c.Scores = append(c.Scores, score)
	}
	complete, _ := components.Complete(table)
	if of, ok := components.Of(complete, .95); ok {
		return c, of.P
	}
	return c, math.NaN()
}

// withScore puts a seed's score among others.
func withScore(scores []float64, seed int, score float64) []float64 {
	for len(scores) <= seed {
		scores = append(scores, math.NaN())
	}
	scores[seed] = score
	return scores
}

// meanOf is the mean of the scores that are there.
func meanOf(scores []float64) float64 {
	return stat.Mean(slices.DeleteFunc(slices.Clone(scores), math.IsNaN), nil)
}
