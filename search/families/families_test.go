package families

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

var nan = math.NaN()

// singles are the paper's.
var singles = []string{"width", "depth", "resolution"}

// example has missing runs, seeds far apart, a network of two families, and curves that end at 3.85
// times the base's cost.
func example() Study {
	return Study{
		Base: Trial{"base", nil, 1, []float64{0.803, nan, 0.766}}, Candidate: "compound",
		Singles: singles, Confidence: .95, Trials: []Trial{
			{"", []string{"compound", "depth"}, 1.37, []float64{0.817, 0.87, 0.775}},
			{"", []string{"compound"}, 1.73, []float64{0.829, 0.875, 0.8}},
			{"", []string{"compound"}, 2.1, []float64{0.834, 0.892, 0.812}},
			{"", []string{"compound"}, 3.34, []float64{0.859, 0.905, 0.829}},
			{"", []string{"compound"}, 4.44, []float64{0.858, 0.907, 0.836}},
			{"", []string{"width"}, 1.37, []float64{0.807, 0.871, 0.788}},
			{"", []string{"width"}, 1.86, []float64{0.813, 0.876}},
			{"", []string{"width"}, 2.52, []float64{0.839, 0.889, 0.797}},
			{"", []string{"width"}, 3.44, []float64{0.848, 0.898, 0.825}},
			{"", []string{"width"}, 4.7, []float64{0.841, 0.903, 0.812}},
			{"", []string{"depth"}, 1.47, []float64{0.806, 0.853, 0.787}},
			{"", []string{"depth"}, 1.98, []float64{nan, 0.88, 0.789}},
			{"", []string{"depth"}, 2.96, []float64{0.835, 0.885, 0.796}},
			{"", []string{"depth"}, 3.94, []float64{0.825, 0.883, 0.793}},
			{"", []string{"depth"}, 5.42, []float64{0.818, 0.867, 0.79}},
			{"", []string{"resolution"}, 1.26, []float64{0.81, 0.861, 0.784}},
			{"", []string{"resolution"}, 1.64, []float64{0.819, 0.864, 0.794}},
			{"", []string{"resolution"}, 2.31, []float64{0.824, 0.874, 0.794}},
			{"", []string{"resolution"}, 2.83, []float64{0.843, 0.885, 0.801}},
			{"", []string{"resolution"}, 3.85, []float64{0.835, 0.894, 0.805}},
			{"", []string{"resolution"}, 5.56, nil},                   // not trained
			{"", []string{"paper"}, 2, []float64{0.99, 0.99, 0.99}},   // no family of the comparison
			{"", []string{"width"}, 9, []float64{nan, nan, nan, nan}}, // failed
		},
	}
}

// close reports whether two numbers agree to ten digits.
func close(a, b float64) bool { return math.Abs(a-b) <= 1e-10*math.Abs(b) }

// TestExample compares all numbers with those of NumPy (pinv, lstsq) and SciPy on the same scores.
func TestExample(t *testing.T) {
	c := Compare(example())
	if c.Claim != Better || c.Why != "" || c.Networks != 21 || !close(c.Cost, 3.85) {
		t.Errorf("got %+v", c)
	}
	if !close(c.Scatter.SD, 0.00435440959383) || c.Scatter.Freedom != 12 {
		t.Errorf("scatter is %+v", c.Scatter)
	}
	if !close(c.Runs.SD, 0.00542428298698) || c.Runs.Freedom != 37 {
		t.Errorf("noise of runs is %+v", c.Runs)
	}
	for i, want := range [][7]float64{ // difference, se, low, high, p; se and p by the noise of runs
		{0.0132851904506, 0.00393283934137, 0.00627573983408, 0.0202946410671, 0.00274413136045,
			0.0028339116023, 1.8417894074e-05},
		{0.0321152811921, 0.00372635710125, 0.0254738413026, 0.0387567210816, 8.70211882324e-07,
			0.0027117001231, 1.88001667009e-14},
		{0.0207485796803, 0.00497762920343, 0.0118770130944, 0.0296201462662, 0.00065161327224,
			0.00358746789946, 6.16490019943e-07},
	} {
		d := c.Contrasts[i]
		s := d.Scatter
		got := [7]float64{d.Difference, s.SE, s.Low, s.High, s.P, d.Runs.SE, d.Runs.P}
		for j := range got {
			if math.Abs(got[j]-want[j]) > 1e-8*want[j] || d.Against != singles[i] || d.Worse {
				t.Errorf("%s: number %d is %.12g, want %.12g", d.Against, j, got[j], want[j])
			}
		}
	}
	if !close(c.P, c.Contrasts[0].Scatter.P) {
		t.Errorf("p is %g", c.P)
	}
}

