package report

import (
	"math"
	"slices"

	equalcost "gridsearch/search/families"
	"gridsearch/search/planner"
)

// compound is the family that is compared with the single dimensions.
const compound = "compound"

// singleDimensions are the families that scale one of the three.
var singleDimensions = []string{"width", "depth", "resolution"}

// FamilyComparison compares a family of networks with the single dimensions, at one real cost.
// Accuracies are fractions. Unknown values are null.
type FamilyComparison struct {
	Family     string           `json:"family"`
	Claim      string           `json:"claim"`       // better, worse, not shown or none
	Reason     string           `json:"reason"`      // of none
	P          *float64         `json:"p"`           // of better than each single dimension
	MAddsRatio *float64         `json:"madds_ratio"` // that they are compared at
	Networks   int              `json:"networks"`    // of the curves, the base included
	Aside      []string         `json:"aside"`       // left out: a run must have diverged
	Scatter    *float64         `json:"scatter_sd"`  // of the networks' means about their curves
	ScatterDF  int              `json:"scatter_df"`
	RunSD      *float64         `json:"run_sd"` // between runs, paired by seed
	RunDF      int              `json:"run_df"`
	Contrasts  []FamilyContrast `json:"contrasts"`
}

// FamilyContrast is the lead over one single dimension. Each end of an interval has the confidence
// level. The claim is tested against the scatter; fields with "run" in their name are tested
// against the noise of runs, and apply to these networks only.
type FamilyContrast struct {
	Against    string  `json:"against"`
	Difference float64 `json:"difference"`
	SE         float64 `json:"standard_error"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	P          float64 `json:"p"`
	Worse      bool    `json:"worse"`
	RunSE      float64 `json:"run_standard_error"`
	RunLow     float64 `json:"run_low"`
	RunHigh    float64 `json:"run_high"`
	RunP       float64 `json:"run_p"`
}

// FamilyComparisons is the JSON value of the comparison at equal cost; empty where the study does
// not scale both all dimensions together and one alone, or has no complete run.
func (r Results) FamilyComparisons() []FamilyComparison {
	c, ok := r.compareFamilies()
	if !ok {
		return []FamilyComparison{}
	}
	f := FamilyComparison{Family: c.Candidate, Claim: string(c.Claim), Reason: c.Why,
		P:     numberOrNil(c.P),
		Aside: append([]string{}, c.Aside...), Contrasts: []FamilyContrast{}}
	if c.Claim != equalcost.None {
		f.MAddsRatio, f.Networks = &c.Cost, c.Networks
		f.Scatter, f.ScatterDF = &c.Scatter.SD, c.Scatter.Freedom
		f.RunSD, f.RunDF = &c.Runs.SD, c.Runs.Freedom
	}
	for _, d := range c.Contrasts {
		s, n := d.Scatter, d.Runs
		f.Contrasts = append(f.Contrasts, FamilyContrast{d.Against, d.Difference,
			s.SE, s.Low, s.High, s.P, d.Worse, n.SE, n.Low, n.High, n.P})
	}
	return []FamilyComparison{f}
}

// FamiliesSentence says in a sentence or two whether compound scaling is better than every single
// dimension at equal cost, or why that is not known; empty where the study does not scale both, or
// has no complete run.
func (r Results) FamiliesSentence() []string {
	c, ok := r.compareFamilies()
	switch why := r.noFamilies(); {
	case ok:
		return c.Sentence()
	case why != "" && r.manyFamilies():
		return []string{"families are not compared at equal cost: " + why}
	}
	return nil
}

// compareFamilies compares the families; ok is false where the study has none to compare.
func (r Results) compareFamilies() (c equalcost.Comparison, ok bool) {
	if !r.manyFamilies() || r.noFamilies() != "" {
		return c, false
	}
	s := equalcost.Study{Base: r.familyTrial(r.Trials[0]), Candidate: compound,
		Singles: singleDimensions, Confidence: r.Confidence}
	scores := len(s.Base.Scores)
	for _, t := range r.Trials[1:] {
		trial := r.familyTrial(t)
		s.Trials, scores = append(s.Trials, trial), scores+len(trial.Scores)
	}
	if scores == 0 {
		return c, false
	}
	return equalcost.Compare(s), true
}

// manyFamilies reports whether the study scales all dimensions together and one alone.
func (r Results) manyFamilies() bool {
	return r.scales(compound) && slices.ContainsFunc(singleDimensions, r.scales)
}

// scales reports whether the study has a network of a family, trained or not.
func (r Results) scales(family string) bool {
	return slices.ContainsFunc(r.Trials, func(t Trial) bool { return labelledAs(t, family) })
}

func labelledAs(t Trial, family string) bool {
	return slices.ContainsFunc(t.Labels, func(l planner.Label) bool { return l.Control == family })
}

// familyTrial is a trial as input of the comparison: the scores of its complete runs by seed.
func (r Results) familyTrial(t Trial) equalcost.Trial {
	f := equalcost.Trial{Name: t.Name, Cost: float64(t.MAdds)}
	for _, l := range t.Labels {
		f.Families = append(f.Families, l.Control)
	}
	for _, run := range t.Runs {
		for run.Top1 != nil && len(f.Scores) <= r.place(run) {
			f.Scores = append(f.Scores, math.NaN())
		}
		if run.Top1 != nil {
			f.Scores[r.place(run)] = *run.Top1
		}
	}
	return f
}
