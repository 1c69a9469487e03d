package stats

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"gridsearch/internal/random"
)

var nan = math.NaN()

// usual is how a study is compared.
var usual = Options{Confidence: .95}

// TestOneAhead: a trial that is far ahead is left alone, whatever the check.
func TestOneAhead(t *testing.T) {
	x := made(random.New(4, "ahead"), 12, 5, func(i int) float64 {
		return map[bool]float64{true: 8}[i == 4]
	})
	c := Compare(samplesOf(x), Options{Confidence: .95, Check: CheckPermutation})
	for i, e := range c.Summaries {
		ahead := i == 4
		if e.Tied != ahead || (e.P == 1) != ahead || (e.Permutation == 1) != ahead {
			t.Errorf("trial %d: tied %v, p %v, by permutation %v", i, e.Tied, e.P, e.Permutation)
		}
		if !ahead && e.BehindHigh != 0 || ahead && (e.BehindLow != 0 || e.Behind < 4 || e.Best < .99) {
			t.Errorf("trial %d: behind %v, %v..%v, best %v", i, e.Behind, e.BehindLow, e.BehindHigh, e.Best)
		}
	}
}

func samplesOf(x [][]float64) []Sample {
	var list []Sample
	for i, row := range x {
		list = append(list, Sample{fmt.Sprint(i), row})
	}
	return list
}

// TestCompareDoesNotDependOnOrder: the tied set is the same whatever the order of the trials, and
// adding a constant to a seed changes nothing.
func TestCompareDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, n := rapid.IntRange(2, 5).Draw(t, "k"), rapid.IntRange(2, 3).Draw(t, "n")
		x := made(random.New(rapid.Uint64().Draw(t, "seed"), "x"), k, n, func(i int) float64 {
			return float64(i)
		})
		var other [][]float64
		for _, row := range x {
			shifted := slices.Clone(row)
			shifted[0] += 3
			other = append([][]float64{shifted}, other...)
		}
		a, b := Compare(samplesOf(x), usual), Compare(samplesOf(other), usual)
		sum := 0.
		for i := range k {
			one, two := a.Summaries[i], b.Summaries[k-1-i]
			if one.Tied != two.Tied || one.Compared && math.Abs(one.P-two.P) > 1e-6 {
				t.Fatalf("trial %d is tied %v with %v, and %v with %v in another order",
					i, one.Tied, one.P, two.Tied, two.P)
			}
			if one.Compared && math.Abs(one.BehindLow-two.BehindLow) > 1e-6 {
				t.Fatalf("trial %d: an interval depends on the order", i)
			}
			if one.Compared {
				sum += one.Best
			}
		}
		if a.Verdict() && math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the probabilities of being best add up to %v", sum)
		}
	})
}

// TestHoles: a trial without a seed in common with the others costs them nothing, and one with a
// gap is compared on what it has.
func TestHoles(t *testing.T) {
	a, b := []float64{.50, .51, .52, nan, nan}, []float64{.70, .72, .71}
	for _, c := range []struct {
		third           []float64
		compared, seeds int
		warning         string
	}{
		{[]float64{.1, .2, .3}, 3, 3, ""},
		{[]float64{nan, nan, nan, .1, .2}, 2, 3, "too few runs to be compared: 1"},
		{[]float64{.1, .2, .3, .4, .5}, 3, 3, ""},
		{[]float64{.1, nan, .3}, 3, 3, "allowed for by least squares: 1 of 9"},
		{[]float64{nan, .95}, 2, 3, "c has a higher mean, 95.00 % of 1, and is not compared"},
	} {
		got := Compare([]Sample{{"a", a}, {"b", b}, {"c", c.third}}, usual)
		text := strings.Join(got.Warnings, "\n")
		if got.Compared != c.compared || got.Seeds != c.seeds || !strings.Contains(text, c.warning) ||
			(c.warning == "") != (text == "") {
			t.Errorf("third %v: %d compared on %d seeds, warnings %q",
				c.third, got.Compared, got.Seeds, got.Warnings)
		}
	}
}

// TestNotComparedButBest: a trial that is not compared is named where its mean is higher than the
// best one's, not where they are equal.
func TestNotComparedButBest(t *testing.T) {
	for score, named := range map[float64]bool{.625: false, .626: true} {
		c := Compare([]Sample{{"a", []float64{.5, .75, .625}}, {"b", []float64{.25, .5, .25}},
			{"single", []float64{score}}}, usual)
		text := strings.Join(c.Warnings, "\n")
		if c.Compared != 2 || strings.Contains(text, "single has a higher mean") != named {
			t.Errorf("a mean of %v beside .625: warnings %q", score, c.Warnings)
		}
	}
}

