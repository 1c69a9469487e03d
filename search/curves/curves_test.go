package curves

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/random"
)

// points are networks at costs, as multiples of the first one's, with means.
func points(costs, means []float64) (list []Point) {
	for i, cost := range costs {
		list = append(list, Point{1e6 * cost, means[i]})
	}
	return list
}

// power are the constants of a - b (cost / first)^-c.
func (s shape) power() (a, b, exponent float64) {
	b = s.rise / s.bend
	return s.level + b, b, s.bend / math.Ln2
}

// TestScipy holds fits against those of scipy.optimize.least_squares with the loss "huber", an
// f_scale of 1.345 times the scale, and 300 starts: the study on Fashion-MNIST, the one on motifs,
// and one with a network far off.
func TestScipy(t *testing.T) {
	for _, c := range []struct {
		costs, means  []float64
		scale         float64
		a, b, c, loss float64
		slope         float64
	}{
		{[]float64{1, 1.37, 1.73, 2.10, 3.34, 4.44}, []float64{.8666, .8809, .8803, .8906, .8899, .8939},
			.002, .894098, .027331, 2.04632, 3.14e-05, .001835},
		{[]float64{1, 1.37, 1.81, 2.58, 3.49, 4.80}, []float64{.4561, .52, .5375, .5711, .5872, .5956},
			.01, .613517, .155495, 1.37294, .0001126, .017175},
		{[]float64{1, 1.4, 2, 2.8, 4, 5.6, 8}, []float64{.60, .66, .70, .55, .745, .755, .76},
			.004, .776236, .175544, 1.18246, .001863, .012306},
	} {
		f := newSample(Family{Points: points(c.costs, c.means)})
		s := f.fit(c.scale)
		loss := f.loss(f.design(s.bend), s, huber*c.scale)
		a, b, exponent := s.power()
		near := func(name string, got, want, share float64) {
			if math.Abs(got/want-1) > share {
				t.Errorf("%s is %.6g, want %g", name, got, want)
			}
		}
		near("a", a, c.a, 1e-4)
		near("b", b, c.b, 1e-3)
		near("c", exponent, c.c, 2e-3)
		near("the loss", loss, c.loss, 1e-3)
		near("the slope at the end", s.slope(f.x[len(f.x)-1]), c.slope, 2e-3)
	}
}

// TestFitIsLeast: no curve beside a fitted one has less loss, of any shape.
func TestFitIsLeast(t *testing.T) {
	s := random.New(1, "least")
	for i := range 60 {
		n := 4 + s.IntN(6)
		costs, means := make([]float64, n), make([]float64, n)
		for j := range costs {
			costs[j] = math.Exp2(2.5 * float64(j) / float64(n-1))
			means[j] = .5 + .1*math.Log(costs[j]) + .02*s.Norm()
		}
		f, scale := newSample(Family{Points: points(costs, means)}), s.Uniform(.005, .05)
		best := f.fit(scale)
		least := f.loss(f.design(best.bend), best, huber*scale)
		for range 3000 {
			near := shape{best.level + .01*s.Norm(), best.rise * (1 + .1*s.Norm()),
				math.Abs(best.bend + .5*s.Norm())}
			if near.bend > 5 {
				continue // beyond where fits are looked for
			}
			if loss := f.loss(f.design(near.bend), near, huber*scale); loss < least*(1-1e-4) {
				t.Fatalf("sample %d: %+v has the loss %g, less than %g of %+v", i, near, loss, least, best)
			}
		}
	}
}

// made is a family along a truth in points, with residuals that are small against its gains.
func made(name string, costs []float64, at func(x float64) float64, noise float64) Family {
	s := random.New(3, name)
	means := make([]float64, len(costs))
	for i, cost := range costs {
		means[i] = (at(math.Log2(cost)) + noise*s.Norm()) / 100
	}
	return Family{name, points(costs, means)}
}

var eight = []float64{1, 1.3, 1.7, 2.2, 2.9, 3.8, 5, 6.5}

