package plots

import (
	"fmt"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
	"pgregory.net/rapid"

	"gridsearch/internal/figure"
)

// panel draws points alone and returns their labels' boxes with what these cross.
func panel(t interface{ Fatal(...any) }, points []figure.Point) (boxes []vg.Rectangle,
	crossed []int) {
	p := newPanel("", "", "")
	if err := frame(p, points); err != nil {
		t.Fatal(err)
	}
	c := p.DataCanvas(draw.NewCanvas(new(recorder.Canvas), panelWidth, height))
	l := labels(points)
	boxes = l.boxes(c, p)
	for i, box := range boxes {
		if points[i].Label != "" {
			crossed = append(crossed, crossings(box, c.Rectangle, l.lines(c, p), boxes[:i]))
		}
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

// TestLabelsCrossNothing on curves that have been drawn.
func TestLabelsCrossNothing(t *testing.T) {
	for name, rows := range studied {
		var points []figure.Point
		for i, row := range rows {
			q := figure.Point{Trial: name, Cost: 1e6 * row[0], Mean: row[1] / 100,
				Low: (row[1] - row[2]/1.732) / 100, High: (row[1] + row[2]/1.732) / 100}
			if i > 0 {
				q.Label = fmt.Sprintf("%s=1.%d", name, i)
			}
			points = append(points, q)
		}
		if _, crossed := panel(t, points); fmt.Sprint(crossed) != "[0 0 0 0]" {
			t.Errorf("labels of %s cross %v lines", name, crossed)
		}
	}
}

// TestLabelsAreFree: whatever a curve and its bars do, labels cross nothing while markers are as
// far from each other as a label is wide.
func TestLabelsAreFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost, points := 1e6, []figure.Point(nil)
		for i := range rapid.IntRange(1, 6).Draw(t, "points") {
			mean, bar := rapid.Float64Range(.4, .6).Draw(t, "mean"),
				rapid.Float64Range(0, .02).Draw(t, "bar")
			points = append(points, figure.Point{Trial: "x", Label: fmt.Sprintf("w=1.%d", i),
				Cost: cost, Mean: mean, Low: mean - bar, High: mean + bar})
			cost *= rapid.Float64Range(1.6, 2).Draw(t, "factor")
		}
		boxes, crossed := panel(t, points)
		for i, n := range crossed {
			if n > 0 {
				t.Fatalf("label %d at %v crosses %d lines", i, boxes[i], n)
			}
		}
	})
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
		if got := (line{c.from, c.to}).crosses(box); got != c.want ||
			(line{c.to, c.from}).crosses(box) != c.want {
			t.Errorf("%v to %v crosses: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