// scaled makes a study from curves: score = base + b1 x + b2 x^2 of each family at costs, with a
// little noise that the curves do not explain.
func scaled(costs []float64, curves map[string][2]float64) Study {
	s := Study{Base: Trial{Name: "base", Cost: 7, Scores: []float64{.5, .5002}}, Candidate: "compound",
		Singles: singles, Confidence: .95}
	for _, name := range slices.Concat([]string{"compound"}, singles) {
		b, ok := curves[name]
		for i, cost := range costs {
			x := math.Log(cost)
			v := .5 + b[0]*x + b[1]*x*x + 1e-7*float64(1-2*(i%2))
			if ok {
				scores := []float64{v, v + .0002 + 1e-7*float64(i)}
				s.Trials = append(s.Trials, Trial{fmt.Sprint(name, i), []string{name}, 7 * cost, scores})
			}
		}
	}
	return s
}

var manyCosts = []float64{1.3, 1.7, 2.2, 3, 4, 5.5}

// TestCurvesAreTheirOwn: curves that bend differently are met, at four times the base's cost.
func TestCurvesAreTheirOwn(t *testing.T) {
	curves := map[string][2]float64{"compound": {.1, -.01}, "width": {.02, .03}, "depth": {.05, -.02},
		"resolution": {.09, 0}}
	c := Compare(scaled(manyCosts, curves))
	x := math.Log(4)
	for _, d := range c.Contrasts {
		b := curves[d.Against]
		want := (.1-b[0])*x + (-.01-b[1])*x*x
		if math.Abs(d.Difference-want) > 1e-6 {
			t.Errorf("over %s: %g, want %g", d.Against, d.Difference, want)
		}
	}
	if c.Cost != NamedCost || c.Claim != Worse || !c.Contrasts[2].Worse || c.Contrasts[1].Worse {
		t.Errorf("got %+v", c)
	}
}

// TestMissingRunsDoNotShift: a trial that lacks its best seed is not worse for it.
func TestMissingRunsDoNotShift(t *testing.T) {
	curves := map[string][2]float64{"compound": {.1, 0}, "width": {.08, 0}}
	s := scaled(manyCosts, curves)
	for i := range s.Trials {
		for seed := range s.Trials[i].Scores {
			s.Trials[i].Scores[seed] += .2 * float64(seed)
		}
	}
	s.Base.Scores[1] += .2
	s.Trials[4].Scores[1], s.Trials[7].Scores = nan, s.Trials[7].Scores[:1]
	s.Trials[9].Scores = append(s.Trials[9].Scores, nan) // a third seed that no trial has
	c := Compare(s)
	far := math.Abs(c.Contrasts[0].Difference - .02*math.Log(4))
	if far > 1e-6 || c.Claim != Better {
		t.Errorf("got %+v", c)
	}
	if want := 2*13 - 2 - (13 + 1); c.Runs.Freedom != want {
		t.Errorf("the noise of runs has %d degrees of freedom, want %d", c.Runs.Freedom, want)
	}
}

