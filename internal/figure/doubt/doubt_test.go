package doubt

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// trial is a made-up one that is so many points from the best.
func trial(name, family string, points float64, tied bool) values.Trial {
	return values.Trial{Name: name, Family: family, Control: family != "", Tied: tied,
		Behind: &values.Behind{Difference: points / 100, Low: (points - 2) / 100,
			High: max(0, (points+2)/100)}}
}

// dotsOf are the dots of all series of a look.
func dotsOf(p picture.Panel, look picture.Look) (list []picture.Dot) {
	for _, m := range p.Marks {
		if d, ok := m.(picture.Dots); ok && d.Look == look {
			list = append(list, d.Dots...)
		}
	}
	return list
}

// texts are those written in a panel.
func texts(p picture.Panel) (list []string) {
	for _, m := range p.Marks {
		if t, ok := m.(picture.Text); ok {
			list = append(list, t.Text)
		}
	}
	return list
}

// TestBehindBest: rows are ranked, intervals in points, what is not tied hollow.
func TestBehindBest(t *testing.T) {
	p := BehindBest(values.Values{Study: "s", Metric: "top-1", Confidence: .9, Trials: []values.Trial{
		trial("base", "base", -3, false), trial("d=1.123456 w=1 px=8", "", -1, true),
		trial("wide", "width", 1, true), {Name: "one seed"}}})
	panel := p.Panels[0]
	if want := []string{"wide", "d=1.12 w=1 px=8", "base"}; !slices.Equal(panel.Y.Names, want) {
		t.Errorf("rows are %q, want %q", panel.Y.Names, want)
	}
	grid, base := dotsOf(panel, picture.Plain), dotsOf(panel, picture.Base)
	if len(grid) != 1 || grid[0].X != -1 || grid[0].Y != 1 || grid[0].Hollow ||
		*grid[0].XSpan != (picture.Span{Low: -3, High: 1}) {
		t.Errorf("the grid's are %+v", grid)
	}
	if len(base) != 1 || base[0].Y != 2 || !base[0].Hollow {
		t.Errorf("the base is %+v", base)
	}
	if p.Title != "2 of 3 trials cannot be told from the best" || p.Note != "s; 1 without a verdict" ||
		!strings.HasPrefix(p.Bars, "90 %") {
		t.Errorf("words are %q, %q, %q", p.Title, p.Note, p.Bars)
	}
	rule, ok := panel.Marks[0].(picture.Rule)
	if !ok || !rule.Vertical || rule.At != 0 {
		t.Errorf("the rule is %+v", panel.Marks[0])
	}
}

