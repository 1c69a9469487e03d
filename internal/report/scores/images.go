package scores

import (
	"cmp"
	"slices"

	"gridsearch/internal/report"
	"gridsearch/search/images"
)

// Images compares the trials of the tied set image by image. All of it is about these networks as
// trained, on images like the validation images.
type Images struct {
	N       int     `json:"validation_images"` // 0 before a run is complete
	Best    string  `json:"best"`              // trial with the highest mean top-1
	Classes []Class `json:"classes"`

	// Own is how the runs of the best trial agree with each other; null for fewer than two.
	Own *Concord `json:"agreement_between_seeds"`
	// Pairs are the comparisons with the best: of the other tied trials, or of the runner-up to a
	// lone winner.
	Pairs   []Pair   `json:"pairs"`
	Spreads []Spread `json:"signal_to_noise"`

	confidence float64
}

// Class is how the trials classify the images of one class; accuracies are means over runs.
type Class struct {
	Class  string          `json:"class"`
	Images int             `json:"images"`
	Trials []ClassAccuracy `json:"trials"` // in plan order, those with a complete run

	best, all *float64
}

// ClassAccuracy is one trial's, null for a class without images.
type ClassAccuracy struct {
	Trial    string   `json:"trial"`
	Accuracy *float64 `json:"accuracy"`
}

// Concord is how far the errors of runs agree; means over pairs of runs. Agreement is the share of
// images that both classify correctly, or both wrongly.
type Concord struct {
	Agreement float64  `json:"agreement"`
	Kappa     *float64 `json:"kappa"` // Cohen's, on right and wrong
}

// Pair compares a trial with the best on the seeds that both have. Differences are the trial's
// minus the best's, averaged over seeds within each image; counts are of images that only one of
// two runs classifies correctly, by seed.
type Pair struct {
	Trial      string    `json:"trial"`
	Seeds      []int     `json:"seeds"`
	Top1       Interval  `json:"top1_difference"`
	Loss       Interval  `json:"loss_difference"`
	BestAlone  []int     `json:"best_alone"`
	TrialAlone []int     `json:"trial_alone"`
	McNemar    []float64 `json:"mcnemar_p"`
	P          *float64  `json:"mcnemar_combined_p"`
	Concord
}

// Interval is a bootstrap percentile interval over images.
type Interval struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Spread is the signal and the noise of a metric over all trials but the base.
type Spread struct {
	Metric string   `json:"metric"`
	Trials int      `json:"trials"`
	Seeds  int      `json:"seeds"`
	Signal *float64 `json:"signal_sd"` // between trials
	Noise  *float64 `json:"noise_sd"`  // of a run
	Ratio  *float64 `json:"ratio"`     // null where it is not known, or infinite
}

func newImages(r report.Results, runs []run) *Images {
	v := &Images{Classes: []Class{}, Pairs: []Pair{}, Spreads: []Spread{}, confidence: r.Confidence}
	if len(runs) == 0 {
		return v
	}
	v.N = len(runs[0].correct)
	best, others := opponents(r)
	v.Best, v.Classes = best, byClass(r, runs, best)
	v.Own = between(of(runs, best))
	v.Pairs = pairs(runs, best, others, r.Confidence)
	for _, metric := range []string{"top1", "loss"} {
		v.Spreads = append(v.Spreads, spread(r, metric))
	}
	return v
}

// opponents are the best trial and those that it is compared with: the other tied ones, the
// runner-up if there are none, and all while there is no tied set.
func opponents(r report.Results) (best string, others []string) {
	trials := slices.DeleteFunc(slices.Clone(r.Trials), func(t report.Trial) bool {
		return t.MeanTop1 == nil
	})
	slices.SortStableFunc(trials, func(a, b report.Trial) int {
		return cmp.Compare(*b.MeanTop1, *a.MeanTop1)
	})
	tied := r.TiedSet()
	if len(tied) > 0 { // the highest mean may be of a trial that lacks runs and was not compared
		best = tied[0].Name
	} else {
		best = trials[0].Name
	}
	for _, t := range trials {
		lone := len(tied) == 1 && len(others) == 0
		if in := t.Tied != nil && *t.Tied; t.Name != best && (in || lone || len(tied) == 0) {
			others = append(others, t.Name)
		}
	}
	return best, others
}

// of are the runs of a trial, by seed.
func of(runs []run, trial string) []run {
	var list []run
	for _, r := range runs {
		if r.trial == trial {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b run) int { return cmp.Compare(a.seed, b.seed) })
	return list
}

func byClass(r report.Results, runs []run, best string) []Class {
	var classes []Class
	for c, name := range runs[0].names {
		class := Class{Class: name, Images: runs[0].classes[c].Images}
		class.best = accuracy(of(runs, best), c)
		class.all = accuracy(runs, c)
		for _, t := range r.Trials {
			if list := of(runs, t.Name); len(list) > 0 {
				class.Trials = append(class.Trials, ClassAccuracy{t.Name, accuracy(list, c)})
			}
		}
		classes = append(classes, class)
	}
	return classes
}