// TestWorseHoldsForAllAtOnce: a deficit that is significant by itself is no claim among three.
func TestWorseHoldsForAllAtOnce(t *testing.T) {
	s := example()
	lower := func(by float64) Comparison {
		t := s
		t.Trials = slices.Clone(s.Trials)
		for i, trial := range t.Trials {
			if slices.Equal(trial.Families, []string{"compound"}) {
				t.Trials[i].Scores = slices.Clone(trial.Scores)
				for seed := range trial.Scores {
					t.Trials[i].Scores[seed] -= by * math.Log(trial.Cost)
				}
			}
		}
		return Compare(t)
	}
	few := 0
	for by := .01; by < .05; by += .0005 {
		c := lower(by)
		p := 1 - c.Contrasts[0].Scatter.P
		if worse := p < .05/3; c.Contrasts[0].Worse != worse || worse != (c.Claim == Worse) {
			t.Errorf("%g points lower: worse with p = %g is %v", 100*by, p, c.Contrasts[0].Worse)
		}
		if p < .05 && p > .05/3 && c.Claim == NotShown {
			few++
		}
	}
	if few == 0 {
		t.Error("no deficit lies between the two levels")
	}
}

// TestNoClaim: every reason not to compare is said, and nothing else.
func TestNoClaim(t *testing.T) {
	curves := map[string][2]float64{"compound": {.1, 0}, "width": {.08, 0}, "depth": {.05, .01}}
	of := func(family string, change func(*Trial)) func(*Study) {
		return func(s *Study) {
			for i := range s.Trials {
				if in(s.Trials[i], family) || family == "" {
					change(&s.Trials[i])
				}
			}
		}
	}
	for _, c := range []struct {
		want   string
		change func(*Study)
	}{
		{"the base network, where the curves begin, has no complete run",
			func(s *Study) { s.Base.Scores = []float64{nan, nan} }},
		{"the study scales no single dimension", func(s *Study) { s.Trials = s.Trials[:6] }},
		{"the curve of depth needs 2 trained networks of unlike cost beside the base, and has 1",
			func(s *Study) { s.Trials = s.Trials[:13] }},
		{"the curve of width needs 2 trained networks of unlike cost beside the base, and has 1",
			of("width", func(t *Trial) { t.Cost = 8 })},
		{"the curve of dwr needs 2 trained networks of unlike cost beside the base, and has 0",
			func(s *Study) { s.Candidate = "dwr" }},
		{"7 networks are too few to show their scatter about 3 curves",
			func(s *Study) { *s = scaled(manyCosts[:2], curves) }},
		{"the families have no cost above the base's in common",
			of("depth", func(t *Trial) { t.Cost = 49 / t.Cost })},
		{"one seed does not show the noise of a run", func(s *Study) {
			of("", func(t *Trial) { t.Scores = t.Scores[:1] })(s)
			s.Base.Scores = s.Base.Scores[:1]
		}},
		{whySeeds, of("depth", func(t *Trial) { t.Scores = []float64{nan, nan, t.Scores[0]} })},
		{whySeeds, of("", func(t *Trial) { t.Scores = t.Scores[:1] })}, // the base alone has two
		{whySeeds, func(s *Study) {
			of("", func(t *Trial) { t.Scores = t.Scores[:1] })(s)
			s.Base.Scores = []float64{nan, .5}
		}},
		{whyShared, func(s *Study) {
			for _, family := range []string{"depth", "width"} {
				of(family, func(t *Trial) { t.Families = []string{"depth", "width"} })(s)
			}
		}},
		{whyNoNoise, func(s *Study) {
			of("", func(t *Trial) { t.Scores[1] = t.Scores[0] })(s)
			s.Base.Scores[1] = s.Base.Scores[0]
		}},
		{whyExact, func(s *Study) {
			of("", func(t *Trial) { t.Scores = []float64{.5 + t.Cost/64, .5 - t.Cost/64} })(s)
			s.Base.Scores = []float64{.5, .5}
		}},
	} {
		s := scaled(manyCosts, curves)
		c.change(&s)
		got := Compare(s)
		if got.Claim != None || got.Why != c.want || len(got.Contrasts) > 0 || !math.IsNaN(got.P) {
			t.Errorf("got %+v, want %q", got, c.want)
		}
		want := s.Candidate + " scaling is not compared with single dimensions at equal cost: " + c.want
		if sentence := got.Sentence(); len(sentence) != 1 || sentence[0] != want {
			t.Errorf("the sentence is %q", sentence)
		}
	}
}

