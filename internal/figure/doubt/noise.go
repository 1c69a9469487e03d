package doubt

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// Noise shows whether trials differ by more than the noise of their runs: all runs by trial, ranked,
// less the mean of their seed, with the means that equal trials would have; and what accuracies vary
// by.
func Noise(v values.Values) picture.Picture {
	p := picture.Picture{Title: noiseTitle(v), Wide: true,
		Note: v.Study + saved(v), Bars: fmt.Sprintf("%.0f %% intervals", 100*v.Confidence)}
	p.Panels = []picture.Panel{strips(v), parts(v)}
	return p
}

// saved says what pairing by seed is worth.
func saved(v values.Values) string {
	seed, run := v.Spread.Seed.SD, v.Spread.Run.SD
	if all := seed*seed + run*run; all > 0 {
		return fmt.Sprintf(": comparing runs of one seed removes %.0f %% of their variance",
			100*seed*seed/all)
	}
	return ""
}

// strip is a trial's runs and their mean, in points from the mean of the seed's runs.
type strip struct {
	trial values.Trial
	runs  []float64
	mean  float64
}

// stripsOf are those of the trials with a run, the highest mean first. The base is none of them, as
// its distance from the others is no noise and is larger than all else.
func stripsOf(trials []values.Trial) []strip {
	var list []strip
	for _, t := range trials {
		if t.Family != "base" {
			list = append(list, strip{trial: t})
		}
	}
	shift := seedMeans(list)
	for i, s := range list {
		for j, score := range s.trial.Scores {
			if !math.IsNaN(score) {
				list[i].runs = append(list[i].runs, 100*(score-shift[j]))
			}
		}
		for _, r := range list[i].runs {
			list[i].mean += r / float64(len(list[i].runs))
		}
	}
	slices.SortStableFunc(list, func(a, b strip) int { return cmp.Compare(b.mean, a.mean) })
	return list
}

// seedMeans are the means of the seeds over the trials that have all; over those that have it where
// none has all.
func seedMeans(list []strip) []float64 {
	seeds := 0
	for _, s := range list {
		seeds = max(seeds, len(s.trial.Scores))
	}
	mean := func(seed int, whole bool) float64 {
		sum, n := 0., 0
		for _, s := range list {
			scores := s.trial.Scores
			holes := len(scores) < seeds || slices.ContainsFunc(scores, math.IsNaN)
			if seed < len(scores) && !math.IsNaN(scores[seed]) && !(whole && holes) {
				sum, n = sum+scores[seed], n+1
			}
		}
		return sum / float64(n)
	}
	means := make([]float64, seeds)
	for seed := range means {
		if means[seed] = mean(seed, true); math.IsNaN(means[seed]) {
			means[seed] = mean(seed, false)
		}
	}
	return means
}

// strips is the panel of the runs.
func strips(v values.Values) picture.Panel {
	list := stripsOf(v.Trials)
	panel := picture.Panel{Title: "runs, less the mean of their seed", Height: 52,
		X: picture.Axis{Label: "trials by rank", Kind: picture.Whole},
		Y: picture.Axis{Label: "points of " + v.Metric}}
	runs := picture.Dots{Name: "run", Look: picture.Faint}
	means := picture.Dots{Name: "mean of a trial", Look: picture.Accent(0)}
	for i, s := range list {
		x := float64(i + 1)
		for _, r := range s.runs {
			runs.Dots = append(runs.Dots, picture.Dot{Name: s.trial.Name, X: x, Y: r, Hollow: true})
		}
		means.Dots = append(means.Dots, picture.Dot{Name: s.trial.Name, X: x, Y: s.mean})
	}
	panel.Marks = []picture.Mark{runs, equals(v, list), means}
	if len(list) > mostStrips {
		panel.Marks = []picture.Mark{between(list), equals(v, list), ranked(list)}
	}
	return panel
}

// mostStrips is the number of trials whose runs have a dot each.
const mostStrips = 100

// between is what the runs of many trials lie in.
func between(list []strip) picture.Area {
	a := picture.Area{Name: "from a trial's lowest to its highest run", Look: picture.Faint,
		Opacity: .5}
	var back []picture.XY
	for i, s := range list {
		if len(s.runs) > 0 {
			a.Points = append(a.Points, picture.XY{X: float64(i + 1), Y: slices.Max(s.runs)})
			back = append(back, picture.XY{X: float64(i + 1), Y: slices.Min(s.runs)})
		}
	}
	slices.Reverse(back)
	a.Points = append(a.Points, back...)
	return a
}

// ranked is the line of the means of many trials.
func ranked(list []strip) picture.Line {
	l := picture.Line{Name: "mean of a trial", Look: picture.Accent(0)}
	for i, s := range list {
		l.Points = append(l.Points, picture.XY{X: float64(i + 1), Y: s.mean})
	}
	return l
}

// equals is the line of the ranked means that equal trials would have in the mean, by the noise of a
// run (Blom 1958).
func equals(v values.Values, list []strip) picture.Line {
	l := picture.Line{Name: "means that equal trials would have", Look: picture.Plain, Dashed: true}
	k, inverse := float64(len(list)), 0.
	for _, s := range list {
		inverse += 1 / float64(len(s.runs)) / k
	}
	noise := 100 * v.Spread.Run.SD * math.Sqrt(inverse)
	for i := range list {
		share := (k - float64(i) - .375) / (k + .25)
		l.Points = append(l.Points, picture.XY{X: float64(i + 1),
			Y: noise * distuv.UnitNormal.Quantile(share)})
	}
	return l
}

// parts is the panel of standard deviations.
func parts(v values.Values) picture.Panel {
	panel := picture.Panel{Title: "standard deviations", Height: 52,
		X: picture.Axis{Label: "points of " + v.Metric, Include: []float64{0}}}
	images := math.NaN()
	if v.ImageEffect != nil {
		images = *v.ImageEffect
	}
	series := picture.Dots{Look: picture.Accent(0)}
	for _, c := range []struct {
		name string
		values.Component
	}{
		{"between trials", v.Spread.Trial},
		{"of a run", v.Spread.Run},
		{"of a seed, for all alike", v.Spread.Seed},
		{"of the images drawn", values.Component{SD: images}},
	} {
		if math.IsNaN(c.SD) {
			continue
		}
		dot := picture.Dot{Name: c.name, X: 100 * c.SD, Y: float64(len(panel.Y.Names)),
			Label: fmt.Sprintf("%.2f", 100*c.SD)}
		if s := c.Span; s != nil {
			dot.XSpan = &picture.Span{Low: 100 * s.Low, High: 100 * s.High}
		}
		panel.Y.Names = append(panel.Y.Names, c.name)
		series.Dots = append(series.Dots, dot)
	}
	panel.Y.Kind = picture.Names
	panel.Marks = []picture.Mark{series}
	return panel
}

func noiseTitle(v values.Values) string {
	trial, run := v.Spread.Trial, v.Spread.Run
	switch {
	case math.IsNaN(trial.SD) || math.IsNaN(v.Spread.P) || run.SD == 0:
		return "What accuracies vary by"
	case !(v.Spread.P < 1-v.Confidence):
		return "Trials differ no more than the noise of their runs lets equal ones differ"
	}
	return fmt.Sprintf("Trials differ by %.1f times the noise of a run", trial.SD/run.SD)
}
