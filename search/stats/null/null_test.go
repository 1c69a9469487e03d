package null

import (
	"maps"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/random"
)

// TestStudentizedRange: with equal variances of many degrees of freedom the largest pairwise t is
// the range of normal numbers by the root of 2, whose 95 % points for 2, 3 and 10 numbers are
// 2.772, 3.314 and 4.474 (tables of the studentized range, infinite degrees of freedom).
func TestStudentizedRange(t *testing.T) {
	u := simulate(keyOf(slices.Repeat([]int{33}, 10), 60, fewestDraws))
	for m, q := range map[int]float64{2: 2.772, 3: 3.314, 10: 4.474} {
		// Four standard errors of the share, and what 92 degrees of freedom lack.
		if p := u.P(m, q/math.Sqrt2); math.Abs(p-.05) > .0062+.006 {
			t.Errorf("%d trials: p is %.4f at the 95 %% point", m, p)
		}
	}
	// Dunnett's one-sided 95 % point of 9 comparisons, infinite degrees of freedom, is 2.42
	// ([dunnett] table 1a).
	if q := u.Deficit(.95); math.Abs(q-2.42) > .05 {
		t.Errorf("the point of deficits is %.3f", q)
	}
}

// TestTails: p falls with t and grows with the number of trials, and is never 0.
func TestTails(t *testing.T) {
	u := simulate(keyOf(slices.Repeat([]int{3}, 6), 4, fewestDraws))
	for m := 2; m <= 6; m++ {
		before := 1.
		for v := 0.; v < 60; v += .37 {
			p := u.P(m, v)
			if p > before || p <= 0 || m > 2 && p < u.P(m-1, v) {
				t.Errorf("%d trials: p of %v is %v, before it %v", m, v, p, before)
			}
			before = p
		}
		if p := u.P(m, math.Inf(1)); p != 1./(fewestDraws+1) {
			t.Errorf("%d trials: the smallest p is %v", m, p)
		}
	}
}

// TestCells: a value lies between the edges of its cell.
func TestCells(t *testing.T) {
	for v := .001; v < 1e12; v *= 1.0173 {
		if c := cell(v); v < edge(c) || v >= edge(c+1) {
			t.Errorf("%v is in the cell %v..%v", v, edge(c), edge(c+1))
		}
	}
	if cell(0) != 0 || cell(math.Inf(1)) != cells-1 {
		t.Error("cells do not end at the ends")
	}
}

// TestChiSquared compares mean, variance and a tail with those of the distribution.
func TestChiSquared(t *testing.T) {
	const n = 20000
	for _, freedom := range []int{1, 2, 3, 60, 1999} {
		s, mean, square, tail := random.New(9, "chi", freedom), 0., 0., 0
		limit := distuv.ChiSquared{K: float64(freedom)}.Quantile(.95)
		for range n {
			v := ChiSquared(s, freedom)
			mean, square = mean+v/n, square+v*v/n
			if v > limit {
				tail++
			}
		}
		f := float64(freedom)
		if math.Abs(mean-f) > 4*math.Sqrt(2*f/n) || math.Abs((square-mean*mean)/(2*f)-1) > .15 ||
			math.Abs(float64(tail)-.05*n) > 4*math.Sqrt(.05*.95*n) {
			t.Errorf("%d: mean %v, variance %v, %d beyond 95 %%", freedom, mean, square-mean*mean, tail)
		}
	}
}

// kept is a cache in memory.
type kept map[string][]byte

func (k kept) Load(name string) ([]byte, bool) { data, ok := k[name]; return data, ok }
func (k kept) Save(name string, data []byte)   { k[name] = data }

// TestNullIsCached: what comes from the cache is what was simulated, and what is damaged there is
// simulated again.
func TestNullIsCached(t *testing.T) {
	n, cache := []int{3, 3, 2, 3, 3}, kept{}
	forget := func() { nulls.values = map[key]*Null{} }
	forget()
	u := Of(n, 7, .95, cache)
	names := slices.Collect(maps.Keys(cache))
	if len(names) != 1 {
		t.Fatalf("cached are %v", names)
	}
	whole := cache[names[0]]
	longer := append(slices.Clone(whole), 0)
	for _, data := range [][]byte{whole, whole[:len(whole)/2], longer, slices.Repeat([]byte{255},
		30)} {
		cache[names[0]] = data
		forget()
		again := Of(n, 7, .95, cache)
		for i, row := range u.rows() {
			if !slices.Equal(row, again.rows()[i]) {
				t.Errorf("row %d differs from cached data of %d bytes", i, len(data))
			}
		}
	}
	if !slices.Equal(cache[names[0]], whole) {
		t.Error("damaged data are not replaced")
	}
	// That the cache is read at all: tables without tails make every p the smallest.
	none := newNull(keyOf(n, 7, fewestDraws))
	cache[names[0]] = none.encode()
	forget()
	if p := Of(n, 7, .95, cache).P(5, .5); p > 1e-3 {
		t.Errorf("p is %v: the cache is not read", p)
	}
	forget()
}

// TestDrawsGrow: a confidence nearer to 1 rests on more tables.
func TestDrawsGrow(t *testing.T) {
	for confidence, want := range map[float64]int{.5: 20000, .95: 20000, .99: 20000, .999: 200000} {
		if u := Of([]int{3, 3, 3}, 7, confidence, nil); u.draws != want {
			t.Errorf("%v: %d draws, want %d", confidence, u.draws, want)
		}
	}
}

// TestNullDoesNotDependOnThreads: blocks of tables are added up in any order.
func TestNullDoesNotDependOnThreads(t *testing.T) {
	key := keyOf(slices.Repeat([]int{3}, 4), 7, 4500)
	one := newNull(key)
	other := newNull(key)
	for block := 4; block >= 0; block-- {
		one.drawBlock(key, block, other)
	}
	one.sumTails()
	other.sumTails()
	one.larger(other)
	for i, row := range simulate(key).rows() {
		if !slices.Equal(row, one.rows()[i]) {
			t.Errorf("row %d depends on the order", i)
		}
	}
}
