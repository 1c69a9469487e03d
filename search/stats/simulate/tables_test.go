package simulate

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"gridsearch/search/stats"
)

// What the tables are made of.
var noises = []struct {
	name  string
	noise Noise
	limit float64 // largest share of searches that lose a best trial, %, up to a dozen trials
}{{"even", Even, 7}, {"uneven 1:3", Uneven(3), 7}, {"uneven 1:10", Uneven(10), 10}}

type size struct{ k, n int }

func (s size) String() string { return fmt.Sprintf("%d x %d", s.k, s.n) }

// TestTables simulates the cells of docs/results.md, compares each with what is promised, and with
// -update writes the tables. It takes some minutes: only with -long.
func TestTables(t *testing.T) {
	if !*long {
		t.Skip("only with -long: the quick tests guard the same definitions")
	}
	var page strings.Builder
	tables := []func(*testing.T, *strings.Builder){levels, limits, holes, winners, diverged,
		calibration, coverage, permutation}
	for _, table := range tables {
		start := time.Now()
		table(t, &page)
		t.Logf("%s", time.Since(start).Round(time.Second))
	}
	if *update {
		write(t, page.String())
	}
}

// write replaces the tables of the page.
func write(t *testing.T, tables string) {
	const path = "../../../docs/results.md"
	const first, last = "<!-- statistics -->\n", "<!-- /statistics -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), first)
	_, after, ended := strings.Cut(rest, last)
	if !found || !ended {
		t.Fatalf("%s has no lines %s and %s", path, strings.TrimSpace(first), last)
	}
	page := before + first + tables + "\n" + last + after
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// heading begins a table.
func heading(page *strings.Builder, text string, columns ...string) {
	fmt.Fprintf(page, "\n%s\n\n| %s |\n|%s\n", text, strings.Join(columns, " | "),
		strings.Repeat("---|", len(columns)))
}

// lost draws a cell and compares the share of lost searches with limits, in percent.
func lost(t *testing.T, c Cell, searches int, least, most float64) float64 {
	t.Helper()
	percent := Percent(c.Draw(searches), Search.Lost)
	if percent < least || percent > most {
		t.Errorf("%d x %d, %s: lost %.1f %%, want %v to %v",
			c.Trials, c.Seeds, c.Name, percent, least, most)
	}
	return percent
}

func levels(t *testing.T, page *strings.Builder) {
	heading(page, "Equal trials: searches that lose one, %. Up to a dozen trials 2,000 searches "+
		"a cell "+
		"(standard error 0.5), above it 1,000 (0.7).",
		"trials x seeds", "even noise", "uneven 1:3", "uneven 1:10")
	for _, s := range []size{{2, 2}, {2, 3}, {4, 3}, {8, 3}, {12, 3}, {40, 3}, {65, 3}} {
		fmt.Fprintf(page, "| %s |", s)
		searches := 2000
		if s.k > 12 {
			searches = 1000
		}
		for i, n := range noises {
			least, most := 0., n.limit
			if i == 0 && s.k <= 12 {
				least = 2
			}
			if s.k > 12 {
				most = 6
			}
			c := cell(n.name, s.k, s.n, Flat, n.noise)
			fmt.Fprintf(page, " %.1f |", lost(t, c, searches, least, most))
		}
		fmt.Fprintln(page)
	}
}

// limits are what stays worse than promised.
func limits(t *testing.T, page *strings.Builder) {
	heading(page, "Limits that stay: equal trials, searches that lose one, %, 1,000 a cell (0.7 to "+
		"1.6).",
		"what", "3 seeds", "5 seeds", "8 seeds")
	loud := func(n int) Cell { return cell("loud", 12, n, Flat, Loud(5)) }
	images := func(n int) Cell {
		c := cell("images", 12, n, Flat, Even)
		c.Images = .45
		return c
	}
	for _, row := range []struct {
		name string
		cell func(int) Cell
	}{{"one of 12 trials with five times the noise", loud},
		{"12 trials, best in the population of images, which add 0.45 s.d. to each", images}} {
		fmt.Fprintf(page, "| %s |", row.name)
		for _, n := range []int{3, 5, 8} {
			fmt.Fprintf(page, " %.1f |", lost(t, row.cell(n), 1000, 0, 100))
		}
		fmt.Fprintln(page)
	}
}

func holes(t *testing.T, page *strings.Builder) {
	heading(page, "Runs that are missing, anywhere: equal trials, searches that lose one, %, 1,000 a "+
		"cell (0.7); one trial ahead by 3, searches in which it is the lone winner, %, 200 "+
		"(2).",
		"trials x seeds", "missing runs", "lost", "lost, uneven 1:3", "lone winner")
	for _, s := range []size{{4, 3}, {12, 3}, {12, 5}} {
		for _, missing := range []int{1, s.k / 2} {
			equal := cell("holes", s.k, s.n, Flat, Even)
			equal.Holes = missing
			uneven, ahead := equal, equal
			uneven.Noise, ahead.Truth = Uneven(3), Ahead(3)
			fmt.Fprintf(page, "| %s | %d | %.1f | %.1f | %.0f |\n", s, missing,
				lost(t, equal, 1000, 0, 7.5), lost(t, uneven, 1000, 0, 8),
				Percent(ahead.Draw(200), Search.LoneRight))
		}
	}
}

func winners(t *testing.T, page *strings.Builder) {
	heading(page, "What it finds: one trial ahead by 3 paired standard deviations, searches in "+
		"which it"+
		" is the lone winner, %; a ridge of height 4, median size of the tied set. 200 "+
		"searches a cell (2 at 90).",
		"trials x seeds", "lone winner", "tied on the ridge")
	for _, s := range []size{{8, 3}, {12, 3}, {12, 5}, {12, 8}, {40, 3}, {40, 5}} {
		lone := Percent(cell("ahead", s.k, s.n, Ahead(3), Even).Draw(200), Search.LoneRight)
		tied := Median(cell("ridge", s.k, s.n, Ridge(4), Even).Draw(200), Search.Size)
		if lone < 75 {
			t.Errorf("%s: lone winner in %.0f %%", s, lone)
		}
		fmt.Fprintf(page, "| %s | %.0f | %d |\n", s, lone, tied)
	}
}

func diverged(t *testing.T, page *strings.Builder) {
	heading(page, "One run that diverged, 10 standard deviations off, in another trial than the one "+
		"that is ahead by 3: searches in which that is the lone winner, %, 400 a cell (1).",
		"trials x seeds", "no run diverged", "one diverged")
	for _, s := range []size{{8, 3}, {12, 3}, {12, 5}} {
		c := cell("diverged", s.k, s.n, Ahead(3), Even)
		without := Percent(c.Draw(400), Search.LoneRight)
		c.Diverged = 10
		with := Percent(c.Draw(400), Search.LoneRight)
		most := 5. // fewer than a dozen trials show the noise too badly for the F test
		if s.k < 12 {
			most = 20
		}
		if with < without-most {
			t.Errorf("%s: a diverged run takes the lone winner from %.0f to %.0f %%", s, without, with)
		}
		fmt.Fprintf(page, "| %s | %.0f | %.0f |\n", s, without, with)
	}
}

func calibration(t *testing.T, page *strings.Builder) {
	heading(page, "Is `best` a probability? Trials by the one that is printed: its mean, and "+
		"how many "+
		"of them were truly best, %. Truths with spreads of 0.3, 1 and 3 standard deviations,"+
		" a ridge and one trial ahead by 1.4; 300 searches of each.",
		"trials x seeds", "below 2 %", "2 to 10", "10 to 30", "30 to 50", "50 to 70",
		"70 to 90", "90 to 98", "above 98")
	edges := []float64{0, .02, .1, .3, .5, .7, .9, .98, 1}
	for _, s := range []size{{4, 3}, {8, 3}, {12, 5}} {
		var searches []Search
		for _, truth := range []struct {
			name string
			draw Truth
		}{{"0.3", Spread(.3)}, {"1", Spread(1)}, {"3", Spread(3)}, {"ridge", Ridge(4)},
			{"ahead", Ahead(1)}} {
			c := cell("calibration "+truth.name, s.k, s.n, truth.draw, Even)
			c.Options.SkipBest = false
			searches = append(searches, c.Draw(300)...)
		}
		fmt.Fprintf(page, "| %s |", s)
		for _, b := range Calibration(searches, edges) {
			if b.Count >= 100 && (b.Printed-b.True > 8 || b.True-b.Printed > 8) {
				t.Errorf("%s: printed %.1f %%, true %.1f %% of %d", s, b.Printed, b.True, b.Count)
			}
			fmt.Fprintf(page, " %.1f → %.1f (%d) |", b.Printed, b.True, b.Count)
		}
		fmt.Fprintln(page)
	}
}

func coverage(t *testing.T, page *strings.Builder) {
	heading(page, "Intervals behind the best: searches in which all hold the truth at once, %, "+
		"1,000 a "+
		"cell (0.7).",
		"trials x seeds", "spread 1, even noise", "spread 1, uneven 1:3", "ridge, even",
		"ridge, uneven 1:3", "ahead by 1, even", "ahead by 1, uneven 1:3")
	for _, s := range []size{{4, 3}, {8, 3}, {8, 5}, {12, 3}, {12, 5}, {40, 3}} {
		fmt.Fprintf(page, "| %s |", s)
		for _, truth := range []Truth{Spread(1), Ridge(4), Ahead(1)} {
			for _, noise := range noises[:2] {
				c := cell("cover "+noise.name, s.k, s.n, truth, noise.noise)
				covered := Percent(c.Draw(1000), Search.Covered)
				if covered < 93 {
					t.Errorf("%s, %s: all are covered in %.1f %%", s, noise.name, covered)
				}
				fmt.Fprintf(page, " %.1f |", covered)
			}
		}
		fmt.Fprintln(page)
	}
}

func permutation(t *testing.T, page *strings.Builder) {
	heading(page, "The check by permutation: equal trials, searches that lose one, %, 500 a "+
		"cell (1); a"+
		" ridge of height 4, even noise, median size of the set, 100 searches. It is not for "+
		"uneven noise.",
		"trials x seeds", "even noise", "uneven 1:3", "uneven 1:10", "left on the ridge")
	for _, s := range []size{{4, 3}, {8, 3}, {12, 3}, {12, 5}} {
		fmt.Fprintf(page, "| %s |", s)
		for i, noise := range noises {
			c := cell("permutation "+noise.name, s.k, s.n, Flat, noise.noise)
			c.Options.Check = stats.CheckPermutation
			percent := Percent(c.Draw(500), byPermutation)
			if most := []float64{8, 10, 18}[i]; percent > most {
				t.Errorf("%s, %s: lost %.1f %%", s, noise.name, percent)
			}
			fmt.Fprintf(page, " %.1f |", percent)
		}
		c := cell("permutation ridge", s.k, s.n, Ridge(4), Even)
		c.Options.Check = stats.CheckPermutation
		fmt.Fprintf(page, " %d |\n", Median(c.Draw(100), sizeByPermutation))
	}
}
