package figures

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure"
	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
)

// TestPictures: they are the figures that the files have, in the registry's order, whatever order
// they are asked for in; what cannot be drawn is said.
func TestPictures(t *testing.T) {
	s := made.Study(t)
	drawn(t, s)
	asked := []string{"training", "latency", "accuracy-cost"}
	list, o := Pictures(s, report.New(s), shown, asked)
	want := []string{"accuracy-cost", "training"}
	if len(list) != 2 || !o.Chosen || !slices.Equal(o.Drawn, want) ||
		len(o.Failed) != 1 || o.Failed[0].Name != "latency" {
		t.Fatalf("got %d pictures, %+v", len(list), o)
	}
	for i, name := range []string{"accuracy-cost", "training"} {
		file, err := os.ReadFile(s.Folder.Path(Folder, name+".svg"))
		if err != nil || svgOf(t, list[i]) != string(file) || list[i].Name != name ||
			list[i].Caption == "" {
			t.Errorf("picture %d is %s (%s), not the file %s (%v)", i, list[i].Name, list[i].Caption,
				name, err)
		}
	}
	s.Records = nil
	list, o = Pictures(s, report.New(s), Sources{}, figure.Names())
	want = []string{"triangle", "scaling-diagram"} // what is to be trained
	if !slices.Equal(o.Drawn, want) || len(o.Failed) != len(figure.All)-2 || o.Chosen {
		t.Errorf("of a plan alone: %d pictures, %+v", len(list), o)
	}
}

// TestUndrawablePicture: a figure that cannot be drawn does not keep the others from it.
func TestUndrawablePicture(t *testing.T) {
	s := made.Study(t)
	broken := Sources{Maps: func() (*values.Maps, error) {
		m := sample.Maps()
		m.Rows[0].Maps[0].Evidence[0] = float32(math.NaN())
		return m, nil
	}}
	list, o := Pictures(s, report.New(s), broken, []string{"cam", "accuracy-cost"})
	if len(list) != 1 || list[0].Name != "accuracy-cost" || len(o.Failed) != 1 ||
		o.Failed[0].Name != "cam" || !strings.Contains(o.Failed[0].Why, "NaN") {
		t.Errorf("got %d pictures, %+v", len(list), o)
	}
}

func svgOf(t *testing.T, p Picture) string {
	t.Helper()
	text, err := p.SVG()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
