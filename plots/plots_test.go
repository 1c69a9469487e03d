package plots

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/cmpimg"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"pgregory.net/rapid"

	"gridsearch/internal/figure"
	"gridsearch/internal/random"
)

var update = flag.Bool("update", false, "write the golden images anew")

// trials are made up: a base, controls and a grid.
func trials() []figure.Point {
	s := random.New(1, "trials")
	points := []figure.Point{{Trial: "base", Family: "base", Cost: 287e3, Mean: .26}}
	controls := []string{"width", "depth", "resolution", "paper", "dwr", "", "", "", "", ""}
	for i, family := range controls {
		points = append(points, figure.Point{Trial: fmt.Sprint("trial ", i), Family: family,
			Cost: 510e3 + 15e3*float64(i), Mean: .3 + .02*s.Norm(), Tied: i%3 == 0})
	}
	for i := range points {
		points[i].Low, points[i].High = points[i].Mean-.01, points[i].Mean+.01
	}
	return points
}

// quick are the same trials at milliseconds.
func quick() []figure.Point {
	points := trials()
	for i := range points {
		points[i].Cost *= 1e-6
	}
	return points
}

func scaling() []figure.Family {
	var list []figure.Family
	for i, name := range []string{"width", "depth", "resolution", "compound"} {
		base := figure.Point{Trial: "base", Label: "", Cost: 1e6, Mean: .4, Low: .39, High: .41}
		f := figure.Family{Name: name, Points: []figure.Point{base}}
		for phi := 1.; phi <= 3; phi++ {
			m := .4 + .05*phi - .01*phi*float64(4-i)/3
			label := fmt.Sprintf("x%.1f", math.Pow(1.4, phi))
			f.Points = append(f.Points, figure.Point{Trial: name, Label: label,
				Cost: 1e6 * math.Pow(2, phi), Mean: m, Low: m - .01, High: m + .01})
		}
		list = append(list, f)
	}
	list[2].Note = "ends at 28 px"
	return list
}

func lossCurves() []figure.Curve {
	var list []figure.Curve
	for i := range 9 {
		c := figure.Curve{Trial: fmt.Sprintf("d=1 w=1.%d px=24", i), Highlight: i%3 == 0}
		for epoch := range 8 {
			v := math.Exp(-.2*float64(epoch)) + .02*float64(i)
			c.Loss, c.Top1 = append(c.Loss, 2*v), append(c.Top1, .8-.5*v)
		}
		list = append(list, c)
	}
	return list
}

// values are what all figures of the registry can be built from.
func values() figure.Values {
	return figure.Values{Title: "a study", Accuracy: "validation top-1, %", Points: trials(),
		Latencies: quick(), Curves: lossCurves(), Families: scaling()}
}

// panels builds a figure of the registry.
func panels(name string, v figure.Values) []figure.Panel {
	return figure.All[slices.Index(figure.Names(), name)].Panels(v)
}

// networks are a small one, and the same deeper and wider.
func networks() []Network {
	stages := []NetworkBlock{{"stem", 16, 32}, {"1: mbconv 3x3", 8, 32}, {"2: mbconv 5x5", 24, 16},
		{"2: mbconv 5x5", 24, 16}, {"3: mbconv 3x3", 48, 8}, {"head", 320, 8}}
	wide, deep := Network{Title: "width × 2"}, Network{Title: "depth × 2"}
	for _, b := range stages {
		wide.Blocks = append(wide.Blocks, NetworkBlock{b.Stage, 2 * b.Channels, b.Size})
		deep.Blocks = append(deep.Blocks, b)
		if b.Stage != "stem" && b.Stage != "head" {
			deep.Blocks = append(deep.Blocks, b)
		}
	}
	return []Network{{"baseline", "64 px\n1 M multiply-adds", stages}, wide, deep}
}

