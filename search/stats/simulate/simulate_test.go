package simulate

import (
	"flag"
	"math"
	"testing"

	"gridsearch/internal/random"
	"gridsearch/search/stats"
)

var (
	long   = flag.Bool("long", false, "simulate all that the tables of docs/results.md rest on")
	update = flag.Bool("update", false, "with -long: write the tables into docs/results.md")
)

// usual is how a study is compared, without what costs time and is not asked about.
var usual = stats.Options{Confidence: .95, SkipBest: true}

func cell(name string, k, n int, truth Truth, noise Noise) Cell {
	return Cell{Name: name, Trials: k, Seeds: n, Truth: truth, Noise: noise, Options: usual}
}

// TestLevel: of equal trials one is lost in about 5 % of searches. With independent variances of
// prior and own degrees of freedom for a null, two trials with 3 seeds lose one in 18.6 %, four in
// 12.6 %. Three standard errors are 3.3 points.
func TestLevel(t *testing.T) {
	for _, k := range []int{2, 4} {
		lost := Percent(cell("even", k, 3, Flat, Even).Draw(400), Search.Lost)
		if lost > 8.5 || lost < 1 {
			t.Errorf("%d trials: lost %.1f %%", k, lost)
		}
	}
}

// TestDivergedRunTiesNobody: a run that is 10 standard deviations off would leave one trial of
// twelve that is ahead of the others a lone winner in 16 % of searches, were it not set aside.
func TestDivergedRunTiesNobody(t *testing.T) {
	c := cell("diverged", 12, 3, Ahead(3), Even)
	without := Percent(c.Draw(60), Search.LoneRight)
	c.Diverged = 10
	if lone := Percent(c.Draw(60), Search.LoneRight); lone < 80 || lone < without-10 {
		t.Errorf("lone winner in %.0f %%, without the run in %.0f %%", lone, without)
	}
}

// TestDivergedRun: of the same stream, the first run of the last trial alone is other, and lower.
func TestDivergedRun(t *testing.T) {
	c := cell("diverged", 5, 3, Flat, Even)
	draw := func() []stats.Sample { return c.draw(0).samples }
	calm := draw()
	c.Diverged = 10
	for i, sample := range draw() {
		for j, score := range sample.Scores {
			fall := 0.
			if i == 4 && j == 0 {
				fall = 10 * Unit
			}
			if got := calm[i].Scores[j] - score; !(math.Abs(got-fall) <= 1e-12) {
				t.Errorf("run %d of trial %d falls by %g, want %g", j, i, got, fall)
			}
		}
	}
}

// TestBestIsAProbability: of the trials that are best with a probability above one half, as many
// are as that says; a bootstrap over 3 seeds says 76 % where 60 % are, and gives the true best less
// than 1 % in a third of searches. Three standard errors of some 100 such trials are 14 points.
func TestBestIsAProbability(t *testing.T) {
	c := cell("spread", 8, 3, Spread(1), Even)
	c.Options.SkipBest = false
	searches := c.Draw(250)
	bin := Calibration(searches, []float64{.5, 1})[0]
	if math.Abs(bin.Printed-bin.True) > 11 || bin.Count < 60 {
		t.Errorf("%d trials: %.1f %% are printed, %.1f %% true", bin.Count, bin.Printed, bin.True)
	}
	missed := Percent(searches, func(s Search) bool {
		for i, best := range s.best() {
			if best && s.Summaries[i].Best < .01 {
				return true
			}
		}
		return false
	})
	if missed > 8 {
		t.Errorf("the true best has less than 1 %% in %.1f %% of searches", missed)
	}
}

// TestBestOfNearlyEquals: where trials hardly differ, none is likely to be the best; taken at their
// means, without the spread that is estimated with them, the leader has 40 % and is best in 25 %.
func TestBestOfNearlyEquals(t *testing.T) {
	c := cell("nearly equal", 8, 3, Spread(.3), Even)
	c.Options.SkipBest = false
	bin := Calibration(c.Draw(200), []float64{.3, 1})[0]
	if bin.Printed-bin.True > 11 {
		t.Errorf("%d trials: %.1f %% are printed, %.1f %% true", bin.Count, bin.Printed, bin.True)
	}
}

