package stats

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"gridsearch/internal/random"
	"gridsearch/search/stats/null"
)

// reference is a table with what testdata/confidence_set.py, another implementation, says of it.
type reference struct {
	Scores    [][]float64
	Variances []float64
	Prior     int
	P         []float64
	Steps     [][2]float64 // trials left, largest t
	StandsOut []float64    // p values of the F test, times the number of trials
	Q         float64      // critical value of the intervals
	Low, High []float64
}

func references(t *testing.T) []reference {
	t.Helper()
	text, err := os.ReadFile("testdata/confidence_set.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []reference
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestAgainstReference compares variances, p values, critical values and intervals.
func TestAgainstReference(t *testing.T) {
	for i, c := range references(t) {
		f := fit(c.Scores, leastVariance)
		if f.prior != c.Prior {
			t.Errorf("case %d: %d prior degrees of freedom, want %d", i, f.prior, c.Prior)
		}
		for j, v := range f.variances {
			if math.Abs(v/c.Variances[j]-1) > 1e-6 {
				t.Errorf("case %d: variance %d is %v, want %v", i, j, v, c.Variances[j])
			}
		}
		equals := null.Of(f.n, f.prior, .95, nil)
		for j, p := range confidenceSet(f, equals) {
			// Four standard errors of a share of 20,000 tables, and of the reference's 200,000.
			if band := 4.2*math.Sqrt(p*(1-p)/20000) + 3e-4; math.Abs(p-c.P[j]) > band {
				t.Errorf("case %d: p of trial %d is %.4f, want %.4f", i, j, p, c.P[j])
			}
		}
		if q := equals.Deficit(.95); math.Abs(q/c.Q-1) > .03 {
			t.Errorf("case %d: the critical value is %.3f, want %.3f", i, q, c.Q)
		}
		for j, b := range behindBest(f, c.Q) { // free of the simulation's error
			if math.Abs(b.low-c.Low[j]) > 1e-9 || math.Abs(b.high-c.High[j]) > 1e-9 {
				t.Errorf("case %d: trial %d lies in %v, want %v..%v", i, j, b, c.Low[j], c.High[j])
			}
		}
		for j := range c.Scores {
			others := slices.Delete(slices.Clone(c.Scores), j, j+1)
			p := standsOut(c.Scores[j], others) * float64(len(c.Scores))
			if math.Abs(p/c.StandsOut[j]-1) > 1e-6 {
				t.Errorf("case %d: trial %d stands out with p %v, want %v", i, j, p, c.StandsOut[j])
			}
		}
	}
}

// TestSteps compares the largest t of every step of the elimination.
func TestSteps(t *testing.T) {
	for i, c := range references(t) {
		f, left := fit(c.Scores, leastVariance), sequence(len(c.Scores))
		for _, s := range c.Steps {
			worst, largest := mostSignificant(f, left)
			if len(left) != int(s[0]) || math.Abs(largest/s[1]-1) > 1e-6 {
				t.Errorf("case %d: among %d trials the largest t is %v, want %v among %v",
					i, len(left), largest, s[1], s[0])
			}
			left = slices.Delete(left, worst, worst+1)
		}
	}
}

// TestTrigamma compares with exact values (Abramowitz and Stegun 6.4.5) and turns the function
// back.
func TestTrigamma(t *testing.T) {
	const sixth = math.Pi * math.Pi / 6
	for x, want := range map[float64]float64{1: sixth, .5: 3 * sixth, 2: sixth - 1} {
		if got := trigamma(x); math.Abs(got-want) > 1e-12 {
			t.Errorf("trigamma(%v) is %v, want %v", x, got, want)
		}
		if got := trigammaInverse(want); math.Abs(got-x) > 1e-7 {
			t.Errorf("the inverse of trigamma at %v is %v, want %v", want, got, x)
		}
	}
}

// TestLeastSquares: without holes the normal equations say what means do; with holes the fit leaves
// residuals that add up to 0 over every trial and seed, which is what defines it.
func TestLeastSquares(t *testing.T) {
	s := random.New(5, "least squares")
	x := made(s, 6, 4, func(i int) float64 { return float64(i) })
	whole, same := fit(x, 0), &table{x: x, n: []int{4, 4, 4, 4, 4, 4}}
	for i, share := range same.leastSquares() {
		if math.Abs(share-15./6) > 1e-9 || math.Abs(same.means[i]-whole.means[i]) > 1e-9 {
			t.Errorf("trial %d has mean %v and share %v", i, same.means[i], share)
		}
		for j, r := range same.residuals[i] {
			if math.Abs(r-whole.residuals[i][j]) > 1e-9 {
				t.Errorf("residual %d %d is %v, want %v", i, j, r, whole.residuals[i][j])
			}
		}
	}
	same.variances = slices.Repeat([]float64{1}, 6)
	if e := same.error(0, 5); math.Abs(e-math.Sqrt(.5)) > 1e-9 {
		t.Errorf("a difference has the standard error %v", e)
	}
	x[0][1], x[3][2], x[3][0] = math.NaN(), math.NaN(), math.NaN()
	f := fit(x, 0)
	if f.freedom != 21-6-4+1 {
		t.Errorf("%d degrees of freedom", f.freedom)
	}
	columns := make([]float64, 4)
	for i, row := range f.residuals {
		sum := 0.
		for j, r := range row {
			sum += r
			columns[j] += r
		}
		if math.Abs(sum) > 1e-9 {
			t.Errorf("residuals of trial %d add up to %v", i, sum)
		}
	}
	for j, sum := range columns {
		if math.Abs(sum) > 1e-9 {
			t.Errorf("residuals of seed %d add up to %v", j, sum)
		}
	}
	if f.error(0, 3) <= f.error(1, 2)*math.Sqrt(f.variances[0]+f.variances[3])/
		math.Sqrt(f.variances[1]+f.variances[2]) {
		t.Error("missing runs do not make a difference less certain")
	}
}

// TestPolish: sweeping means out ends where least squares does, with holes too.
func TestPolish(t *testing.T) {
	x := made(random.New(6, "polish"), 7, 4, func(int) float64 { return 0 })
	x[2][0], x[5][3], x[5][1] = math.NaN(), math.NaN(), math.NaN()
	effects, squares, freedom := polish(x)
	f := fit(x, 0)
	if want := f.pooled * float64(f.freedom); math.Abs(squares/want-1) > 1e-9 || freedom != f.freedom {
		t.Errorf("squares %v of %d degrees of freedom, want %v of %d", squares, freedom, want, f.freedom)
	}
	for j, c := range effects {
		row := 0 // which has all seeds
		want := f.x[row][j] - f.residuals[row][j] - (f.x[row][0] - f.residuals[row][0])
		if math.Abs(c-effects[0]-want) > 1e-9 {
			t.Errorf("seed %d is %v above the first, want %v", j, c-effects[0], want)
		}
	}
}

// TestHolesAreUnbiased: with runs missing, the variances that the fit estimates are still those of
// the noise, and so are those of differences.
func TestHolesAreUnbiased(t *testing.T) {
	const tables = 4000
	own, pooled, difference, claimed := 0., 0., 0., 0.
	for i := range tables {
		x := made(random.New(7, "unbiased", i), 5, 4, func(int) float64 { return 0 })
		x[0][0], x[0][1], x[1][3] = math.NaN(), math.NaN(), math.NaN()
		f := fit(x, 0)
		own, pooled = own+f.own[0]/tables, pooled+f.pooled/tables
		d := f.means[0] - f.means[1]
		f.variances = slices.Repeat([]float64{1}, 5)
		difference, claimed = difference+d*d/tables, f.error(0, 1)*f.error(0, 1)
	}
	// Own has 2 scores: its variance is that of chi-squared with about 0.8 degrees of freedom.
	if math.Abs(own-1) > .1 || math.Abs(pooled-1) > .04 || math.Abs(difference/claimed-1) > .09 {
		t.Errorf("own %.3f, pooled %.3f, difference %.3f of %.3f", own, pooled, difference, claimed)
	}
}

// made draws a table: truths, effects of seeds and noise, each with a standard deviation of 1.
func made(s *random.Stream, k, n int, truth func(int) float64) [][]float64 {
	x := make([][]float64, k)
	seeds := make([]float64, n)
	for j := range seeds {
		seeds[j] = s.Norm()
	}
	for i := range x {
		for j := range n {
			x[i] = append(x[i], truth(i)+seeds[j]+s.Norm())
		}
	}
	return x
}

// TestErrorBesideAHole: the standard error of a difference with a trial that lacks one of r seeds,
// of k trials, is s² (2/r + k / (r (r-1) (k-1))), the textbook's of a randomised block with one
// missing value; that of two whole trials stays 2 s² / r.
func TestErrorBesideAHole(t *testing.T) {
	m := fit([][]float64{{1, 2, 4}, {2, 3.5, 4}, {5, 5.5, math.NaN()}}, 0)
	for _, c := range []struct {
		i, j int
		want float64
	}{{0, 1, 2. / 3}, {0, 2, 2./3 + 3./(3*2*2)}, {2, 1, 2./3 + 3./(3*2*2)}} {
		want := math.Sqrt((m.variances[c.i] + m.variances[c.j]) / 2 * c.want)
		if got := m.error(c.i, c.j); !(math.Abs(got-want) <= 1e-12) {
			t.Errorf("the error between trials %d and %d is %v, want %v", c.i, c.j, got, want)
		}
	}
}

// TestConnected: trials without a seed in common, not even through others, are apart.
func TestConnected(t *testing.T) {
	nan := math.NaN()
	samples := []Sample{{Scores: []float64{1, nan, nan, nan}}, {Scores: []float64{nan, nan, 1, 1}},
		{Scores: []float64{1, 1, nan, nan}}, {Scores: []float64{nan, 1, nan, nan}},
		{Scores: []float64{nan, nan, nan, 1}}}
	trials := []int{0, 1, 2, 3, 4}
	for first, want := range map[int][]int{0: {0, 2, 3}, 1: {1, 4}} {
		got := connected(samples, trials[first:], []int{0, 1, 2, 3})
		if !slices.Equal(got, want) {
			t.Errorf("with trial %d are connected %v, want %v", first, got, want)
		}
	}
}
