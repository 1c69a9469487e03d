package figure

import (
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
)

// TestRegistry: every entry is whole, names are unique, and figures need nothing beyond the values
// of a study that has everything, and something.
func TestRegistry(t *testing.T) {
	for i, f := range All {
		if f.Name == "" || f.Caption == "" || f.See == "" || f.Picture == nil ||
			slices.Index(Names(), f.Name) != i {
			t.Errorf("the entry %q is not whole, or there twice", f.Name)
		}
		if why := f.Lack(sample.Values()); why != "" {
			t.Errorf("%s of everything: %s", f.Name, why)
		}
		if got := f.Lack(values.Values{}); got == "" {
			t.Errorf("%s can be drawn of nothing", f.Name)
		}
		p, err := f.Picture(sample.Values())
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if p.Title == "" || len(p.Panels) == 0 || !strings.Contains(p.Note, "a study") {
			t.Errorf("%s has the title %q, the note %q and %d panels", f.Name, p.Title, p.Note,
				len(p.Panels))
		}
	}
}

// TestLack: a figure says what of its own is missing, and is drawn without what is another's.
func TestLack(t *testing.T) {
	for _, c := range []struct {
		names   string
		without func(*values.Values)
		want    string
	}{
		{"latency", func(v *values.Values) {
			for i := range v.Trials {
				v.Trials[i].Milliseconds = 0
			}
		}, "no latency of one image"},
		{"training", func(v *values.Values) { v.Curves = nil }, "no training curve"},
		{"single compound", func(v *values.Values) { v.Families = nil }, "no family makes a curve"},
		{"triangle", func(v *values.Values) {
			for i := range v.Trials {
				v.Trials[i].Phi = float64(i) // no two are of one, and the waiting are few
			}
		}, "no phi has five trials"},
		{"space-3d nominal-real", func(v *values.Values) {
			v.Waiting = nil
			for i := range v.Trials {
				v.Trials[i].Labels = nil
			}
		}, "coefficients"},
		{"single", func(v *values.Values) { v.Families = v.Families[3:] }, "no family of width"},
	} {
		v := sample.Values()
		c.without(&v)
		for _, f := range All {
			why, own := f.Lack(v), slices.Contains(strings.Fields(c.names), f.Name)
			if own && !strings.HasPrefix(why, c.want) || !own && why != "" {
				t.Errorf("without what %s needs, %s lacks %q", c.names, f.Name, why)
			}
		}
	}
}

// TestFormerNames: no name that a figure has had means another one now.
func TestFormerNames(t *testing.T) {
	for former, name := range Former() {
		if slices.Contains(Names(), former) || !slices.Contains(Names(), name) {
			t.Errorf("%s was %s", name, former)
		}
	}
}
