package curves

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/random"
)

var (
	long   = flag.Bool("long", false, "simulate every cell of the table in docs/results.md")
	update = flag.Bool("update", false, "with -long, write that table anew")
)

// truth is how accuracy grows with the doublings of cost, in standard deviations of a run.
type truth struct {
	name  string
	at    func(x float64) float64
	slope func(x float64) float64
}

// saturating is a curve of the kind that is fitted, which rises to a height.
func saturating(name string, height, bend float64) truth {
	return truth{name, func(x float64) float64 { return -height * math.Expm1(-bend*x) },
		func(x float64) float64 { return height * bend * math.Exp(-bend*x) }}
}

func straight(name string, rise float64) truth {
	return truth{name, func(x float64) float64 { return rise * x },
		func(float64) float64 { return rise }}
}

// end is where the curves of simulated studies end, in doublings: at 5.3 times the base's cost.
const end = 2.4

// border is the bend of a curve whose slope at the end is PlateauShare of its first doubling's gain:
// the hardest one that is no plateau.
var border = func() float64 {
	low, high := .1, 5.
	for range 60 {
		c := (low + high) / 2
		if c*math.Exp(-c*end) > -PlateauShare*math.Expm1(-c) {
			low = c
		} else {
			high = c
		}
	}
	return high - 1e-9
}()

// truths are the shapes of the table; the last two are none that is fitted.
var truths = []truth{
	straight("flat", 0),
	straight("straight, 0.5 a doubling", .5),
	straight("straight, 2 a doubling", 2),
	saturating("slows down, to 8", 8, .5),
	saturating("slows down, to 6", 6, 1),
	saturating("just no plateau, to 6", 6, border),
	saturating("just no plateau, to 30", 30, border),
	saturating("plateau, to 6", 6, 2.5),
	saturating("plateau, to 30", 30, 2.5),
	{"straight to 4 at 1.2 doublings, then flat",
		func(x float64) float64 { return 4 / 1.2 * min(x, 1.2) }, func(x float64) float64 { return 0 }},
	{"a parabola with its top at 1.8 doublings", func(x float64) float64 { return 4 * x * (1 - x/3.6) },
		func(x float64) float64 { return 4 * (1 - x/1.8) }},
}

// plateau says whether a truth has one at the end by the definition of Plateau.
func (t truth) plateau() bool { return t.slope(end) < PlateauShare*(t.at(1)-t.at(0)) }

// layout is what a simulated study has.
type layout struct {
	families, networks int     // networks of each family, the base included
	scatter            float64 // of networks about their curve
}

const seeds = 3

// draw draws a study whose families have one truth, with the noise of its runs estimated.
func (d layout) draw(t truth, s *random.Stream) Study {
	study := Study{Confidence: .95}
	sum, freedom := 0., d.families*d.networks*(seeds-1)
	for range freedom {
		v := s.Norm()
		sum += v * v
	}
	study.Noise = Noise{math.Sqrt(sum / float64(freedom) / seeds), freedom}
	for i := range d.families {
		f := Family{Name: fmt.Sprint("family ", i)}
		for j := range d.networks {
			x := end * float64(j) / float64(d.networks-1)
			mean := t.at(x) + d.scatter*s.Norm() + s.Norm()/math.Sqrt(seeds)
			f.Points = append(f.Points, Point{math.Exp2(x), mean})
		}
		study.Families = append(study.Families, f)
	}
	return study
}

// outcome is what curves say, in percent of them.
type outcome struct {
	slope, gain, band float64 // intervals that hold the truth; of the band, at five costs
	plateau, rising   float64 // claims
}

// simulate draws studies until there are so many curves.
func (d layout) simulate(t truth, curves int) (o outcome) {
	s := random.New(1, "curves simulated", t.name, d.families, d.networks, fmt.Sprint(d.scatter))
	holds := func(i Interval, want float64) float64 {
		if i.Low <= want && want <= i.High {
			return 100 / float64(curves)
		}
		return 0
	}
	for range curves / d.families {
		for _, c := range Fit(d.draw(t, s)) {
			o.slope += holds(c.Slope, t.slope(end))
			o.gain += holds(c.Gain, t.at(1))
			for j := range 5 {
				x := end * float64(j) / 4
				o.band += holds(c.At(math.Exp2(x)), t.at(x)) / 5
			}
			switch c.Verdict {
			case Plateau:
				o.plateau += 100 / float64(curves)
			case Rising:
				o.rising += 100 / float64(curves)
			}
		}
	}
	return o
}

// TestCoverage holds a few cells of the table, at a precision that a short test allows.
func TestCoverage(t *testing.T) {
	for _, i := range []int{0, 4, 6} {
		o := layout{4, 6, .5}.simulate(truths[i], 80)
		if o.slope < 87 || o.band < 87 || !truths[i].plateau() && o.plateau > 10 {
			t.Errorf("%s: %+v", truths[i].name, o)
		}
	}
}

// layouts are those of the table.
var layouts = []layout{{4, 5, 0}, {4, 5, .5}, {4, 6, 0}, {4, 6, .5}, {4, 8, 0}, {4, 8, .5},
	{1, 6, 0}, {1, 6, .5}}

// TestTables simulates the table of docs/results.md, compares it with what is promised, and with
// -update writes it. It takes some minutes: only with -long.
func TestTables(t *testing.T) {
	if !*long {
		t.Skip("only with -long: TestCoverage holds some of it")
	}
	page := "\n| truth | slope covered | band covered | plateau claimed | rise claimed |\n" +
		"|---|---|---|---|---|\n"
	for i, truth := range truths {
		var slope, band, plateau, rising []float64
		for _, d := range layouts {
			o := d.simulate(truth, 400)
			slope, band = append(slope, o.slope), append(band, o.band)
			plateau, rising = append(plateau, o.plateau), append(rising, o.rising)
			t.Logf("%s %+v: %+v", truth.name, d, o)
		}
		if fitted := i < len(truths)-2; fitted &&
			(slices.Min(slope) < 88 || slices.Min(band) < 88) {
			t.Errorf("%s: slopes covered %v, bands %v", truth.name, slope, band)
		}
		if !truth.plateau() && slices.Max(plateau) > 6 {
			t.Errorf("%s: plateaus claimed %v", truth.name, plateau)
		}
		page += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", truth.name, reach(slope), reach(band),
			reach(plateau), reach(rising))
	}
	if *update {
		write(t, page)
	}
}

// reach prints the range of a cell over the layouts.
func reach(percent []float64) string {
	low, high := fmt.Sprintf("%.0f", slices.Min(percent)), fmt.Sprintf("%.0f", slices.Max(percent))
	if low == high {
		return low
	}
	return low + "-" + high
}

// write replaces the table of the page.
func write(t *testing.T, table string) {
	const path = "../../docs/results.md"
	const first, last = "<!-- curves -->\n", "\n<!-- /curves -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := bytes.Cut(text, []byte(first))
	_, after, ended := bytes.Cut(rest, []byte(last))
	if !found || !ended {
		t.Fatalf("%s has no lines %s and %s", path, strings.TrimSpace(first), strings.TrimSpace(last))
	}
	page := slices.Concat(before, []byte(first+table), []byte(last), after)
	if err := os.WriteFile(path, page, 0o644); err != nil {
		t.Fatal(err)
	}
}