// TestIntervalsCover: intervals behind the best hold all truths at once. One for each trial alone
// does so in 60 to 80 % of searches; three standard errors are 3.8 points.
func TestIntervalsCover(t *testing.T) {
	for _, noise := range []Noise{Even, Uneven(3)} {
		searches := cell("cover", 8, 3, Spread(1), noise).Draw(300)
		if covered := Percent(searches, Search.Covered); covered < 91.5 {
			t.Errorf("all are covered in %.1f %%", covered)
		}
	}
}

// TestPermutation: a check that keeps its level with noise that is not normal, and finds a ridge.
// Permuted over all runs instead of within seeds, it keeps everything.
func TestPermutation(t *testing.T) {
	c := cell("permutation", 8, 3, Flat, Even)
	c.Options.Check = stats.CheckPermutation
	if lost := Percent(c.Draw(200), byPermutation); lost > 6.5 {
		t.Errorf("lost %.1f %%", lost)
	}
	c.Truth = Ridge(4)
	ridge := c.Draw(60)
	if size := Median(ridge, sizeByPermutation); size > 6 {
		t.Errorf("%d of 8 trials of a ridge are left", size)
	}
	if lost := Percent(ridge, byPermutation); lost > 12 {
		t.Errorf("the top of a ridge is lost in %.1f %%", lost)
	}
}

func byPermutation(s Search) bool    { return s.LostBy(.05) }
func sizeByPermutation(s Search) int { return s.SizeBy(.05) }

// TestHoles: nobody is dropped for a run that is missing, and equals stay equals.
func TestHoles(t *testing.T) {
	c := cell("holes", 8, 3, Flat, Even)
	c.Holes = 4
	searches := c.Draw(300)
	if lost := Percent(searches, Search.Lost); lost > 9 || lost < .5 {
		t.Errorf("lost %.1f %%", lost)
	}
	if whole := Percent(searches, func(s Search) bool { return s.Compared == 8 }); whole < 99 {
		t.Errorf("all are compared in %.1f %%", whole)
	}
	c.Truth, c.Holes = Ahead(3), 1
	if lone := Percent(c.Draw(60), Search.LoneRight); lone < 80 {
		t.Errorf("lone winner in %.0f %%", lone)
	}
}

// TestDrawIsRepeatable: a cell gives the same searches again, and another name others.
func TestDrawIsRepeatable(t *testing.T) {
	draw := func(name string) []Search { return cell(name, 3, 3, Spread(1), Uneven(3)).Draw(2) }
	a, b, other := draw("a"), draw("a"), draw("b")
	for i := range a {
		if a[i].Summaries[1].P != b[i].Summaries[1].P || a[i].Truth[1] != b[i].Truth[1] {
			t.Error("a cell is not repeated")
		}
		if a[i].Truth[1] == other[i].Truth[1] {
			t.Error("two cells have the same truth")
		}
	}
}

// TestTruths: what the truths are called is what they are.
func TestTruths(t *testing.T) {
	s := random.New(1, "truths")
	if v := Ahead(3)(s, 5); math.Abs(v[2]-4.2426) > 1e-4 || v[0] != 0 {
		t.Errorf("ahead: %v", v)
	}
	if v := Ridge(4)(s, 5); v[0] != -4 || math.Abs(v[2]) > .1 || v[4] > -4 {
		t.Errorf("ridge: %v", v)
	}
	if v := Uneven(10)(s, 1000); slicesMean(v) < .9 || slicesMean(v) > 1.1 {
		t.Errorf("uneven noise has the mean %v", slicesMean(v))
	}
	if v := Loud(5)(s, 3); v[0] != 5 || v[2] != 1 {
		t.Errorf("loud: %v", v)
	}
}

func slicesMean(list []float64) float64 {
	sum := 0.
	for _, v := range list {
		sum += v / float64(len(list))
	}
	return sum
}

// TestMedian: the middle of sorted counts.
func TestMedian(t *testing.T) {
	var searches []Search
	for _, n := range []int{5, 1, 9, 3, 7} {
		searches = append(searches, Search{Truth: make([]float64, n)})
	}
	if got := Median(searches, func(s Search) int { return len(s.Truth) }); got != 5 {
		t.Errorf("the median of 1, 3, 5, 7 and 9 is %d", got)
	}
}
