package plots

import (
	"fmt"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"pgregory.net/rapid"

	"gridsearch/internal/figure/picture"
)

// placed draws a panel of a curve with its bars and returns the boxes of the labels that found a
// place, and how often these cross lines or each other.
func placed(t interface{ Fatal(...any) }, dots []picture.Dot) (boxes []vg.Rectangle, crossed int) {
	line := picture.Line{Name: "curve"}
	for _, d := range dots {
		line.Points = append(line.Points, picture.XY{X: d.X, Y: d.Y})
	}
	values := picture.Panel{X: picture.Axis{Kind: picture.Log},
		Marks: []picture.Mark{line, picture.Dots{Dots: dots}}}
	p, height, err := newPanel(picture.Picture{Panels: []picture.Panel{values}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := p.DataCanvas(draw.NewCanvas(new(recorder.Canvas), column, height))
	l := labels{values}
	at := placer(&c, p)
	for _, found := range l.found(c, at) {
		if n := crossings(found.box, c.Rectangle, l.obstacles(at), boxes); n > 0 {
			crossed += n
		}
		boxes = append(boxes, found.box)
	}
	return boxes, crossed
}

// studied are curves of a study of the motifs (docs/log.md, 2026-11-25): multiply-adds in millions,
// mean and standard deviation in percent.
var studied = map[string][][3]float64{
	"w": {{1.26, 45.61, 4.14}, {1.73, 52, 2.62}, {2.27, 53.75, 2.35}, {4.38, 57.89, .49},
		{8.36, 59.56, .92}},
	"d": {{1.26, 45.61, 4.14}, {1.94, 47.25, 2.1}, {2.64, 48.69, 2.79}, {5.4, 51.14, 2.41},
		{10.9, 53.36, 1.54}},
	"r": {{1.26, 45.61, 4.14}, {2.12, 47.94, 1.17}, {2.7, 53.44, 2.03}, {5.01, 57.81, .97},
		{10, 57.92, 1.16}},
}

// TestLabelsOfStudies: on curves that have been measured every label finds a place.
func TestLabelsOfStudies(t *testing.T) {
	for name, rows := range studied {
		var dots []picture.Dot
		for i, row := range rows {
			se := row[2] / 1.732
			d := picture.Dot{Name: name, X: 1e6 * row[0], Y: row[1],
				YSpan: &picture.Span{Low: row[1] - se, High: row[1] + se}}
			if i > 0 {
				d.Label = fmt.Sprintf("%s=1.%d", name, i)
			}
			dots = append(dots, d)
		}
		if boxes, crossed := placed(t, dots); len(boxes) != 4 || crossed != 0 {
			t.Errorf("%d labels of %s cross %d lines", len(boxes), name, crossed)
		}
	}
}

// TestLabelsAreFree: whatever a curve and its bars do, labels that are drawn cross nothing, and one
// alone is drawn.
func TestLabelsAreFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost, dots := 1e6, []picture.Dot(nil)
		for i := range rapid.IntRange(1, 6).Draw(t, "points") {
			mean, bar := rapid.Float64Range(40, 60).Draw(t, "mean"),
				rapid.Float64Range(0, 2).Draw(t, "bar")
			dots = append(dots, picture.Dot{Label: fmt.Sprintf("w=1.%d", i), X: cost, Y: mean,
				YSpan: &picture.Span{Low: mean - bar, High: mean + bar}})
			cost *= rapid.Float64Range(1.6, 2).Draw(t, "factor")
		}
		if boxes, crossed := placed(t, dots); crossed > 0 || len(boxes) == 0 {
			t.Fatalf("%d labels cross %d lines", len(boxes), crossed)
		}
	})
}

// TestLabelsKeepOffRules: a label stands beside the lines across the panel that go through its dot,
// and that of an upright rule within the panel, also at its right end.
func TestLabelsKeepOffRules(t *testing.T) {
	upright := picture.Rule{At: 2e6, Vertical: true, Label: "4 × base"}
	values := picture.Panel{X: picture.Axis{Kind: picture.Log, Include: []float64{1e6, 2e6}},
		Y: picture.Axis{Include: []float64{40, 60}},
		Marks: []picture.Mark{upright, picture.Rule{At: 50},
			picture.Dots{Dots: []picture.Dot{{X: 1.4e6, Y: 50, Label: "off the level one"},
				{X: 2e6, Y: 45, Label: "off"}, {X: 1.95e6, Y: 59, Label: "off"}}}}}
	p, height, err := newPanel(picture.Picture{Panels: []picture.Panel{values}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := p.DataCanvas(draw.NewCanvas(new(recorder.Canvas), column, height))
	at := placer(&c, p)
	level, right := at(picture.XY{X: 1e6, Y: 50}).Y, at(picture.XY{X: 2e6, Y: 50}).X
	found := labels{values}.found(c, at)
	if len(found) != 3 || found[0].box.Min.Y < level && found[0].box.Max.Y > level ||
		found[1].box.Max.X > right && found[1].box.Min.X < right {
		t.Errorf("labels at %+v, rules at %v and %v", found, level, right)
	}
	top := at(picture.XY{X: 2e6, Y: 60})
	box := rule(upright).labelBox(c, vg.Point{X: right}, top)
	if n := crossings(found[2].box, c.Rectangle, nil, []vg.Rectangle{box}); n > 0 {
		t.Errorf("a label at %+v lies over the rule's at %+v", found[2].box, box)
	}
	if box.Max.X > c.Max.X || box.Min.X < c.Min.X || box.Max.X > right {
		t.Errorf("the rule's label is at %+v of %+v", box, c.Rectangle)
	}
}

func TestCrosses(t *testing.T) {
	box := vg.Rectangle{Min: vg.Point{X: 1, Y: 1}, Max: vg.Point{X: 3, Y: 2}}
	for _, c := range []struct {
		from, to vg.Point
		want     bool
	}{
		{vg.Point{X: 0, Y: 0}, vg.Point{X: 4, Y: 3}, true},
		{vg.Point{X: 2, Y: 1.5}, vg.Point{X: 2, Y: 1.5}, true},
		{vg.Point{X: 2, Y: 0}, vg.Point{X: 2, Y: 9}, true},
		{vg.Point{X: 2, Y: 5}, vg.Point{X: 2, Y: 9}, false},
		{vg.Point{X: 0, Y: 0}, vg.Point{X: 4, Y: 0}, false},
		{vg.Point{X: 0, Y: 1.5}, vg.Point{X: 1.1, Y: 3}, false}, // past the corner
		{vg.Point{X: 0, Y: 0}, vg.Point{X: .5, Y: .5}, false},   // ends before it
	} {
		if got := (segment{c.from, c.to}).crosses(box); got != c.want ||
			(segment{c.to, c.from}).crosses(box) != c.want {
			t.Errorf("%v to %v crosses: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
