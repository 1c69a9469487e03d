package plots

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/cmpimg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"pgregory.net/rapid"

	"gridsearch/internal/figure"
	"gridsearch/internal/figure/classmaps"
	"gridsearch/internal/figure/costs"
	"gridsearch/internal/figure/literature"
	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
)

var update = flag.Bool("update", false, "write the golden images anew")

// pictures are those of the registry, and the others.
func pictures(t testing.TB) map[string]picture.Picture {
	t.Helper()
	all := map[string]picture.Picture{}
	for _, f := range figure.All {
		var err error
		if all[f.Name], err = f.Picture(sample.Values()); err != nil {
			t.Fatal(err)
		}
	}
	published := sample.Values()
	published.Reference = literature.For("imagenet")
	for i := range published.Trials {
		published.Trials[i].Mean += .5
		published.Trials[i].Params *= 1e3
	}
	all["params-published"] = costs.Params(published)
	many := sample.Maps()
	many.Networks = append(many.Networks, many.Networks...)
	for i, row := range many.Rows {
		many.Rows[i].Maps = append(row.Maps, row.Maps...)
	}
	for range 10 {
		many.Rows = append(many.Rows, many.Rows[0])
	}
	one := &values.Maps{Networks: many.Networks[:1], Rows: []values.Seen{sample.Maps().Rows[0]}}
	one.Rows[0].Maps = one.Rows[0].Maps[:1]
	for name, maps := range map[string]*values.Maps{"cam-many": many, "cam-one": one} {
		var err error
		if all[name], err = classmaps.Picture("Where a network sees a class", "", *maps); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func drawn(t testing.TB, p picture.Picture) *Figure {
	t.Helper()
	f, err := Draw(p)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestGoldenImages compares every figure with the one that was looked at; -update writes them.
func TestGoldenImages(t *testing.T) {
	for name, p := range pictures(t) {
		var text, again bytes.Buffer
		if err := drawn(t, p).Write(&text, "png"); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+".png")
		if *update {
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := cmpimg.EqualApprox("png", text.Bytes(), want, .1); err != nil || !same {
			t.Errorf("%s is not %s (%v): look at it, and run the test with -update if it is right",
				name, path, err)
		}
		text.Reset()
		err1, err2 := drawn(t, p).Write(&text, "svg"), drawn(t, p).Write(&again, "svg")
		if err1 != nil || err2 != nil || !bytes.Equal(text.Bytes(), again.Bytes()) {
			t.Errorf("%s differs from one time to the next (%v, %v)", name, err1, err2)
		}
	}
}

// TestRefusals: values that cannot be drawn are errors that name what has them.
func TestRefusals(t *testing.T) {
	one := func(kind picture.Kind, m ...picture.Mark) picture.Picture {
		return picture.Picture{Panels: []picture.Panel{{X: picture.Axis{Kind: kind}, Marks: m}}}
	}
	dot := func(d picture.Dot) picture.Dots { return picture.Dots{Dots: []picture.Dot{d}} }
	nan, infinite := math.NaN(), math.Inf(1)
	for want, p := range map[string]picture.Picture{
		"trial 2 has the value NaN": one(0, dot(picture.Dot{Name: "trial 2", Y: nan})),
		"trial 1 has the value +Inf": one(0, dot(picture.Dot{Name: "trial 1",
			YSpan: &picture.Span{High: infinite}})),
		"trial 3 has the value NaN": one(0, dot(picture.Dot{Name: "trial 3", Shade: &nan})),
		"curve has the value NaN":   one(0, picture.Line{Name: "curve", Points: []picture.XY{{X: nan}}}),
		"band has the value -Inf": one(0, picture.Area{Name: "band",
			Points: []picture.XY{{Y: math.Inf(-1)}}}),
		"run has the value NaN": one(0, picture.Boxes{Boxes: []picture.Box{{Name: "run",
			X: picture.Span{Low: nan}}}}),
		"cost of 0":           one(picture.Log, dot(picture.Dot{})),
		"nothing to draw":     {},
		"nothing to draw: no": one(0),
	} {
		if _, err := Draw(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	err := drawn(t, pictures(t)["compound"]).Write(&bytes.Buffer{}, "gif")
	if err == nil || !strings.Contains(err.Error(), `as "gif"`) {
		t.Errorf("got %v", err)
	}
}

// TestCostTicks: labels are at 1, 2 and 5, in a short range at 3 and 7 too; there are always two of
// them, and all lie in the range.
func TestCostTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := math.Pow(10, rapid.Float64Range(0, 10).Draw(t, "low"))
		high := low * math.Pow(10, rapid.Float64Range(.32, 4).Draw(t, "span"))
		ticks := costTicks{}.Ticks(low, high)
		if labelled(ticks) < 2 {
			t.Fatalf("%v to %v has %d labels", low, high, labelled(ticks))
		}
		for i, tick := range ticks {
			if tick.Value < low*(1-1e-8) || tick.Value > high*(1+1e-8) || i > 0 &&
				tick.Value <= ticks[i-1].Value {
				t.Fatalf("%v to %v has the ticks %v", low, high, ticks)
			}
		}
	})
	for _, c := range []struct {
		low, high float64
		want      string
	}{{90e3, 2.1e6, "100 k,200 k,500 k,1 M,2 M"}, {1, 1e9, "1,100,10 k,1 M,100 M"}, {270e3, 690e3, "300 k,400 k,500 k,600 k"},
		{32e3, 72e3, "40 k,50 k,60 k,70 k"}} {
		var labels []string
		for _, tick := range (costTicks{}).Ticks(c.low, c.high) {
			if tick.Label != "" {
				labels = append(labels, tick.Label)
			}
		}
		if got := strings.Join(labels, ","); got != c.want {
			t.Errorf("%v to %v: labels are %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

// TestPNG: the file says how large the figure is on paper, and is otherwise one that is read.
func TestPNG(t *testing.T) {
	f := drawn(t, pictures(t)["compound"])
	var text bytes.Buffer
	if err := f.Write(&text, "png"); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text.Bytes(), []byte("pHYs"))
	if at < 0 || !bytes.Equal(text.Bytes()[at+4:at+13], []byte{0, 0, 46, 35, 0, 0, 46, 35, 1}) {
		t.Errorf("11,811 dots a metre are not there")
	}
	shown, err := png.Decode(&text)
	if err != nil || shown.Bounds().Dx() != 992 {
		t.Errorf("it is %v wide (%v)", shown.Bounds().Dx(), err)
	}
}

func ExampleDraw() {
	drawn, err := Draw(picture.Picture{Title: "Two trials", Rings: "tied with the best",
		Panels: []picture.Panel{{X: picture.Axis{Kind: picture.Log, Label: "multiply-adds"},
			Marks: []picture.Mark{picture.Dots{Name: "width", Look: picture.Width,
				Dots: []picture.Dot{{X: 287e3, Y: 55}, {X: 578e3, Y: 60, Ring: true}}}}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var svg bytes.Buffer
	fmt.Println(drawn.Write(&svg, "svg"), strings.Contains(svg.String(), "tied with the best"))
	// Output: <nil> true
}

// TestTickLabels: labels of an axis differ from each other, however little it spans.
func TestTickLabels(t *testing.T) {
	for _, c := range []struct {
		ticker    plot.Ticker
		low, high float64
	}{
		{plainTicks{}, 2.775, 2.824}, {plainTicks{}, 2.7995, 2.8004}, {plainTicks{}, .1, .45},
		{plainTicks{}, 0, 100}, {plainTicks{}, 3.7, 9.2},
		{costTicks{}, 3.2e4, 7.2e4}, {costTicks{}, .95e6, 1.07e6}, {costTicks{}, 1e3, 1e9},
	} {
		seen := map[string]bool{}
		for _, tick := range c.ticker.Ticks(c.low, c.high) {
			if tick.Label != "" && (seen[tick.Label] || len(tick.Label) > 8) {
				t.Errorf("%v..%v: the label %q is too long or there twice", c.low, c.high, tick.Label)
			}
			seen[tick.Label] = true
		}
		if len(seen) < 3 { // two labels and none
			t.Errorf("%v..%v has the labels %v", c.low, c.high, seen)
		}
	}
}

// actions are what is drawn of a picture.
func actions(t *testing.T, p picture.Picture) []recorder.Action {
	t.Helper()
	f, c := drawn(t, p), new(recorder.Canvas)
	f.draw(draw.NewCanvas(c, f.width, f.height))
	return c.Actions
}

// TestRoundTicks: labels are at multiples of 1, 2 or 5 times a power of ten, two to seven of them.
func TestRoundTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-10, 10).Draw(t, "low")
		high := low + math.Pow(10, rapid.Float64Range(-2, 3).Draw(t, "span"))
		var values []float64
		for _, tick := range (plainTicks{}).Ticks(low, high) {
			if tick.Label == "" {
				continue
			}
			v, err := strconv.ParseFloat(tick.Label, 64)
			if err != nil || math.Abs(v-tick.Value) > 1e-9*math.Max(1, math.Abs(v)) || v < low-1e-6 ||
				v > high+1e-6 || tick.Label == "-0" {
				t.Fatalf("%v to %v has the label %s at %v", low, high, tick.Label, tick.Value)
			}
			values = append(values, v)
		}
		if len(values) < 2 || len(values) > mostTicks+1 {
			t.Fatalf("%v to %v has the labels %v", low, high, values)
		}
		step := values[1] - values[0]
		digit := step / math.Pow(10, math.Floor(math.Log10(step)+1e-6))
		if math.Abs(math.Remainder(values[0], step)) > 1e-6*step || math.Abs(digit-1) > 1e-4 &&
			math.Abs(digit-2) > 1e-4 && math.Abs(digit-5) > 1e-4 {
			t.Fatalf("%v to %v has the labels %v", low, high, values)
		}
	})
}

// TestRings: each ringed dot has a ring, and the legend one more.
func TestRings(t *testing.T) {
	dots := picture.Dots{Name: "grid", Dots: []picture.Dot{{X: 1, Ring: true}, {X: 2},
		{X: 3, Ring: true}}}
	p := picture.Picture{Rings: "tied", Panels: []picture.Panel{{Marks: []picture.Mark{dots}}}}
	rings := 0
	for _, action := range actions(t, p) {
		if stroke, ok := action.(*recorder.Stroke); ok && len(stroke.Path) > 20 {
			first := stroke.Path[0].Pos.Y - stroke.Path[len(circle)/2].Pos.Y
			if math.Abs(float64(first-2*ringRadius)) < 1e-6 {
				rings++
			}
		}
	}
	if rings != 3 {
		t.Errorf("%d rings are drawn, want 3", rings)
	}
}

// TestLooks: what a figure tells apart by colour it tells apart by shape or dash too, and in grey.
func TestLooks(t *testing.T) {
	groups := [][]picture.Look{{picture.Base, picture.Width, picture.Depth, picture.Resolution,
		picture.Compound, "paper", "dwr", "dWr", picture.Plain}, picture.Accents}
	for _, group := range groups {
		for i, a := range group {
			for _, b := range group[i+1:] {
				one, other := styleOf(a), styleOf(b)
				if slices.Equal(one.shape, other.shape) && a != picture.Compound && a != picture.Plain {
					t.Errorf("%q and %q have one shape", a, b)
				}
			}
		}
	}
	for i, a := range picture.Accents {
		for _, b := range picture.Accents[i+1:] {
			if slices.Equal(styleOf(a).dash, styleOf(b).dash) {
				t.Errorf("lines of %q and %q have one dash", a, b)
			}
		}
	}
}

// TestShade: lightness rises with the share, so that a grey print says the same.
func TestShade(t *testing.T) {
	last := -1.
	for i := range 101 {
		r, g, b, _ := shade(float64(i) / 100).RGBA()
		light := .2126*float64(r) + .7152*float64(g) + .0722*float64(b)
		if light <= last {
			t.Errorf("at %d %% the lightness is %v after %v", i, light, last)
		}
		last = light
	}
}

// TestInside: nothing reaches a figure's edges, where it could be cut, whatever the titles and names.
func TestInside(t *testing.T) {
	long := strings.Repeat("wordwithoutspaces", 12)
	for name, p := range pictures(t) {
		p.Title += strings.Repeat(" a long title", 12)
		p.Note += long
		for i := range p.Panels {
			p.Panels[i].Title += long
			p.Panels[i].X.Label += long
		}
		p.Panels[0].Marks = append(p.Panels[0].Marks, picture.Line{Name: long,
			Points: []picture.XY{{X: 1, Y: 1}}})
		var text bytes.Buffer
		if err := drawn(t, p).Write(&text, "png"); err != nil {
			t.Fatal(err)
		}
		shown, err := png.Decode(&text)
		if err != nil {
			t.Fatal(err)
		}
		if at, ok := inkAtEdge(shown); ok {
			t.Errorf("%s has ink at its edge, at %v", name, at)
		}
	}
}

// inkAtEdge finds a pixel of the outermost ones that is not white.
func inkAtEdge(m image.Image) (image.Point, bool) {
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			inside := x > 1 && y > 1 && x < b.Max.X-2 && y < b.Max.Y-2
			if r, g, b, _ := m.At(x, y).RGBA(); !inside && r+g+b < 3*0xf000 {
				return image.Pt(x, y), true
			}
		}
	}
	return image.Point{}, false
}

// TestClock: seconds are written without a zero in front where there is no minute before them.
func TestClock(t *testing.T) {
	for _, c := range []struct {
		seconds, step float64
		want          string
	}{{0, 1, "0"}, {1, 1, "1s"}, {30, 30, "30s"}, {65, 5, "1m05s"}, {120, 60, "2m"},
		{5400, 1800, "1h30m"}} {
		if got := clock(c.seconds, c.step); got != c.want {
			t.Errorf("%g seconds in steps of %g are %q, want %q", c.seconds, c.step, got, c.want)
		}
	}
}

// TestPublishedShape: models of the literature are told from every trial without colour.
func TestPublishedShape(t *testing.T) {
	published := styles[picture.Published].shape
	for _, look := range []picture.Look{picture.Base, picture.Width, picture.Depth,
		picture.Resolution, picture.Compound, picture.Plain, picture.Grid, "paper", "dwr", "dWr"} {
		if slices.Equal(styles[look].shape, published) {
			t.Errorf("%q has the shape of published models", look)
		}
	}
}