// TestBehindTitles: what is found is said, in the right number.
func TestBehindTitles(t *testing.T) {
	one, two, three := trial("a", "", 1, true), trial("b", "", -1, false), trial("c", "", -2, false)
	equal := two
	equal.Tied = true
	for want, trials := range map[string][]values.Trial{
		"a is ahead of the other trial":              {one, two},
		"a is ahead of the other 2 trials":           {one, two, three},
		"None of 2 trials can be told from the best": {one, equal},
		"2 of 3 trials cannot be told from the best": {one, equal, three},
		"Distance from the best other trial":         {one},
	} {
		if got := BehindBest(values.Values{Trials: trials}).Title; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestManyRows: of more trials than a page has room for, the tied ones, the base and the controls
// are shown, the best of the others, and how far behind the rest are.
func TestManyRows(t *testing.T) {
	trials := []values.Trial{trial("base", "base", -1.5, false),
		trial("deep", "depth", -2, false)}
	for i := range 398 {
		trials = append(trials, trial(fmt.Sprint("trial ", i), "", -float64(i)/50, i < 14))
	}
	panel := BehindBest(values.Values{Trials: trials}).Panels[0]
	rows := panel.Y.Names
	if len(rows) != mostRows || rows[0] != "trial 0" || rows[56] != "trial 56" ||
		rows[57] != "base" || rows[58] != "deep" || rows[59] != "… 341 more" {
		t.Errorf("rows are %q", rows)
	}
	if got := texts(panel); len(got) != 1 || strings.TrimSpace(got[0]) != "1.1 to 7.9 behind" {
		t.Errorf("texts are %q", got)
	}
	if panel.Height > 200 {
		t.Errorf("%.0f mm are more than a page has room for", panel.Height)
	}
}

// TestFarBehind: one trial far behind does not press the others together, and is said to be there.
func TestFarBehind(t *testing.T) {
	trials := []values.Trial{trial("base", "base", -30, false)}
	for i := range 6 {
		trials = append(trials, trial(fmt.Sprint(i), "", -float64(i), true))
	}
	panel := BehindBest(values.Values{Trials: trials}).Panels[0]
	if got := texts(panel); len(got) != 1 || got[0] != "← 30.0 behind, not to scale" {
		t.Errorf("texts are %q", got)
	}
	if len(dotsOf(panel, picture.Base)) != 0 || len(panel.X.Include) != 1 ||
		panel.X.Include[0] > -7 || panel.X.Include[0] < -9 {
		t.Errorf("the axis starts at %v", panel.X.Include)
	}
}

// spread is one of which trials vary as much as runs.
func spread(p float64) *values.Spread {
	return &values.Spread{P: p, Run: values.Component{SD: .01},
		Seed:  values.Component{SD: .01},
		Trial: values.Component{SD: .02, Span: &values.Span{Low: .01, High: .04}}}
}

// TestNoise: runs are shown less their seed's mean, ranked, without the base; components in points.
func TestNoise(t *testing.T) {
	images := .003
	v := values.Values{Study: "s", Metric: "top-1", Confidence: .95, Spread: spread(.01),
		ImageEffect: &images, Trials: []values.Trial{
			{Name: "base", Family: "base", Scores: []float64{.1, .9}},
			{Name: "a", Scores: []float64{.50, .60}}, {Name: "b", Scores: []float64{.54, .62}},
			{Name: "c", Scores: []float64{.55, math.NaN()}}}}
	p := Noise(v)
	runs := dotsOf(p.Panels[0], picture.Faint)
	var got []float64
	for _, d := range runs {
		got = append(got, math.Round(100*d.Y)/100)
	}
	// Seeds have the means .52 and .61 over the trials that have both.
	if want := []float64{3, 2, 1, -2, -1}; !slices.Equal(got, want) {
		t.Errorf("runs are %v, want %v", got, want)
	}
	means := dotsOf(p.Panels[0], picture.Accent(0))
	if len(means) != 3 || math.Abs(means[1].Y-1.5) > 1e-9 || means[1].X != 2 {
		t.Errorf("means are %+v", means)
	}
	parts := dotsOf(p.Panels[1], picture.Accent(0))
	if len(parts) != 4 || parts[0].X != 2 || parts[0].XSpan.High != 4 ||
		math.Abs(parts[3].X-.3) > 1e-12 || parts[3].XSpan != nil {
		t.Errorf("components are %+v", parts)
	}
	if p.Title != "Trials differ by 2.0 times the noise of a run" ||
		!strings.Contains(p.Note, "removes 50 %") {
		t.Errorf("words are %q, %q", p.Title, p.Note)
	}
	v.Spread, v.ImageEffect = spread(.3), nil
	if p := Noise(v); !strings.HasPrefix(p.Title, "Trials differ no more than") ||
		len(p.Panels[1].Y.Names) != 3 {
		t.Errorf("of equal trials: %q, %v", p.Title, p.Panels[1].Y.Names)
	}
}

// TestManyStrips: the runs of many trials are no dots, which would be large and cover each other.
func TestManyStrips(t *testing.T) {
	v := values.Values{Spread: spread(.01)}
	for i := range 150 {
		v.Trials = append(v.Trials, values.Trial{Name: fmt.Sprint(i),
			Scores: []float64{float64(i), float64(i + 1)}})
	}
	panel := Noise(v).Panels[0]
	area, ok := panel.Marks[0].(picture.Area)
	if !ok || len(area.Points) != 300 || len(dotsOf(panel, picture.Faint)) != 0 {
		t.Errorf("marks are %T and %d points", panel.Marks[0], len(area.Points))
	}
}

// TestRankAgreement: points are at both accuracies, the winner has a ring; what is not known is said.
func TestRankAgreement(t *testing.T) {
	no := false
	a := values.Agreement{First: "φ = 1", Second: "φ = 2", Winner: 1, Kept: &no, Regret: .01,
		Bound: .03, Named: "alpha/beta/gamma",
		Correlation: values.Component{SD: .5, Span: &values.Span{Low: -.2, High: 1}},
		Points: []values.AgreementPoint{{Name: "a", First: .1, Second: .4},
			{Name: "b", Family: "width", First: .3, Second: .2}, {Name: "c", First: .2, Second: .3}}}
	p := RankAgreement(values.Values{Study: "s", Metric: "top-1", Agreements: []values.Agreement{a}})
	wide := dotsOf(p.Panels[0], picture.Width)
	if len(wide) != 1 || wide[0].X != 30 || wide[0].Y != 20 || !wide[0].Ring || wide[0].Label != "b" {
		t.Errorf("the winner is %+v", wide)
	}
	if got := dotsOf(p.Panels[0], picture.Plain); len(got) != 2 || got[0].Ring {
		t.Errorf("the others are %+v", got)
	}
	if want := "correlation 0.50 (-0.20 to 1.00)\nregret 1.0, at most 3.0 points"; p.Panels[0].Title != want {
		t.Errorf("the panel says %q", p.Panels[0].Title)
	}
	if p.Title != "The best at φ = 1 falls behind at φ = 2" || p.Wide ||
		!strings.Contains(p.Note, "alpha/beta/gamma") {
		t.Errorf("words are %q, %q", p.Title, p.Note)
	}
	line := p.Panels[0].Marks[0].(picture.Line) // all change by +10 in the mean
	if math.Abs(line.Points[0].Y-line.Points[0].X-10) > 1e-9 {
		t.Errorf("the line of equal changes is %+v", line.Points)
	}
	a.Correlation.SD, a.Bound, a.Kept = math.NaN(), math.NaN(), nil
	p = RankAgreement(values.Values{Agreements: slices.Repeat([]values.Agreement{a}, 9)})
	if len(p.Panels) != mostPanels || !p.Wide || p.Panels[0].Title != "correlation not known\n"+
		"regret not known" || !strings.HasSuffix(p.Title, "is not known") || !strings.Contains(p.Note, "6 of 9 comparisons are shown") {
		t.Errorf("%d panels, %q, %q", len(p.Panels), p.Panels[0].Title, p.Note)
	}
}
