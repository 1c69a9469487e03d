package families

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"gridsearch/internal/random"
)

var (
	long   = flag.Bool("long", false, "simulate every cell of the table in docs/results.md")
	update = flag.Bool("update", false, "with -long, write that table anew")
)

// design is which networks a study has, with how many seeds.
type design struct {
	name  string
	costs [4][]float64 // of compound, width, depth, resolution, as multiples of the base's
	seeds int
}

// byPhi are the costs of the study on Fashion-MNIST at phi 0.5, 1, 2 and 3.
var byPhi = [4][]float64{{1.17, 1.37, 3.78, 5.25}, {1.40, 1.86, 3.28, 5.93},
	{1.47, 1.98, 3.94, 7.85}, {1.54, 1.97, 3.85}}

// evenly are n networks per family in equal steps of log cost from 1.4 to 6, shifted slightly
// between families, as rounded networks are.
func evenly(networks int) (costs [4][]float64) {
	for family, shift := range []float64{0, .05, .02, -.05} {
		for i := range networks {
			share := float64(i) / float64(networks-1)
			x := math.Log(1.4)*(1-share) + math.Log(6)*share
			costs[family] = append(costs[family], math.Exp(x+shift))
		}
	}
	return costs
}

// runs is the number of trainings.
func (d design) runs() int {
	networks := 1
	for _, costs := range d.costs {
		networks += len(costs)
	}
	return networks * d.seeds
}

// truth is what a study is drawn from, in standard deviations of a run, paired by seed. Accuracy
// saturates with cost; depth falls behind by 2 at four times the base's cost.
type truth struct {
	scatter float64 // of the networks about their curves
	lead    float64 // of compound over width and resolution at that cost
	bend    float64 // of width's curve, half way up in log cost; 0 at that cost
	behind  float64 // resolution's deficit at that cost
	off     float64 // by which a run of width's largest network has diverged
}

// null is the hardest one: compound is as good as width alone, and better than the others.
func null(scatter, bend float64) truth { return truth{scatter: scatter, bend: bend, behind: 2} }

// mean is the score of a family's network at a log cost.
func (t truth) mean(family int, x float64) float64 {
	to := math.Log(NamedCost)
	arch := func(x float64) float64 { return t.bend * 4 * (x / 2.06) * (1 - x/2.06) }
	v := 6 * (1 - math.Exp(-x))
	switch family {
	case 0:
		v += t.lead * x / to
	case 1:
		v += arch(x) - arch(to)*x/to
	case 2:
		v -= 2 * x / to
	case 3:
		v -= t.behind * x / to
	}
	return v
}

// draw draws a study.
func (d design) draw(t truth, s *random.Stream) Study {
	seeds := make([]float64, d.seeds)
	for i := range seeds {
		seeds[i] = s.Norm()
	}
	scores := func(mean float64) (list []float64) {
		for _, seed := range seeds {
			list = append(list, mean+seed+s.Norm())
		}
		return list
	}
	names := []string{"compound", "width", "depth", "resolution"}
	study := Study{Base: Trial{Name: "base", Cost: 1, Scores: scores(0)}, Candidate: names[0],
		Singles: names[1:], Confidence: .95}
	for family, costs := range d.costs {
		for _, cost := range costs {
			mean := t.mean(family, math.Log(cost)) + t.scatter*s.Norm()
			name := fmt.Sprint(names[family], len(study.Trials))
			study.Trials = append(study.Trials,
				Trial{name, names[family : family+1], cost, scores(mean)})
		}
		if family == 1 {
			study.Trials[len(study.Trials)-1].Scores[1] -= t.off
		}
	}
	return study
}

// claims counts what studies say, in percent of them.
type claims struct{ scatter, runs float64 }

// simulate draws studies and counts those that claim compound to be better than each single
// dimension: by the scatter of the networks, as Compare does, and by the noise of runs.
func (d design) simulate(t truth, studies int) (share claims) {
	s := random.New(1, "families", d.name, d.seeds, fmt.Sprint(t))
	for range studies {
		c := Compare(d.draw(t, s))
		if c.Claim == Better {
			share.scatter += 100 / float64(studies)
		}
		p := 0.
		for _, contrast := range c.Contrasts {
			p = max(p, contrast.Runs.P)
		}
		if p < .05 {
			share.runs += 100 / float64(studies)
		}
	}
	return share
}

// designs are those of the table.
func designs() []design {
	return []design{
		{"phi 0.5, 1, 2, 3", byPhi, 3},
		{"4 networks a family, even in log cost", evenly(4), 3},
		{"5 networks a family, even in log cost", evenly(5), 3},
		{"4 networks a family, even in log cost", evenly(4), 6},
		{"8 networks a family, even in log cost", evenly(8), 3},
	}
}

