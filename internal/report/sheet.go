package report

import (
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gridsearch/internal/cache"
	"gridsearch/internal/scoresheet"
	"gridsearch/search"
	"gridsearch/search/planner"
	"gridsearch/search/stats"
)

// sheetConfidence is the confidence for scores without an experiment file: its default.
const sheetConfidence = .95

// FromSheet makes the table of another program's scores. MeanTop1 and a run's Top1 are then values
// of the metric that Metric names.
func FromSheet(s *scoresheet.Sheet) Results {
	r := Results{SchemaVersion: SchemaVersion, Study: sheetName(s.File), Metric: s.Metric,
		Read: s.Sentence(), Confidence: sheetConfidence, Trials: []Trial{}, Sheet: s}
	var samples []stats.Sample
	for _, t := range s.Trials {
		trial := sheetTrial(t, s)
		r.Trials = append(r.Trials, trial)
		samples = append(samples, r.sheetSample(trial))
	}
	c := stats.Compare(samples, stats.Options{Confidence: r.Confidence, Lower: s.Lower,
		Check: stats.CheckPermutation, Cache: cache.User("statistics")})
	for i, e := range c.Summaries {
		r.Trials[i].judge(e)
	}
	r.Noise, r.PairingSaved = numberOrNil(c.Noise), numberOrNil(c.Saved)
	r.NoiseFreedom = c.Freedom
	r.warn(c.Warnings, nil)
	r.Families = r.FamilyComparisons()
	return r
}

// sheetName names a file's results as a study would be named.
func sheetName(file string) string {
	name := filepath.Base(file)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// sheetTrial is a trial as the tables know it.
func sheetTrial(t scoresheet.Trial, s *scoresheet.Sheet) Trial {
	trial := Trial{Name: t.Name, Labels: sheetLabels(t), Control: strings.Join(t.Families, ","),
		MAdds: t.MAdds, Params: t.Params, Runs: []Run{}}
	if s.Base && t.MAdds > 0 {
		trial.MAddsRatio = float64(t.MAdds) / float64(s.Trials[0].MAdds)
	}
	for _, r := range t.Runs {
		run := Run{Seed: r.Seed, State: "missing"}
		if r.Score != nil {
			run.State, run.Top1 = "complete", r.Score
		}
		trial.Runs = append(trial.Runs, run)
	}
	return trial
}

// sheetLabels are a trial's labels: one for each end of its coefficients, and one for each family.
func sheetLabels(t scoresheet.Trial) []planner.Label {
	families := t.Families
	if len(families) == 0 {
		families = []string{""}
	}
	low := point4(t.Alpha.Low, t.Beta.Low, t.Gamma.Low, t.Phi.Low)
	high := point4(t.Alpha.High, t.Beta.High, t.Gamma.High, t.Phi.High)
	var list []planner.Label
	for _, family := range families {
		for _, p := range slices.Compact([]search.Point{low, high}) {
			l := planner.Label{Point: p, Control: family}
			if p.Alpha != "" && p.Beta != "" && p.Gamma != "" {
				l.Nominal = p.Nominal()
			}
			list = append(list, l)
		}
	}
	return list
}

func point4(alpha, beta, gamma, phi string) search.Point {
	return search.Point{Alpha: search.Decimal(alpha), Beta: search.Decimal(beta),
		Gamma: search.Decimal(gamma), Phi: search.Decimal(phi)}
}

func (r Results) sheetSample(t Trial) stats.Sample {
	s := stats.Sample{Trial: t.Name,
		Scores: slices.Repeat([]float64{math.NaN()}, len(r.Sheet.Seeds))}
	for _, run := range t.Runs {
		if run.Top1 != nil {
			s.Scores[r.place(run)] = *run.Top1
		}
	}
	return s
}

// place is the index of a run's seed: a study counts them from 0.
func (r Results) place(run Run) int {
	if r.Sheet == nil {
		return run.Seed
	}
	i, _ := slices.BinarySearch(r.Sheet.Seeds, run.Seed)
	return i
}

// Lower reports whether the scores are losses.
func (r Results) Lower() bool { return r.Sheet != nil && r.Sheet.Lower }

// Has reports whether a column of the trials is known: a study has all.
func (r Results) Has(column string) bool { return r.Sheet == nil || r.Sheet.Has(column) }

// Based reports whether the first trial is the base network, as in every study.
func (r Results) Based() bool { return r.Sheet == nil || r.Sheet.Base }

// noFamilies says why families of a sheet are not compared; "" if they can be.
func (r Results) noFamilies() string {
	switch {
	case r.Sheet == nil:
		return ""
	case r.Lower():
		return "they are compared by accuracies alone"
	case !r.Has("madds"):
		return "the file has no column madds"
	case !r.Based():
		return "no trial is named base, nor of the family base"
	}
	return ""
}
