package marks

import (
	"strings"
	"testing"

	"gridsearch/internal/job"
)

func TestSparkline(t *testing.T) {
	for _, c := range []struct {
		name   string
		curve  []job.CurvePoint
		steps  int
		points string
		x, y   string
	}{
		{"nothing yet", nil, 10, "", "", ""},
		{"one epoch", []job.CurvePoint{{Epoch: 1, Step: 5, Loss: 2}}, 10, "", "60.0", "14.0"},
		{"falling", []job.CurvePoint{{Epoch: 1, Step: 5, Loss: 2}, {Epoch: 2, Step: 10, Loss: 1}}, 10,
			"60.0,3.0 117.0,25.0", "117.0", "25.0"},
		{"level", []job.CurvePoint{{Epoch: 1, Step: 0, Loss: 2}, {Epoch: 2, Step: 10, Loss: 2}}, 10,
			"3.0,14.0 117.0,14.0", "117.0", "14.0"},
		{"more steps than said", []job.CurvePoint{{Epoch: 1, Step: 50, Loss: 2}}, 0, "", "117.0", "14.0"},
	} {
		l := Sparkline(c.curve, c.steps)
		if l.Points != c.points || l.X != c.x || l.Y != c.y || l.Text == "" {
			t.Errorf("%s: %+v", c.name, l)
		}
	}
	text := Sparkline([]job.CurvePoint{{Epoch: 1, Step: 5, Loss: 2}, {Epoch: 7, Step: 10, Loss: 1}}, 10).Text
	if want := "2.000 after epoch 1, 1.000 after epoch 7"; !strings.HasSuffix(text, want) {
		t.Errorf("it says %q, want %q at the end", text, want)
	}
}

func TestStrips(t *testing.T) {
	got := Strips([]float64{.5, .3}, [][]float64{{.4, .6}, {.2, .4}})
	for i, want := range []string{"147.0 [100.0 194.0]", "53.0 [6.0 100.0]"} {
		text := got[i].Mean + " [" + strings.Join(got[i].Ticks, " ") + "]"
		if text != want {
			t.Errorf("strip %d is %s, want %s", i, text, want)
		}
	}
	if one := Strips([]float64{.5}, [][]float64{{.5}}); one[0].Mean != "100.0" {
		t.Errorf("one run is at %s, want the middle", one[0].Mean)
	}
	if len(Strips(nil, nil)) != 0 {
		t.Error("there are strips of nothing")
	}
}
