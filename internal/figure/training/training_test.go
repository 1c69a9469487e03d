package training

import (
	"fmt"
	"testing"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
)

// TestCurves: named curves lie above the others, top-1 is in percent, epochs count from 1.
func TestCurves(t *testing.T) {
	v := sample.Values()
	p := Curves(v)
	loss, top1 := p.Panels[0].Marks, p.Panels[1].Marks
	if len(loss) != len(v.Curves) || len(top1) != len(v.Curves)+2*3 {
		t.Fatalf("%d and %d marks of %d curves", len(loss), len(top1), len(v.Curves))
	}
	first, last := loss[0].(picture.Line), top1[len(top1)-3].(picture.Line)
	if first.Name != "" || first.Look != picture.Faint || last.Name != v.Curves[6].Trial {
		t.Errorf("the lowest line is %q, the highest %q", first.Name, last.Name)
	}
	if got, want := last.Points[0], (picture.XY{X: 1, Y: 100 * v.Curves[6].Top1[0]}); got != want {
		t.Errorf("the first epoch is at %v, want %v", got, want)
	}
}

// TestValidation: the named trials have a mark for it right of the last epoch, where no tick is,
// joined with the end of their training; the base has its own look.
func TestValidation(t *testing.T) {
	v := values.Values{Study: "s", Metric: "top-1", Trials: []values.Trial{{Name: "base",
		Family: "base"}}, Curves: []values.Curve{
		{Trial: "a", Highlight: true, Loss: []float64{2, 1, 1}, Top1: []float64{.1, .2, .3}, Mean: .5},
		{Trial: "b", Loss: []float64{2, 1, 1}, Top1: []float64{.1, .2, .3}, Mean: .4},
		{Trial: "base", Highlight: true, Loss: []float64{2, 1, 1}, Top1: []float64{.1, .2, .2}}}}
	panel := Curves(v).Panels[1]
	var marks []picture.Dots
	for _, m := range panel.Marks {
		if d, ok := m.(picture.Dots); ok {
			marks = append(marks, d)
		}
	}
	if len(marks) != 2 || marks[0].Name != "a" || marks[1].Look != picture.Base ||
		marks[0].Dots[0].Y != 50 || marks[0].Dots[0].X <= 3 || panel.X.Last != 3 ||
		marks[1].Dots[0].X <= marks[0].Dots[0].X {
		t.Errorf("marks are %+v, the last tick at %v", marks, panel.X.Last)
	}
	join := panel.Marks[2].(picture.Line)
	if join.Points[0] != (picture.XY{X: 3, Y: 30}) || join.Points[1].Y != 50 || !join.Dashed {
		t.Errorf("they are joined by %+v", join)
	}
}

// TestOneEpoch: it is a point.
func TestOneEpoch(t *testing.T) {
	p := Curves(values.Values{Curves: []values.Curve{{Trial: "a", Highlight: true,
		Loss: []float64{2}, Top1: []float64{.1}, Mean: .2}}})
	if d, ok := p.Panels[0].Marks[0].(picture.Dots); !ok || d.Dots[0].X != 1 || d.Dots[0].Y != 2 {
		t.Errorf("the first mark is %+v", p.Panels[0].Marks[0])
	}
}

// TestBackground: hundreds of trials of hundreds of epochs are drawn by a part of their points.
func TestBackground(t *testing.T) {
	var v values.Values
	long := make([]float64, 500)
	for i := range 400 {
		v.Curves = append(v.Curves, values.Curve{Trial: fmt.Sprint(i), Loss: long, Top1: long})
	}
	marks := Curves(v).Panels[0].Marks
	l := marks[0].(picture.Line)
	if len(marks) > mostFaint || len(marks) < mostFaint/2 || len(l.Points) > mostPoints+1 ||
		l.Points[len(l.Points)-1].X != 500 {
		t.Errorf("%d lines of %d points", len(marks), len(l.Points))
	}
}