// TestLevel: where compound is as good as width and networks scatter, the claim is wrong in 5 % of
// studies, whether curves bend alike or not; tested against the noise of runs it would be in 15 %.
func TestLevel(t *testing.T) {
	d := designs()[3]
	for _, bend := range []float64{0, 2} {
		share := d.simulate(null(.5, bend), 1500)
		if share.scatter > 7 || share.scatter < 2.5 {
			t.Errorf("bend %g: %.1f %% of claims are wrong", bend, share.scatter)
		}
		if share.runs < 10 {
			t.Errorf("bend %g: by the noise of runs %.1f %% would be", bend, share.runs)
		}
	}
}

// TestPower: leads of one and two standard deviations of a run are found as often as an independent
// program finds them (40 and 96 %, 80 with twice the networks), and more often than at even phi.
func TestPower(t *testing.T) {
	all := designs()
	for _, c := range []struct {
		d           design
		lead        float64
		least, most float64
	}{
		{all[1], 1, 35, 45}, {all[1], 2, 93, 98.5}, {all[4], 1, 75, 85}, {all[0], 2, 70, 84},
	} {
		shown := c.d.simulate(truth{lead: c.lead}, 600).scatter
		if shown < c.least || shown > c.most {
			t.Errorf("%s: a lead of %g is shown in %.1f %% of studies, want %g to %g",
				c.d.name, c.lead, shown, c.least, c.most)
		}
	}
}

// cell is a row of the table.
type cell struct {
	design
	scatter          float64
	null, bent, off  claims
	leadOne, leadTwo claims
}

// tableStudies is the number of simulated studies behind a figure: its standard error is 0.4 points
// at 5 % and 0.9 at 50 %.
const tableStudies = 3000

func cells() (list []cell) {
	for _, d := range designs() {
		for _, scatter := range []float64{0, .5} {
			list = append(list, cell{d, scatter,
				d.simulate(null(scatter, 0), tableStudies),
				d.simulate(null(scatter, 2), tableStudies),
				d.simulate(truth{scatter: scatter, behind: 2, off: 10}, tableStudies),
				d.simulate(truth{scatter: scatter, lead: 1}, tableStudies),
				d.simulate(truth{scatter: scatter, lead: 2}, tableStudies),
			})
		}
	}
	return list
}

// render makes the table.
func render(list []cell) []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "| networks | seeds | runs | scatter | wrong, no lead "+
		"| wrong, curves bend unlike | wrong, a run diverged | shown, lead 1 | shown, lead 2 "+
		"| wrong by the noise of runs |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, c := range list {
		fmt.Fprintf(&b, "| %s | %d | %d | %g | %.1f | %.1f | %.1f | %.0f | %.0f | %.1f |\n",
			c.name, c.seeds, c.design.runs(), c.scatter, c.null.scatter, c.bent.scatter, c.off.scatter,
			c.leadOne.scatter, c.leadTwo.scatter, c.null.runs)
	}
	return b.Bytes()
}

// TestTables compares the table of docs/results.md with the simulation, and the simulation with
// the shares that an independent program finds with other random numbers.
func TestTables(t *testing.T) {
	if !*long {
		t.Skip("two or three minutes: -long")
	}
	list := cells()
	for _, c := range list {
		if wrong := max(c.null.scatter, c.bent.scatter); wrong > 7 {
			t.Errorf("%s, scatter %g: %.1f %% of claims are wrong", c.name, c.scatter, wrong)
		}
		// Width's curve ends earlier than the others then, and the truth is no quadratic.
		if wrong := c.off.scatter; wrong > 8 {
			t.Errorf("%s, scatter %g, diverged: %.1f %% are wrong", c.name, c.scatter, wrong)
		}
	}
	for i, want := range map[int][2]float64{ // leads of 1 and 2; no scatter, and scatter 0.5
		0: {24.5, 76.1}, 1: {15.3, 52.9}, 2: {40.2, 95.8}, 3: {25.5, 79.8},
		6: {72.8, 99.9}, 7: {35.8, 90.8}, 8: {79.6, 100}, 9: {56, 98.8},
	} {
		got := [2]float64{list[i].leadOne.scatter, list[i].leadTwo.scatter}
		for j := range got {
			// Four standard errors of the difference of two such shares, and 0.3 for those near 100.
			p := want[j] / 100
			if off := math.Abs(got[j] - want[j]); off > 400*math.Sqrt(2*p*(1-p)/tableStudies)+.3 {
				t.Errorf("row %d: a lead of %d is shown in %.1f %%, want %.1f", i, j+1, got[j], want[j])
			}
		}
	}
	checkPage(t, render(list))
}

// checkPage holds the table between its marks on the page, or writes it there.
func checkPage(t *testing.T, table []byte) {
	t.Helper()
	const path, begin, end = "../../docs/results.md", "<!-- families -->\n\n", "\n<!-- /families -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	old, after, okToo := strings.Cut(rest, end)
	if !ok || !okToo {
		t.Fatalf("%s has no place for the table", path)
	}
	if *update {
		text := before + begin + string(table) + end + after
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != string(table) {
		t.Errorf("%s has another table (-update writes it):\n%s", path, table)
	}
}