// TestHoleIsAllowedFor: a trial that lacks the best seed is behind by what it is behind on the
// others, not by what their means differ.
func TestHoleIsAllowedFor(t *testing.T) {
	c := Compare([]Sample{{"a", []float64{.50, .60, .705}}, {"b", []float64{.505, .60, .70}},
		{"c", []float64{.50, .605, nan}}}, usual)
	if e := c.Summaries[2]; !e.Tied || math.Abs(e.Behind) > .005 || e.Mean > .56 {
		t.Errorf("%+v", e)
	}
}

// TestBestChanceIsReproducible: the draws come from a named seed, so that a study's table shows the
// same numbers whenever it is made; rounding on another machine may decide a draw or two.
func TestBestChanceIsReproducible(t *testing.T) {
	c := Compare([]Sample{{"a", []float64{.50, .61, .70}}, {"b", []float64{.51, .60, .72}},
		{"c", []float64{.49, .60, .71}}}, usual)
	for i, want := range []float64{928, 2410, 662} {
		if got := c.Summaries[i].Best * bestDraws; math.Abs(got-want) > 2.5 {
			t.Errorf("trial %d is the best in %v of %d draws, want %v", i, got, bestDraws, want)
		}
	}
}

// TestCompareWithoutNoise: scores that differ by the same amount for every seed leave nothing to
// chance.
func TestCompareWithoutNoise(t *testing.T) {
	c := Compare([]Sample{{"a", []float64{.5, .75, .5}}, {"b", []float64{.25, .5, .25}},
		{"c", []float64{.5, .75, .5}}}, usual)
	if !c.Summaries[0].Tied || c.Summaries[1].Tied || !c.Summaries[2].Tied {
		t.Errorf("%+v", c.Summaries)
	}
	if a, b := c.Summaries[0].Best, c.Summaries[1].Best; math.Abs(a-.5) > .03 || b != 0 {
		t.Errorf("probabilities of being best are %v and %v", a, b)
	}
}

// TestRoundedScores: two trials that differ by one image on each of two seeds are not
// distinguished, though the differences do not vary at all; by a hundred images they are.
func TestRoundedScores(t *testing.T) {
	for images, want := range map[float64]bool{1: true, 100: false} {
		a, b := []float64{.5, .6}, []float64{.5 - images/1000, .6 - images/1000}
		c := Compare([]Sample{{"a", a}, {"b", b}}, Options{Confidence: .95, Images: 1000})
		if c.Summaries[1].Tied != want {
			t.Errorf("%v images behind: tied %v, p %v", images, c.Summaries[1].Tied, c.Summaries[1].P)
		}
	}
}

// TestDivergedRun: a trial with a run far off gets no verdict, is named, and does not tie the rest.
func TestDivergedRun(t *testing.T) {
	x := made(random.New(12, "diverged"), 8, 3, func(i int) float64 {
		return map[bool]float64{true: 6}[i == 0]
	})
	whole := Compare(samplesOf(x), usual)
	x[7][1] -= 25
	c := Compare(samplesOf(x), usual)
	if whole.Compared != 8 || c.Compared != 7 || c.Summaries[7].Compared ||
		!math.IsNaN(c.Summaries[7].P) || !c.Summaries[0].Tied || c.Summaries[1].Tied {
		t.Errorf("compared %d, %+v", c.Compared, c.Summaries)
	}
	if text := strings.Join(c.Warnings, "\n"); !strings.Contains(text, "no verdict on 7, whose runs") {
		t.Errorf("warnings are %q", text)
	}
}

// TestIntervalOfAccuracies: two scores make wide intervals, but no accuracy is below 0 or above 1.
func TestIntervalOfAccuracies(t *testing.T) {
	c := Compare([]Sample{{"low", []float64{.02, .06}}, {"high", []float64{.94, .98}},
		{"middle", []float64{.4, .41}}}, usual)
	low, high, middle := c.Summaries[0], c.Summaries[1], c.Summaries[2]
	half := 12.706205 * middle.SD / math.Sqrt2
	if low.Low != 0 || !(low.High > .06) || high.High != 1 || !(high.Low < .94) ||
		math.Abs(middle.Low-middle.Mean+half) > 1e-8 || math.Abs(middle.High-middle.Mean-half) > 1e-8 {
		t.Errorf("intervals are %+v", c.Summaries)
	}
}