// seen are two images, of which one is grey, with the maps of two networks.
func seen() []Seen {
	bright, grey := image.NewRGBA(image.Rect(0, 0, 12, 12)), image.NewGray(image.Rect(3, 4, 305, 306))
	for i := range bright.Pix {
		bright.Pix[i] = uint8(255 * (i % 4 / 3)) // opaque
	}
	for i := range 12 {
		bright.SetRGBA(i, i, color.RGBA{90, 230, 120, 255})
	}
	for i := range grey.Pix {
		grey.Pix[i] = uint8(i)
	}
	one := ClassMap{Title: "ring  83 %", Size: 3, Evidence: []float32{0, 1, 0, 1, 5, 1, 0, 1, -2}}
	return []Seen{{"0: ring", bright, []ClassMap{one, {Title: "bars  51 %", Size: 1,
		Evidence: []float32{7}}}},
		{"photo.jpg", grey, []ClassMap{{Title: "bars  40 %", Size: 2, Evidence: []float32{1, 2, 3,
			4}}, one}}}
}

func figures(t testing.TB) map[string]*Figure {
	t.Helper()
	all := map[string]*Figure{}
	keep := func(name string, f *Figure, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = f
	}
	for _, name := range figure.Names() {
		f, err := Draw(panels(name, values()))
		keep(name, f, err)
	}
	f, err := Networks(networks())
	keep("networks", f, err)
	f, err = ClassMaps([]string{"base", "width\nd=1 w=1.4 px=24"}, seen())
	keep("class-maps", f, err)
	return all
}

