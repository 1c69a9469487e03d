package tables

import (
	"fmt"
	"math"

	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/search/planner"
)

// findings says in sentences what the table shows, and what it does not.
func (r results) findings() []string {
	var lines []string
	add := func(line string) {
		if line != "" {
			lines = append(lines, line)
		}
	}
	add(r.Read)
	lines = append(append(lines, Answer(r.Results)...), Certainty(r.Results)...)
	for _, warning := range r.Warnings {
		add("warning: " + warning)
	}
	dropped := 0
	for _, t := range r.Trials {
		dropped += t.Dropped()
		if t.ExcludedBy != "" {
			add(fmt.Sprintf("not trained: %s: %s", t.Name, t.ExcludedBy))
		}
		for _, run := range t.Runs {
			if run.State == "failed" {
				add(fmt.Sprintf("failed: %s seed=%d: %s", t.Name, run.Seed, run.Error))
			}
		}
	}
	if dropped > 0 {
		add(fmt.Sprintf("dropped: %s, which a decision of the study has found not worth training",
			plural.Of(dropped, "run")))
	}
	return lines
}

// Answer says in sentences what the comparison shows: which trials may be the best, and whether
// scaling all dimensions together is better than scaling one; nothing without a complete run. They
// begin with a small letter and have no full stop.
func Answer(all report.Results) []string {
	r := results{all}
	var lines []string
	if r.AllFailed() {
		lines = append(lines, "every run failed: there is nothing to compare")
	}
	if verdict := r.verdict(); verdict != "" {
		lines = append(lines, verdict)
	}
	return append(lines, r.FamiliesSentence()...)
}

// Certainty says in sentences like those of Answer what limits it: the noise of runs, the draw of
// images, and what another test says.
func Certainty(all report.Results) (lines []string) {
	r := results{all}
	for _, line := range []string{r.noise(), r.images(), r.check()} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// compared counts the trials with a verdict.
func (r results) compared() int {
	n := 0
	for _, t := range r.Trials {
		if t.Tied != nil {
			n++
		}
	}
	return n
}

// verdict is the conclusion with its confidence.
func (r results) verdict() string {
	tied := r.TiedSet()
	promise := r.level() + " of such searches keep every best one"
	switch len(tied) {
	case 0:
		return ""
	case 1:
		best := tied[0]
		line := fmt.Sprintf("best: %s; %s", r.identity(best), promise)
		if best.Rival == "" {
			return line
		}
		return fmt.Sprintf("%s; a neighbour within %s is not excluded: %s",
			line, r.amount(-*best.BehindLow), best.Rival)
	}
	return fmt.Sprintf("%d of %d trials cannot be told from the best (*); %s; "+
		"the %s mean is that of %s", len(tied), r.compared(), promise, r.highest(),
		r.identity(tied[0]))
}

// highest is the word for the best mean.
func (r results) highest() string {
	if r.Lower() {
		return "lowest"
	}
	return "highest"
}

// noise is the standard deviation of one run, and how much pairing by seed reduces it.
func (r results) noise() string {
	if r.Noise == nil {
		return ""
	}
	return fmt.Sprintf("noise of one run: s.d. %s, pooled over the trials; "+
		"pairing by seed saves %.0f %% of its variance", r.amount(*r.Noise), 100**r.PairingSaved)
}

// images is the effect of the draw of images on the comparison, from the bits on record; without
// these, the standard error of one accuracy.
func (r results) images() string {
	trials := r.Ranked()
	if r.Validation == 0 || trials[0].MeanTop1 == nil {
		return ""
	}
	if r.ImageEffect == nil || r.Noise == nil {
		best := trials[0].MeanTop1
		return fmt.Sprintf("binomial standard error on %s: %.2f points at %s %%, "+
			"the best mean, and %.2f at 50 %%; differences between trials, which see the same images, "+
			"are better known", plural.Of(r.Validation, "validation image"),
			100*planner.BinomialError(*best, r.Validation), percent(best),
			100*planner.BinomialError(.5, r.Validation))
	}
	runs := 0
	for _, t := range r.Trials {
		runs = max(runs, t.N)
	}
	line := fmt.Sprintf("images: another %d would move a trial by %.2f points against the others, "+
		"its %s by %.2f", r.Validation, 100**r.ImageEffect, plural.Of(runs, "run"),
		100**r.Noise/math.Sqrt(float64(runs)))
	if largeShare**r.ImageEffect**r.ImageEffect > *r.Noise**r.Noise/float64(runs) {
		line += ": best means best on these images, and seeds alone do not change that " +
			"(raise validation_fraction)"
	}
	return line
}

const (
	largeShare = 5 // a fifth of a mean's variance: from there on the images decide who is best
	mostAlike  = 4 // trials that permutations of a few seeds cannot tell apart
)

// check compares the tied set with that of the other test.
func (r results) check() string {
	switch {
	case r.flipped():
		return "sign flip p: how likely so large a difference to the highest mean is among equals, " +
			"whatever the noise, adjusted by Holm for the number of trials; that the best is chosen " +
			"by the same scores is not allowed for"
	case !r.permuted():
		return ""
	}
	kept, more := 0, 0
	for _, t := range r.Trials {
		switch in := t.Permutation != nil && *t.Permutation > 1-r.Confidence; {
		case in && *t.Tied:
			kept++
		case in:
			more++
		}
	}
	line := fmt.Sprintf("permutation within seeds, which assumes equal noise and no normal "+
		"distribution, keeps %d of these %d", kept, len(r.TiedSet()))
	if more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	if more > 0 && kept+more <= mostAlike {
		line += "; there are too few permutations to tell the last ones apart"
	}
	return line
}