// TestBadInput: one seed, one trial, nothing at all and nothing in common give no verdict, and say
// so.
func TestBadInput(t *testing.T) {
	for name, samples := range map[string][]Sample{
		"nothing":           nil,
		"one trial":         {{"a", []float64{.5, .6, .7}}},
		"one seed":          {{"a", []float64{.5}}, {"b", []float64{.6}}, {"c", []float64{.6}}},
		"no run":            {{"a", []float64{nan, nan}}, {"b", nil}},
		"no common seed":    {{"a", []float64{.5, .6}}, {"b", []float64{nan, nan, .5, .6}}},
		"one common seed":   {{"a", []float64{.5, .6}}, {"b", []float64{nan, .5, .6}}},
		"two, one each way": {{"a", []float64{.5, .6, nan}}, {"b", []float64{nan, nan, .5}}},
	} {
		c := Compare(samples, Options{Confidence: .95, Check: CheckPermutation})
		if c.Verdict() || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "no tied set yet") {
			t.Errorf("%s: %+v", name, c)
		}
		for _, e := range c.Summaries {
			if e.Tied || e.Compared || !math.IsNaN(e.P) || !math.IsNaN(e.Best) {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

func TestCompareWithMissingRuns(t *testing.T) {
	c := Compare([]Sample{{"a", []float64{.5, .52, nan}}, {"b", []float64{.3, .31, .32}},
		{"c", []float64{nan, .9, nan}}, {"d", []float64{nan, nan, nan}}}, usual)
	if !c.Verdict() || c.Compared != 2 || !c.Summaries[0].Tied || c.Summaries[2].Tied {
		t.Errorf("%+v", c)
	}
	for _, want := range []string{"rests on 2 seeds", "too few runs to be compared: 2",
		"c has a higher mean, 90.00 % of 1"} {
		if got := strings.Join(c.Warnings, "\n"); !strings.Contains(got, want) {
			t.Errorf("warnings %q", got)
		}
	}
	b, d := c.Summaries[1], c.Summaries[3]
	// The 97.5 % point of t with 2 degrees of freedom is 4.302653; sd .01.
	if math.Abs(b.Mean-.31) > 1e-12 || math.Abs(b.SD-.01) > 1e-12 || d.N != 0 || !math.IsNaN(d.Mean) ||
		math.Abs(b.High-b.Mean-4.302653*.01/math.Sqrt(3)) > 1e-8 {
		t.Errorf("%+v, %+v", b, d)
	}
}

// TestPairing: where seeds move all trials alike, pairing takes that out; what is left is the
// noise.
func TestPairing(t *testing.T) {
	x := made(random.New(13, "pairing"), 30, 40, func(int) float64 { return 0 })
	f := fit(x, 0)
	// Effects of seeds and noise have a variance of 1 each; 40 seeds know the first within 22 %.
	if math.Abs(f.saved()-.5) > .15 || math.Abs(f.pooled-1) > .12 {
		t.Errorf("saved %.3f, noise %.3f", f.saved(), f.pooled)
	}
	for _, row := range x {
		for j := range row {
			row[j] = random.New(14, "alone", j, int(1e6*row[0])).Norm()
		}
	}
	if saved := fit(x, 0).saved(); saved > .05 {
		t.Errorf("nothing is common, and pairing saves %.3f", saved)
	}
}

// TestImageEffect: an effect of images on trials is found, one on all trials alike is not, nor is
// noise that is another for every seed.
func TestImageEffect(t *testing.T) {
	const k, n, images = 6, 3, 4000
	draw := func(common, own float64) float64 {
		s := random.New(15, "images", int(10*common), int(10*own))
		bits := Bits{}
		for range k {
			bits = append(bits, [][]byte{})
			for range n {
				bits[len(bits)-1] = append(bits[len(bits)-1], make([]byte, (images+7)/8))
			}
		}
		for i := range images {
			hard := common * s.Norm()
			for a := range k {
				mine := own * s.Norm()
				for b := range n {
					if hard+mine+s.Norm() > 0 {
						bits[a][b][i/8] |= 1 << (i % 8)
					}
				}
			}
		}
		return ImageEffect(bits, images)
	}
	// With own effects alone, two seeds of a trial agree on a share of 1/2 + asin(r) / pi of the
	// images, r = own² / (own² + 1): their covariance is asin(r) / (2 pi).
	r := 4. / 5
	want := math.Sqrt(math.Asin(r) / (2 * math.Pi) / images)
	if got := draw(0, 2); math.Abs(got/want-1) > .06 {
		t.Errorf("own effects: %.5f, want %.5f", got, want)
	}
	for _, common := range []float64{0, 2} {
		if got := draw(common, 0); got > .15*want {
			t.Errorf("without own effects, common %v: %.5f", common, got)
		}
	}
	// Two trials, each right on an image of its own with both seeds: the interaction of trials and
	// images has a mean square of 2, all three together none.
	if got := ImageEffect(Bits{{{1}, {1}}, {{2}, {2}}}, 2); !(math.Abs(got-math.Sqrt(.5)) <= 1e-12) {
		t.Errorf("two trials: %v, want %v", got, math.Sqrt(.5))
	}
	if got := ImageEffect(Bits{{{1}}}, 8); !math.IsNaN(got) {
		t.Errorf("one run has an effect of images: %v", got)
	}
}

// TestTwoTrialsAreThePairedTest: two trials are compared by Student's t test of their differences.
func TestTwoTrialsAreThePairedTest(t *testing.T) {
	for n := 2; n < 12; n++ {
		s := random.New(8, "paired", n)
		x := made(s, 2, n, func(int) float64 { return 0 })
		d := make([]float64, n)
		sum, squares := 0., 0.
		for j := range d {
			d[j] = x[0][j] - x[1][j]
			sum += d[j]
		}
		mean := sum / float64(n)
		for _, v := range d {
			squares += (v - mean) * (v - mean)
		}
		nu := float64(n - 1)
		student := distuv.StudentsT{Sigma: 1, Nu: nu}
		error := math.Sqrt(squares / nu / float64(n))
		want := 2 * student.Survival(math.Abs(mean)/error)
		c := Compare([]Sample{{"a", x[0]}, {"b", x[1]}}, Options{Confidence: .95})
		low := min(c.Summaries[0].P, c.Summaries[1].P)
		if math.Abs(low/want-1) > 1e-9 || max(c.Summaries[0].P, c.Summaries[1].P) != 1 {
			t.Errorf("%d seeds: p is %v, want %v", n, low, want)
		}
		high := max(0, mean+student.Quantile(.95)*error)
		if math.Abs(c.Summaries[0].BehindHigh-high) > 1e-9*max(1, high) {
			t.Errorf("%d seeds: the interval ends at %v, want %v", n, c.Summaries[0].BehindHigh, high)
		}
	}
}

// TestCompareChecks: a check is made where it is asked for, on the seeds that two trials share.
func TestCompareChecks(t *testing.T) {
	one, two := Sample{Trial: "one"}, Sample{Trial: "two"}
	for seed := range 6 {
		one.Scores = append(one.Scores, .5+.01*float64(seed%2))
		two.Scores = append(two.Scores, .6)
	}
	compare := func(check string) []Summary {
		return Compare([]Sample{one, two}, Options{Confidence: .95, Check: check}).Summaries
	}
	e := compare(CheckSignFlip)
	if math.Abs(e[0].SignFlip-2./64) > 1e-12 || !math.IsNaN(e[1].SignFlip) {
		t.Errorf("p are %v and %v", e[0].SignFlip, e[1].SignFlip)
	}
	if !math.IsNaN(e[0].Permutation) {
		t.Error("there is a permutation that nobody asked for")
	}
	// All 64 ways to exchange labels within 6 seeds: two of them reach so far.
	if e = compare(CheckPermutation); math.Abs(e[0].Permutation-2./64) > .022 ||
		e[1].Permutation != 1 || !math.IsNaN(e[0].SignFlip) {
		t.Errorf("p are %v and %v", e[0].Permutation, e[1].Permutation)
	}
	two.Scores[3] = math.NaN()
	if e := compare(CheckSignFlip); !math.IsNaN(e[0].SignFlip) {
		t.Errorf("5 common seeds give p %v", e[0].SignFlip)
	}
}

// TestLower: losses are compared as their negatives are, their means and intervals stay as they
// are, and a lower one that is not compared is named.
func TestLower(t *testing.T) {
	var scores, losses []Sample
	rising := func(i int) float64 { return float64(i) }
	for _, row := range made(random.New(8, "lower"), 5, 4, rising) {
		negative := make([]float64, len(row))
		for j, v := range row {
			negative[j] = -v
		}
		scores, losses = append(scores, Sample{"t", row}), append(losses, Sample{"t", negative})
	}
	nan := math.NaN()
	losses = append(losses, Sample{"single", []float64{-9, nan, nan, nan}})
	o := Options{Confidence: .95, SkipBest: true}
	higher := Compare(scores, o)
	o.Lower = true
	lower := Compare(losses, o)
	for i, h := range higher.Summaries {
		l := lower.Summaries[i]
		if l.P != h.P || l.Behind != h.Behind || l.BehindLow != h.BehindLow || l.Mean != -h.Mean ||
			l.SD != h.SD || !(l.Low < l.Mean && l.Mean < l.High) {
			t.Errorf("trial %d: %+v, negative %+v", i, h, l)
		}
	}
	want := "single has a lower mean, -9.0000 of 1, and is not compared"
	if !slices.Contains(lower.Warnings, want) {
		t.Errorf("warnings: %q", lower.Warnings)
	}
}