// accuracy is the mean of runs on the images of a class; nil without images.
func accuracy(runs []run, class int) *float64 {
	sum := 0.
	for _, r := range runs {
		sum += r.classes[class].Accuracy() / float64(len(runs))
	}
	return number(sum)
}

// between compares the runs of one trial with each other; nil for fewer than two.
func between(runs []run) *Concord {
	var counts []images.Pair
	for i, a := range runs {
		for _, b := range runs[:i] {
			counts = append(counts, images.Count(a.correct, b.correct))
		}
	}
	if counts == nil {
		return nil
	}
	c := concord(counts)
	return &c
}

// concord averages over pairs of runs. Kappa is nil where one of them has none.
func concord(counts []images.Pair) Concord {
	agreement, kappa := 0., 0.
	for _, c := range counts {
		agreement += c.Agreement() / float64(len(counts))
		kappa += c.Kappa() / float64(len(counts))
	}
	return Concord{agreement, number(kappa)}
}

// pairs compares trials with the best. The intervals of all share their resamples.
func pairs(runs []run, best string, others []string, confidence float64) []Pair {
	list, rows := []Pair{}, [][]float64(nil)
	for _, trial := range others {
		ours, theirs := common(of(runs, best), of(runs, trial))
		if len(ours) == 0 {
			continue // no seed in common: nothing is paired
		}
		list = append(list, newPair(trial, ours, theirs))
		rows = append(rows, difference(ours, theirs, run.indicator),
			difference(ours, theirs, run.loss))
	}
	intervals := images.Bootstrap(rows, confidence)
	for i := range list {
		list[i].Top1, list[i].Loss = Interval(intervals[2*i]), Interval(intervals[2*i+1])
	}
	return list
}

// common lists the runs of two trials on the seeds that both have, in the order of seeds.
func common(a, b []run) (ours, theirs []run) {
	for _, r := range a {
		i := slices.IndexFunc(b, func(other run) bool { return other.seed == r.seed })
		if i >= 0 {
			ours, theirs = append(ours, r), append(theirs, b[i])
		}
	}
	return ours, theirs
}

// newPair counts; the intervals are filled in later.
func newPair(trial string, best, other []run) Pair {
	p := Pair{Trial: trial}
	var counts []images.Pair
	for i := range best {
		c := images.Count(best[i].correct, other[i].correct)
		counts = append(counts, c)
		p.Seeds = append(p.Seeds, best[i].seed)
		p.BestAlone = append(p.BestAlone, c.OnlyFirst)
		p.TrialAlone = append(p.TrialAlone, c.OnlySecond)
		p.McNemar = append(p.McNemar, c.McNemar())
	}
	p.P, p.Concord = number(images.Combine(p.McNemar)), concord(counts)
	return p
}

func (r run) indicator() []float64 { return images.Indicator(r.correct) }
func (r run) loss() []float64      { return r.losses }

// difference is a trial's values minus the best's on each image, both averaged over seeds.
func difference(best, other []run, values func(run) []float64) []float64 {
	average := func(runs []run) []float64 {
		var rows [][]float64
		for _, r := range runs {
			rows = append(rows, values(r))
		}
		return images.Average(rows)
	}
	return images.Subtract(average(other), average(best))
}

// baseName is the trial that a search starts from: it is not a candidate, and its distance from
// them is not what a search has to find.
const baseName = "base"

// spread compares the trials that have a run of every seed of the trial with the most seeds.
func spread(r report.Results, metric string) Spread {
	trials := slices.DeleteFunc(slices.Clone(r.Trials), func(t report.Trial) bool {
		return t.Name == baseName
	})
	var seeds []int
	for _, t := range trials {
		if complete := completeSeeds(t); len(complete) > len(seeds) {
			seeds = complete
		}
	}
	var rows [][]float64
	for _, t := range trials {
		if row := recordedRow(t, metric, seeds); len(row) == len(seeds) && len(row) > 0 {
			rows = append(rows, row)
		}
	}
	v := images.SignalToNoise(rows)
	return Spread{metric, len(rows), len(seeds),
		number(v.Signal), number(v.Noise), number(v.Ratio())}
}

func completeSeeds(t report.Trial) []int {
	var seeds []int
	for _, run := range t.Runs {
		if run.Top1 != nil {
			seeds = append(seeds, run.Seed)
		}
	}
	return seeds
}

// recordedRow is a metric of a trial's complete runs with these seeds, in the order of seeds, from
// the results.
func recordedRow(t report.Trial, metric string, seeds []int) []float64 {
	var row []float64
	for _, run := range t.Runs {
		v := run.Top1
		if metric == "loss" {
			v = run.Loss
		}
		if v != nil && slices.Contains(seeds, run.Seed) {
			row = append(row, *v)
		}
	}
	return row
}
