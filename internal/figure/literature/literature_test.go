package literature

import (
	"math"
	"strings"
	"testing"
)

// TestImageNet holds some rows against [effnet] Table 2, and the ratios that it prints beside them:
// of parameters and multiply-adds to the EfficientNet of about the same accuracy.
func TestImageNet(t *testing.T) {
	r := For("ImageNet-1k")
	if r == nil || r.Title != "ImageNet" || r.Tuned || len(r.Models) != 24 {
		t.Fatalf("got %+v", r)
	}
	at := map[string]int{}
	for i, m := range r.Models {
		at[m.Name] = i
		if m.Top1 < .7 || m.Top5 < m.Top1 || m.Top5 > 1 || m.Params < 5e6 || m.Params > 6e8 {
			t.Errorf("impossible: %+v", m)
		}
	}
	for _, c := range []struct {
		model, like   string
		params, madds float64
	}{
		{"ResNet-50", "EfficientNet-B0", 4.9, 11}, {"DenseNet-169", "EfficientNet-B0", 2.6, 8.9},
		{"ResNet-152", "EfficientNet-B1", 7.6, 16}, {"DenseNet-264", "EfficientNet-B1", 4.3, 8.6},
		{"Inception-v3", "EfficientNet-B1", 3.0, 8.1}, {"Xception", "EfficientNet-B1", 3.0, 12},
		{"Inception-v4", "EfficientNet-B2", 5.2, 13},
		{"Inception-ResNet-v2", "EfficientNet-B2", 6.1, 13},
		{"ResNeXt-101", "EfficientNet-B3", 7.0, 18}, {"PolyNet", "EfficientNet-B3", 7.7, 19},
		{"SENet", "EfficientNet-B4", 7.7, 10}, {"NASNet-A", "EfficientNet-B4", 4.7, 5.7},
		{"AmoebaNet-A", "EfficientNet-B4", 4.6, 5.5}, {"PNASNet", "EfficientNet-B4", 4.5, 6},
		{"AmoebaNet-C", "EfficientNet-B5", 5.2, 4.1}, {"GPipe", "EfficientNet-B7", 8.4, 0},
	} {
		m, like := r.Models[at[c.model]], r.Models[at[c.like]]
		if p := m.Params / like.Params; math.Abs(p/c.params-1) > .05 {
			t.Errorf("%s has %.2f times the parameters of %s, printed is %v", c.model, p, c.like,
				c.params)
		}
		if f := m.MAdds / like.MAdds; c.madds > 0 && math.Abs(f/c.madds-1) > .1 {
			t.Errorf("%s has %.2f times the multiply-adds of %s, printed is %v", c.model, f, c.like,
				c.madds)
		}
	}
}

// TestFor: every listed data set is known with a title, others and none are not.
func TestFor(t *testing.T) {
	for _, name := range Names() {
		r := For(name)
		if other := name == Automatic || name == None; other != (r == nil) {
			t.Errorf("%s: %+v", name, r)
		}
		if r != nil && (r.Title == "" || r.Source == "" || len(r.Models) < 4) {
			t.Errorf("%s is not whole: %+v", name, r)
		}
	}
	if For("motifs") != nil || For("CIFAR10").Models[0].Name != "NASNet-A" || !For("flowers").Tuned {
		t.Error("names of data sets mean something else")
	}
}

// TestRefusals: a row with an unknown source or no number is an error.
func TestRefusals(t *testing.T) {
	for want, row := range map[string]string{"source": "a,m,,1,,,,T9", "m: ": "a,m,,x,,,,T2"} {
		_, err := parse([]byte("data,model,family,top1,top5,params,madds,source\n" + row))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", row, err)
		}
	}
}