// TestFewestNetworks: two networks a family and one more are enough.
func TestFewestNetworks(t *testing.T) {
	s := scaled(manyCosts[:2], map[string][2]float64{"compound": {.1, 0}, "width": {.05, 0}})
	s.Trials = append(s.Trials, Trial{"", []string{"width"}, 7 * 1.5, []float64{.52, .5202}})
	c := Compare(s)
	if c.Claim == None || c.Scatter.Freedom != 1 || !close(c.Cost, 1.7) {
		t.Errorf("got %+v", c)
	}
}

// TestSentences: what is said promises no more than what is shown.
func TestSentences(t *testing.T) {
	contrast := func(against string, difference, low, high, p float64, worse bool) Contrast {
		return Contrast{against, difference, Test{0, low, high, p}, Test{}, worse}
	}
	base := Comparison{Candidate: "compound", Confidence: .95, Claim: Better, P: .0004, Cost: 4,
		Networks: 21, Contrasts: []Contrast{contrast("width", .0132, .0063, .0203, .0004, false)}}
	const leads = "its lead in points, with 90 % intervals by the scatter of 21 networks about " +
		"their curves: "
	more := base
	more.Cost, more.Claim, more.P = 3.851, NotShown, .0496
	more.Contrasts = append(slices.Clone(base.Contrasts),
		contrast("depth", -.001, -.02, .018, .5, false),
		contrast("resolution", -1e-9, -.01, .01, .5, false))
	worse := more
	worse.Claim, worse.Cost, worse.Confidence = Worse, 4, .999
	worse.Contrasts = []Contrast{contrast("width", -.02, -.03, -.01, .999, true),
		contrast("depth", .01, -.01, .03, .1, false),
		contrast("resolution", -.02, -.03, -.01, .999, true)}
	for _, c := range []struct {
		c    Comparison
		want []string
	}{
		{base, []string{"compound scaling is better than width alone at 4 times the base's cost",
			leads + "over width +1.32 (+0.63 to +2.03)"}},
		{more, []string{"that compound scaling is better than width, depth and resolution alone is " +
			"not shown (p = 0.050) at 3.85 times the base's cost, the greatest that all curves reach",
			leads + "over width +1.32 (+0.63 to +2.03), over depth -0.10 (-2.00 to +1.80), " +
				"over resolution +0.00 (-1.00 to +1.00)"}},
		{worse, []string{"compound scaling is worse than width and resolution alone at 4 times the " +
			"base's cost", strings.Replace(leads, "90", "99.8", 1) + "over width -2.00 (-3.00 to -1.00), " +
			"over depth +1.00 (-1.00 to +3.00), over resolution -2.00 (-3.00 to -1.00)"}},
	} {
		if got := c.c.Sentence(); !slices.Equal(got, c.want) {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	base.Aside = []string{"d=1 w=2 px=24", "d=2 w=1 px=24"}
	const out = "; left out, as a run of it must have diverged: d=1 w=2 px=24; d=2 w=1 px=24"
	if got := base.Sentence(); !strings.HasSuffix(got[1], "+2.03)"+out) {
		t.Errorf("got %q", got)
	}
	base.Claim, base.Why = None, "so"
	if got := base.Sentence(); !strings.HasSuffix(got[0], ": so"+out) {
		t.Errorf("got %q", got)
	}
	if got := fmt.Sprint(pValue(.00099), pValue(.001)); got != "< 0.001= 0.001" {
		t.Errorf("p values are %s", got)
	}
}

// TestPoints: hundredths of a share, to two decimals, without a minus before nothing.
func TestPoints(t *testing.T) {
	for share, want := range map[float64]float64{.9999: 99.99, .00004: 0, .00005: .01, -.01234: -1.23,
		-.00001: 0} {
		if got := points(share); got != want || math.Signbit(got) != (want < 0) {
			t.Errorf("%v in points is %v, want %v", share, got, want)
		}
	}
}