// TestVerdicts: what curves of known shape show, and in which words.
func TestVerdicts(t *testing.T) {
	quiet := Noise{.0002, 30}
	for _, c := range []struct {
		family  Family
		noise   Noise
		verdict Verdict
		finding string
		says    string // with # for numbers
	}{
		{made("width", eight, func(x float64) float64 { return 60 - 20*math.Exp(-2.5*x) }, .02), quiet,
			Plateau, "a plateau", "width: a plateau, # (# to #) points a doubling at the end, less than a " +
				"tenth of the first doubling's #"},
		{made("depth", eight, func(x float64) float64 { return 50 + 2*x }, .02), quiet,
			Rising, "still rises", "depth: # (# to #) points a doubling at the end: it still rises"},
		{made("depth", eight, func(x float64) float64 { return 50 - x }, .02), quiet,
			Falling, "falls", "depth: falls, # (# to #) points a doubling at the end"},
		{made("width", eight, func(x float64) float64 { return 60 - 3*math.Exp(-x) }, .4), quiet,
			Open, "no plateau seen", "width: # (# to #) points a doubling at the end: no plateau seen, " +
				"nor excluded"},
		{made("flat", eight, func(x float64) float64 { return 60 }, .1), quiet,
			Open, "no plateau seen", "flat: # (# to #) points a doubling at the end: no plateau seen, nor " +
				"excluded"},
		{made("short", []float64{1, 1.15, 1.35, 1.6, 1.8, 1.98}, func(x float64) float64 {
			return 60 - 20*math.Exp(-4.3*x)
		}, .01), quiet, Open, "no plateau seen", "short: # (# to #) points a doubling at the end: no " +
			"plateau seen, nor excluded"},
		{made("three", []float64{1, 2, 4}, func(x float64) float64 { return 50 + x }, 0), Noise{.01, 9},
			Open, "a straight line", "three: # (# to #) points a doubling along a straight line: three " +
				"costs show no plateau"},
		{made("two", []float64{1, 2}, func(x float64) float64 { return 50 + x }, 0), quiet,
			Rising, "no curve", "two: # (# to #) points a doubling between two costs, which make no curve"},
		{made("two", []float64{1, 2}, func(x float64) float64 { return 50 + x }, 0), Noise{},
			Open, "no curve", "two: # points a doubling between two costs, which make no curve"},
		{made("one", []float64{1, 1.001}, func(x float64) float64 { return 50 }, 0), quiet,
			Open, "no curve", "one: one cost makes no curve"},
		{Family{Name: "none"}, quiet, Open, "no curve", "none: one cost makes no curve"},
	} {
		got := Fit(Study{Families: []Family{c.family}, Noise: c.noise, Confidence: .95})[0]
		if got.Verdict != c.verdict || got.Finding() != c.finding || blank(got.Sentence()) != c.says {
			t.Errorf("%s, %q: %q; want %s, %q", got.Verdict, got.Finding(), got.Sentence(), c.verdict,
				c.finding)
		}
		if got.Name != c.family.Name || got.Networks != len(c.family.Points) {
			t.Errorf("the curve is of %q with %d networks", got.Name, got.Networks)
		}
	}
}

// blank replaces signed numbers by #.
func blank(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' })
	for i, w := range words {
		bare := strings.Trim(w, "(),")
		if bare != "" && (bare[0] == '+' || bare[0] == '-') {
			words[i] = strings.Replace(w, bare, "#", 1)
		}
	}
	return strings.Join(words, " ")
}

// TestOneFarOff: a network that lies far off moves neither the others' curve nor its verdict by
// much, where least squares would.
func TestOneFarOff(t *testing.T) {
	truth := func(x float64) float64 { return 60 - 20*math.Exp(-x) }
	plain := made("width", eight, truth, .05)
	off := Family{plain.Name, slices.Clone(plain.Points)}
	off.Points[3].Mean -= .2
	fit := func(f Family) Curve {
		return Fit(Study{Families: []Family{f, made("depth", eight, truth, .05)},
			Noise: Noise{.0005, 30}, Confidence: .95})[0]
	}
	got, want := fit(off), fit(plain)
	for _, cost := range eight {
		if d := got.At(1e6*cost).Value - want.At(1e6*cost).Value; math.Abs(d) > .005 {
			t.Errorf("at %g times the cost the curve moves by %g", cost, d)
		}
	}
	f := newSample(off)
	if s := f.fit(math.MaxFloat64); math.Abs(s.at(f.x[3])-want.At(1e6*eight[3]).Value) < .02 {
		t.Error("least squares hardly move: the test shows nothing")
	}
}

