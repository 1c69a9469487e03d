package figures

import (
	"bytes"
	"encoding/json"
	"testing"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/search"
)

// TestScene: the figure of the space comes with what a page needs to turn it, and the others with
// nothing.
func TestScene(t *testing.T) {
	s := made.Study(t)
	s.Plan.Trials[1].Name = "</script>"
	for i, r := range s.Records {
		if r.Trial == "d=1 w=1.4 px=16" {
			s.Records[i].Trial = "</script>"
		}
	}
	list, _ := Pictures(s, report.New(s), Sources{}, []string{"space-3d", "nominal-real"})
	if len(list) != 2 || list[0].Name != "space-3d" || list[1].Scene != nil {
		t.Fatalf("got %d pictures", len(list))
	}
	var scene struct {
		Points []struct {
			Name, Look, Text string
			At               [3]float64
			Shade            *float64
		}
		Colours []string
		Shapes  map[string][][2]float64
		View    struct{ Azimuth, Elevation float64 }
	}
	if err := json.Unmarshal(list[0].Scene, &scene); err != nil || bytes.ContainsAny(list[0].Scene,
		"<>") {
		t.Fatalf("%v: %s", err, list[0].Scene)
	}
	if len(scene.Points) != 3 || scene.Points[1].Name != "</script>" ||
		scene.Points[0].At != [3]float64{} || len(scene.Colours) != shades ||
		scene.Colours[0] != "#00224e" || scene.View.Azimuth == 0 {
		t.Errorf("the scene is %+v", scene)
	}
	for _, p := range scene.Points {
		if len(scene.Shapes[p.Look]) < 3 || p.Shade == nil {
			t.Errorf("%s has the shade %v and the look %q of %d corners", p.Name, p.Shade, p.Look,
				len(scene.Shapes[p.Look]))
		}
	}
}

// TestWaiting: trials without a complete run are known too, and that each of their runs has failed;
// trials that are never trained are not among them.
func TestWaiting(t *testing.T) {
	s := made.Study(t)
	s.Experiment.Search.Constraints = []search.Constraint{{Quantity: search.Nominal, Low: "1.9",
		High: "2.1"}}
	for i := range s.Records {
		r := &s.Records[i]
		if r.Trial == "d=1 w=1.4 px=16" {
			r.State, r.Result = store.Failed, nil
		} else if r.Trial == "base" {
			r.State, r.Result = store.Waiting, nil
		}
	}
	v := studyValues(s, report.New(s))
	if len(v.Trials) != 1 || len(v.Waiting) != 2 || v.Waiting[0].Failed || !v.Waiting[1].Failed ||
		v.Waiting[1].Name != "d=1 w=1.4 px=16" {
		t.Errorf("%d trials, and waiting %+v", len(v.Trials), v.Waiting)
	}
	want := values.Label{Depth: 1, Width: 1.4, Resolution: 1, Phi: 1}
	if labels := v.Waiting[1].Labels; len(labels) != 1 || labels[0] != want {
		t.Errorf("its labels are %+v", labels)
	}
	if v.Rule == nil || *v.Rule != (values.Rule{Quantity: "nominal", Low: 1.9, High: 2.1}) ||
		v.Rule.Middle() != 2 {
		t.Errorf("the rule is %+v", v.Rule)
	}
	s.Experiment.Search.Constraints = nil
	if v := studyValues(s, report.New(s)); v.Rule != nil {
		t.Errorf("without a constraint the rule is %+v", v.Rule)
	}
}