// TestGoldenImages compares every figure with the one that was looked at; -update writes them.
func TestGoldenImages(t *testing.T) {
	for name, f := range figures(t) {
		var png, again bytes.Buffer
		if err := f.Write(&png, "png"); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name+".png")
		if *update {
			if err := os.WriteFile(path, png.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := cmpimg.EqualApprox("png", png.Bytes(), want, .1); err != nil || !same {
			t.Errorf("%s is not %s (%v): look at it, and run the test with -update if it is right",
				name, path, err)
		}
		for _, format := range []string{"svg", "png"} {
			png.Reset()
			again.Reset()
			if err := figures(t)[name].Write(&png, format); err != nil {
				t.Fatal(err)
			}
			if err := figures(t)[name].Write(&again, format); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(png.Bytes(), again.Bytes()) {
				t.Errorf("%s as %s differs from one time to the next", name, format)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	bad := trials()
	bad[3].Mean = math.NaN()
	infinite := trials()
	infinite[2].High = math.Inf(1)
	free := trials()
	free[0].Cost = 0
	for name, points := range map[string][]figure.Point{"trial 2 has the value NaN": bad,
		"trial 1 has the value +Inf": infinite, "nothing to draw": nil, "cost of 0": free} {
		_, err := Draw(panels("accuracy-cost", figure.Values{Points: points}))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
	curves := lossCurves()
	curves[1].Loss[2] = math.NaN()
	_, err := Draw(panels("training-curves", figure.Values{Curves: curves}))
	if err == nil || !strings.Contains(err.Error(), "px=24 has the value NaN") {
		t.Errorf("got %v", err)
	}
	for name, list := range map[string][]Network{"nothing to draw": {{Title: "empty"}},
		"wide has a block of 0 channels at 8 pixels": {{Title: "wide",
			Blocks: []NetworkBlock{{"stem", 0, 8}}}}} {
		if _, err := Networks(list); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
	ragged, infinitely := seen(), seen()
	ragged[1].Maps[0].Size, infinitely[0].Maps[0].Evidence[2] = 3, float32(math.Inf(-1))
	for name, rows := range map[string][]Seen{"nothing to draw": nil,
		"photo.jpg, base: a map of 4 numbers does not have 3 pixels on a side": ragged,
		"0: ring, base: the map has the value -Inf":                            infinitely,
		"0: ring has 1 maps for 2 networks": {{Title: "0: ring",
			Image: seen()[0].Image, Maps: seen()[0].Maps[:1]}}} {
		if _, err := ClassMaps([]string{"base", "width"}, rows); err == nil ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
	for _, name := range figure.Names() {
		_, err := Draw(panels(name, figure.Values{}))
		if err == nil || !strings.Contains(err.Error(), "nothing to draw") {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
	if err := figures(t)["scaling-curves"].Write(&bytes.Buffer{}, "gif"); err == nil ||
		!strings.Contains(err.Error(), `as "gif"`) {
		t.Errorf("got %v", err)
	}
}

// TestBilinear: between the middles of two pixels a map is a straight line, beyond them constant.
func TestBilinear(t *testing.T) {
	m := ClassMap{Size: 2, Evidence: []float32{0, 4, 8, 12}}
	for x, want := range []float64{0, 0, .5, 1.5, 2.5, 3.5, 4, 4} {
		if got := m.at(x, 0, 8); got != want {
			t.Errorf("pixel %d of the first row is %v, want %v", x, got, want)
		}
		if got := m.at(0, x, 8); got != 2*want {
			t.Errorf("pixel %d of the first column is %v, want %v", x, got, 2*want)
		}
	}
	if got := m.at(4, 3, 8); got != 2.5+3 {
		t.Errorf("near the middle it is %v, want 5.5", got)
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
	}{{90e3, 2.1e6, "100 k,200 k,500 k,1 M,2 M"}, {270e3, 690e3, "300 k,500 k"},
		{32e3, 72e3, "50 k,70 k"}} {
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

func ExampleDraw() {
	drawn, err := Draw([]figure.Panel{{Title: "two trials", Points: []figure.Point{
		{Trial: "base", Family: "base", Cost: 287e3, Mean: .55, Low: .54, High: .56},
		{Trial: "wider", Family: "width", Cost: 578e3, Mean: .6, Low: .59, High: .61, Tied: true},
	}}})
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

// TestNoBarsNoNote: a figure of single runs has no bars, and its legend speaks of none.
func TestNoBarsNoNote(t *testing.T) {
	single := trials()
	for i := range single {
		single[i].Low, single[i].High = single[i].Mean, single[i].Mean
	}
	for _, c := range []struct {
		points []figure.Point
		want   bool
	}{{single, false}, {trials(), true}} {
		f, err := Draw([]figure.Panel{{Points: c.points}})
		if err != nil {
			t.Fatal(err)
		}
		var svg bytes.Buffer
		if err := f.Write(&svg, "svg"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(svg.String(), "bars: 1 standard error"); got != c.want {
			t.Errorf("the legend explains bars: %v, want %v", got, c.want)
		}
	}
}

// TestRings: each trial of the tied set has a ring, and the legend one more; without such trials
// there is none.
func TestRings(t *testing.T) {
	rings := func(points []figure.Point) int {
		f, err := Draw(panels("accuracy-cost", figure.Values{Points: points}))
		if err != nil {
			t.Fatal(err)
		}
		c := new(recorder.Canvas)
		f.draw(draw.NewCanvas(c, f.width, f.height))
		n := 0
		for _, action := range c.Actions {
			if stroke, ok := action.(*recorder.Stroke); ok && isRing(stroke.Path) {
				n++
			}
		}
		return n
	}
	points := trials() // four of them are tied
	if got := rings(points); got != 5 {
		t.Errorf("%d rings are drawn, want 5", got)
	}
	for i := range points {
		points[i].Tied = false
	}
	if got := rings(points); got != 0 {
		t.Errorf("%d rings are drawn without a tied set", got)
	}
}

// isRing reports whether a path is a circle of the size of a ring.
func isRing(path vg.Path) bool {
	return slices.ContainsFunc(path, func(part vg.PathComp) bool {
		return part.Type == vg.ArcComp && part.Radius == ringRadius
	})
}

// TestHighlights: highlighted lines are in colour and named in the legend, the others grey.
func TestHighlights(t *testing.T) {
	lines := []figure.Line{{Name: "one", Highlight: true, Values: []float64{1, 2}},
		{Name: "two", Values: []float64{2, 1}}}
	f, err := Draw([]figure.Panel{{Lines: lines}})
	if err != nil {
		t.Fatal(err)
	}
	var svg bytes.Buffer
	if err := f.Write(&svg, "svg"); err != nil {
		t.Fatal(err)
	}
	text := svg.String()
	if !strings.Contains(text, ">one<") || strings.Contains(text, ">two<") {
		t.Error("the legend does not name the highlighted line alone")
	}
	blue := "stroke:#0072B2" // the first of accents: in the panel and in the legend
	if got := strings.Count(text, blue); got != 2 {
		t.Errorf("%d lines are blue, want 2", got)
	}
}