// TestOrder: neither the order of networks nor that of families matters, and a second call draws the
// same numbers.
func TestOrder(t *testing.T) {
	one := made("width", eight, func(x float64) float64 { return 60 - 20*math.Exp(-x) }, .3)
	other := made("depth", eight[:5], func(x float64) float64 { return 40 + x }, .3)
	turned := Family{one.Name, slices.Clone(one.Points)}
	slices.Reverse(turned.Points)
	noise := Noise{.002, 20}
	a := Fit(Study{[]Family{one, other}, noise, .95})
	b := Fit(Study{[]Family{other, turned}, noise, .95})
	if a[0].Slope != b[1].Slope || a[1].Gain != b[0].Gain || a[0].At(3e6) != b[1].At(3e6) {
		t.Errorf("%+v and %+v", a[0].Slope, b[1].Slope)
	}
	if a[0].First != 1e6 || a[0].Last != 6.5e6 {
		t.Errorf("the curve reaches from %g to %g", a[0].First, a[0].Last)
	}
}

// TestPower: the curve is a - b (cost / first)^-c.
func TestPower(t *testing.T) {
	c := Fit(Study{Families: []Family{made("width", eight, func(x float64) float64 {
		return 60 - 20*math.Exp2(-.7*x)
	}, 0)}, Confidence: .95})[0]
	a, b, exponent := c.shape.power()
	if math.Abs(a-.6) > 1e-3 || math.Abs(b-.2) > 1e-3 || math.Abs(exponent-.7) > 5e-3 {
		t.Errorf("a %g, b %g, c %g", a, b, exponent)
	}
	if got := c.At(4e6).Value; math.Abs(got-(a-b*math.Pow(4, -exponent))) > 1e-9 {
		t.Errorf("at four times the cost it is %g", got)
	}
}

// TestNoiseIsTheLeast: where networks lie on their curves by chance, the noise of runs says how far
// off they could be; and where they scatter by more, that counts.
func TestNoiseIsTheLeast(t *testing.T) {
	width := func(scatter, noise float64) float64 {
		f := made("width", eight, func(x float64) float64 { return 60 - 20*math.Exp(-x) }, scatter)
		c := Fit(Study{[]Family{f}, Noise{noise, 40}, .95})[0]
		return c.At(2e6).High - c.At(2e6).Low
	}
	quiet, loud, scattered := width(.01, .001), width(.01, .01), width(1, .001)
	if loud < 8*quiet || loud > 12*quiet || scattered < 4*quiet {
		t.Errorf("bands are %g, %g and %g wide", quiet, loud, scattered)
	}
}

// TestConfidence: more of it makes wider intervals.
func TestConfidence(t *testing.T) {
	f := made("width", eight, func(x float64) float64 { return 60 - 20*math.Exp(-x) }, .5)
	last := 0.
	for confidence, want := range map[float64]int{.5: 400, .95: 400, .99: 2000, .999: 20000} {
		if got := draws(confidence); got != want {
			t.Errorf("at %g there are %d draws, want %d", confidence, got, want)
		}
	}
	for _, confidence := range []float64{.5, .9, .95, .99} {
		c := Fit(Study{[]Family{f}, Noise{}, confidence})[0]
		if w := c.Slope.High - c.Slope.Low; w <= last || c.Slope.Low > c.Slope.Value ||
			c.Slope.High < c.Slope.Value {
			t.Errorf("at %g: %+v", confidence, c.Slope)
		} else {
			last = w
		}
	}
}

// BenchmarkFit fits a study of four families with six networks each.
func BenchmarkFit(b *testing.B) {
	var families []Family
	for i := range 4 {
		families = append(families, made(fmt.Sprint(i), eight[:6], func(x float64) float64 {
			return 60 - 20*math.Exp(-x)
		}, .5))
	}
	for b.Loop() {
		Fit(Study{families, Noise{.005, 40}, .95})
	}
}
