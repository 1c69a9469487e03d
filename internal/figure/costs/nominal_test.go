package costs

import (
	"math"
	"testing"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// network is a trial with a real cost and the depths of its labels, which alone are scaled.
func network(name string, real float64, depths ...float64) values.Trial {
	t := values.Trial{Name: name, Ratio: real}
	for _, d := range depths {
		t.Labels = append(t.Labels, values.Label{Depth: d, Width: 1, Resolution: 1, Phi: 1})
	}
	return t
}

// TestPromised is alpha times the squares of beta and gamma.
func TestPromised(t *testing.T) {
	l := values.Label{Depth: 1.2, Width: 1.1, Resolution: 1.15}
	if got := l.Promised(); math.Abs(got-1.92027) > 1e-12 {
		t.Errorf("the paper's triple promises %v", got)
	}
}

// TestTrap: the title says by how much promise and cost differ: in the cost where the rule holds the
// product, in the product where it holds the cost, and in their ratio where both go on.
func TestTrap(t *testing.T) {
	for _, c := range []struct {
		trials []values.Trial
		want   string
	}{
		{[]values.Trial{network("a", 1.8, 2), network("b", 3.7, 2)},
			"Networks cost 1.8 to 3.7 times the base where the rule promises 2"},
		{[]values.Trial{network("a", 1.8, 1.9, 2.1), network("b", 3.7, 2)},
			"Networks cost 1.8 to 3.7 times the base where the rule promises about 2"},
		{[]values.Trial{network("a", 7.9, 6.3), network("b", 8.1, 15)},
			"For about 8 times the base's cost the rule promises 6.3 to 15"},
		{[]values.Trial{network("a", 1.5, 2), network("b", 5.2, 4)},
			"Networks cost 0.75 to 1.3 times what the rule promises"},
	} {
		if got := NominalReal(values.Values{Trials: c.trials}).Title; got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestPlateaus: each label is a point at its promise and its network's cost, labels of one network
// are joined, the base is left out, and the best is named.
func TestPlateaus(t *testing.T) {
	base := network("base", 1, 1)
	base.Family, base.Mean = "base", .1
	best := network("b", 3, 2.1)
	best.Mean, best.Tied = .9, true
	v := values.Values{Trials: []values.Trial{base, network("a", 2.5, 2, 1.9), best},
		Waiting: []values.Trial{network("c", 2.2, 2.05)}}
	p := NominalReal(v)
	var points []picture.Dot
	lines := 0
	for _, m := range p.Panels[0].Marks {
		switch m := m.(type) {
		case picture.Dots:
			points = append(points, m.Dots...)
		case picture.Line:
			if lines++; m.Points[0] != (picture.XY{X: 1.9, Y: 2.5}) || m.Points[1].X != 2 {
				t.Errorf("the line is %v", m.Points)
			}
		}
	}
	want := []picture.Dot{{Name: "a", X: 2, Y: 2.5, Hollow: true},
		{Name: "a", X: 1.9, Y: 2.5, Hollow: true}, {Name: "b", X: 2.1, Y: 3, Label: "highest"},
		{Name: "c", X: 2.05, Y: 2.2, Hollow: true}}
	if len(points) != len(want) || lines != 1 {
		t.Fatalf("%d lines and the points %+v", lines, points)
	}
	for i := range want {
		if points[i] != want[i] {
			t.Errorf("point %d is %+v, want %+v", i, points[i], want[i])
		}
	}
}

// TestEqualPromises: where all labels promise the same, depth is on the axis.
func TestEqualPromises(t *testing.T) {
	shallow := values.Trial{Name: "w", Ratio: 1.9, Labels: []values.Label{{Depth: 1,
		Width: math.Sqrt2, Resolution: 1}}}
	p := NominalReal(values.Values{Trials: []values.Trial{shallow, network("d", 2.1, 2)}}).Panels[0]
	rule := p.Marks[0].(picture.Rule)
	if p.X.Label != "multiple of the base's depth" || rule.Equality || math.Abs(rule.At-2) > 1e-9 {
		t.Errorf("%q with the rule %+v", p.X.Label, rule)
	}
}
