package chart

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/scoresheet"
	"gridsearch/internal/terminal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMain keeps the tests out of the user's cache.
func TestMain(m *testing.M) { made.Main(m) }

// text is the chart of results.
func text(t testing.TB, r report.Results, o Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// trial is a trial with a mean; madds in millions.
func trial(name, family string, madds, mean float64, tied bool) report.Trial {
	return report.Trial{Name: name, Control: family, MAdds: int64(1e6 * madds), MeanTop1: &mean, Tied: &tied}
}

// study is results of these trials, the base first.
func study(trials ...report.Trial) report.Results {
	return report.Results{Metric: "top1", Trials: trials}
}

// families is a study of all usual families and two others, one of them in another script, with
// trials of one place and one that has no run.
func families() report.Results {
	list := []report.Trial{trial("base", "base", 1, .5, false)}
	for i, name := range []string{"width", "depth", "resolution", "compound", "花", "dwr"} {
		for n := range 4 {
			cost := float64(int(1) << n)
			list = append(list, trial(fmt.Sprintf("%s %d", name, n), name, 1.2*cost,
				.52+.03*float64(n)+.011*float64(i), n == 3 && i > 1))
		}
	}
	return study(append(list, trial("first", "", 5, .6, true), trial("second", "", 5, .6, false),
		report.Trial{Name: "without", MAdds: 7e6})...)
}

// sheet is a file of scores.
func sheet(t testing.TB, lines string) report.Results {
	t.Helper()
	s, err := scoresheet.Parse("scores.csv", []byte(lines), "")
	if err != nil {
		t.Fatal(err)
	}
	return report.FromSheet(s)
}

// TestGolden compares charts with those that were looked at.
func TestGolden(t *testing.T) {
	losses := sheet(t, "trial,seed,val_loss,madds\na,0,1.31,100000\na,1,1.29,100000\nb,0,1.1,400000\n"+
		"b,1,1.12,400000\nc,0,0.9,1500000\nc,1,0.95,1500000\n")
	for name, r := range map[string]report.Results{"made": report.New(made.Study(t)),
		"families": families(), "losses": losses,
		"equal": study(trial("base", "base", 2, .5, true), trial("花の画像", "", 2, .5, true)),
		"one":   study(trial("base", "base", 2, .5, false))} {
		for form, o := range map[string]Options{"txt": {80, true}, "ascii": {80, false}, "narrow": {40, true}} {
			got, path := text(t, r, o), filepath.Join("testdata", name+"."+form)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
			}
		}
	}
}

// TestNothingToDraw: what is missing is said.
func TestNothingToDraw(t *testing.T) {
	if got := text(t, study(report.Trial{Name: "base", MAdds: 1}), Options{}); got !=
		"no trial has a complete run yet: there is nothing to draw\n" {
		t.Errorf("a study without a run gives %q", got)
	}
	if why := Unplottable(sheet(t, "trial,seed,top1\na,0,.5\na,1,.6\nb,0,.4\nb,1,.3\n")); !strings.Contains(
		why, "no column madds") {
		t.Errorf("a file without costs gives %q", why)
	}
	if why := Unplottable(families()); why != "" {
		t.Errorf("a study gives %q", why)
	}
}

// TestEveryTrialIsThere: whatever the trials, each is in the picture by itself or in the number of a
// place, the chart keeps to its columns, and it has no control characters.
func TestEveryTrialIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var trials []report.Trial
		share, cost := rapid.Float64Range(0, 1), rapid.Float64Range(1e-3, 1e5)
		one, both := rapid.Bool().Draw(t, "one cost"), cost.Draw(t, "cost")
		for i := range rapid.IntRange(1, 30).Draw(t, "trials") {
			madds := both
			if !one {
				madds = cost.Draw(t, "cost")
			}
			trials = append(trials, trial(fmt.Sprint(i), rapid.SampledFrom([]string{"", "width", "花",
				"other,x"}).Draw(t, "family"), madds, share.Draw(t, "mean"), rapid.Bool().Draw(t, "tied")))
		}
		o := Options{rapid.IntRange(0, 150).Draw(t, "columns"), rapid.Bool().Draw(t, "unicode")}
		p := newPlot(study(trials...), o)
		drawn := 0
		for row := range p.up.cells {
			line := p.row(row)
			for column, list := range p.cells[row] {
				drawn += len(list)
				if sign := string([]rune(line)[column]); len(list) > 1 && sign != count(len(list)) ||
					len(list) == 1 && sign != string(p.signOf(p.points[list[0]])) {
					t.Fatalf("%d trials are drawn as %q", len(list), sign)
				}
			}
		}
		if drawn != len(trials)-1 {
			t.Fatalf("%d of %d trials are drawn", drawn, len(trials)-1)
		}
		for _, line := range p.picture() {
			if terminal.Width(line) > max(narrowest, o.Columns) || terminal.Printable(line) != line {
				t.Fatalf("in %d columns: %q", o.Columns, line)
			}
		}
		if len(p.up.ticks) < 2 || len(p.across.ticks) < 1 {
			t.Fatalf("there are %d and %d ticks", len(p.up.ticks), len(p.across.ticks))
		}
	})
}

// TestSigns: families without a shape of their own get letters, none of them twice.
func TestSigns(t *testing.T) {
	var trials []report.Trial
	for i := range 30 {
		trials = append(trials, trial("x", fmt.Sprintf("family %d", i), 1, .5, false))
	}
	seen := map[rune]bool{}
	for i, f := range lettered.familiesOf(trials) {
		if i < 26 && seen[f.open] {
			t.Errorf("two families are drawn as %c", f.open)
		}
		seen[f.open] = true
	}
	if len(seen) != 27 { // the alphabet, and what the rest has
		t.Errorf("30 families have %d letters", len(seen))
	}
}
