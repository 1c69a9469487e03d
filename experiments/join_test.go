package experiments

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"gridsearch/model"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// TestBaselineOfPreset: a file that names a preset alone starts from that preset.
func TestBaselineOfPreset(t *testing.T) {
	for _, name := range model.Presets() {
		want, err := model.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(t, small, "model.baseline="+name).Baseline(0, 0)
		if err != nil || got.Key() != want.Key() {
			t.Errorf("%s: %s, %v", name, got.Key(), err)
		}
	}
}

func TestRounded(t *testing.T) {
	stages := "model.stages=[[1, 20, 3, 1, 1]]"
	for want, settings := range map[string][]string{
		"the channels [10 20 1280] of stem, stages and head are built as [16 24 1280], multiples " +
			"of channel_divisor = 8": {stages, "model.stem=10"},
		"built as [10 20 1280], multiples of channel_divisor = 10": {stages, "model.stem=6",
			"model.channel_divisor=10"},
		"": {stages, "model.stem=10", "model.channel_divisor=1"},
	} {
		if got := parse(t, small, settings...).Rounded(); !strings.Contains(got, want) ||
			(want == "") != (got == "") {
			t.Errorf("%v: got %q, want %q", settings, got, want)
		}
	}
	if got := parse(t, small, stages, "model.width_coefficient=0.5").Rounded(); got != "" {
		t.Errorf("scaled channels give %q", got)
	}
}

func TestBaseline(t *testing.T) {
	for _, c := range []struct {
		name              string
		settings          []string
		classes, channels int
		pixels, in, out   int
		widths, repeats   []int
		strides           []int
	}{
		{"b0 at width 0.25 and 24 pixels", []string{"model.width_coefficient=0.25",
			"model.resolution=24"}, 16, 1, 24, 1, 16,
			[]int{8, 8, 8, 16, 24, 32, 48, 80, 320}, []int{1, 2, 2, 3, 3, 4, 1},
			[]int{2, 1, 2, 2, 2, 1, 2, 1}},
		{"divisor 2", []string{"model.width_coefficient=0.25", "model.channel_divisor=2"}, 0, 0,
			224, 3, 1000,
			[]int{8, 4, 6, 10, 20, 28, 48, 80, 320}, []int{1, 2, 2, 3, 3, 4, 1},
			[]int{2, 1, 2, 2, 2, 1, 2, 1}},
		{"depth and classes", []string{"model.depth_coefficient=0.5", "model.classes=5"}, 0, 0, 224, 3, 5,
			[]int{32, 16, 24, 40, 80, 112, 192, 320, 1280}, []int{1, 1, 1, 2, 2, 2, 1},
			[]int{2, 1, 2, 2, 2, 1, 2, 1}},
		{"strides", []string{"model.stem_stride=1", "model.strides=[1, 1, 1, 2, 1, 2, 1]"}, 10, 1,
			224, 1, 10,
			[]int{32, 16, 24, 40, 80, 112, 192, 320, 1280}, []int{1, 2, 2, 3, 3, 4, 1},
			[]int{1, 1, 1, 1, 2, 1, 2, 1}},
		{"own stages", []string{"model.stem=8", "model.head=48",
			"model.stages=[[1, 8, 3, 1, 1], [3, 12, 3, 2, 2]]", "model.channel_divisor=2",
			"model.strides=[2, 1]"}, 10, 1, 224, 1, 10,
			[]int{8, 8, 12, 48}, []int{1, 2}, []int{2, 2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := parse(t, small, c.settings...).Baseline(c.classes, c.channels)
			if err != nil {
				t.Fatal(err)
			}
			strides := []int{a.Stem.Stride}
			for _, s := range a.Stages {
				strides = append(strides, s.Stride)
			}
			got := []any{a.Pixels, a.InChannels, a.Classes, a.Channels(), a.Repeats(), strides}
			want := []any{c.pixels, c.in, c.out, c.widths, c.repeats, c.strides}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// TestBaselineLeavesTheFile: strides of one network must not reach the next.
func TestBaselineLeavesTheFile(t *testing.T) {
	e := parse(t, small, "model.strides=[1, 1, 1, 1, 1, 1, 1]")
	before := append([]model.Stage{}, e.Model.Stages...)
	if _, err := e.Baseline(0, 0); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, e.Model.Stages) {
		t.Error("Baseline changed the experiment")
	}
}

func TestBuilder(t *testing.T) {
	e := parse(t, small)
	base, err := e.Baseline(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	build := e.Builder(base, 240)
	point := func(alpha, beta, gamma, phi search.Decimal) search.Network {
		n, err := build(search.Point{Alpha: alpha, Beta: beta, Gamma: gamma, Phi: phi})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := point("1.2", "1.1", "1.15", "0"); n.ID != base.Key() ||
		n.Cost != search.Cost(base.Cost()) || n.Infeasible != "" || n.FinalMap != 7 {
		t.Errorf("phi 0 is not the base network: %+v", n)
	}
	if a, b := point("1.2", "1", "1", "1"), point("1.25", "1", "1", "1"); a.ID != b.ID ||
		!reflect.DeepEqual(a, b) {
		t.Errorf("alpha 1.2 and 1.25 build one network: %+v, %+v", a, b)
	}
	// The paper's answer is B2 at 258 pixels: 2.573 times B0.
	n := point("1.2", "1.1", "1.15", "1")
	if n.Pixels != 258 || n.Cost.Params != 9_109_994 ||
		n.Infeasible != "258 pixels are more than the data's native 240" {
		t.Errorf("got %+v", n)
	}
	if again := e.Scaled(base, search.Point{Alpha: "1.2", Beta: "1.1", Gamma: "1.15",
		Phi: "1"}); again.Key() != n.ID {
		t.Error("what is trained is not what was planned")
	}
	if _, err := build(search.Point{Alpha: "16", Beta: "16", Gamma: "16", Phi: "20"}); err == nil {
		t.Error("a network beyond counting is no error")
	}
}

// TestPlanOfNothing: the error names the key that removed the points, where it is set, and the
// nearest point.
func TestPlanOfNothing(t *testing.T) {
	const text = small + `[search]
controls = []
alpha = { high = "1.5" }
beta = { high = "1" }
gamma = { high = "1" }
[[constraint]]
quantity = "params_ratio"
range = ["1", "2"]
[[constraint]]
quantity = "nominal"
`
	for _, c := range []struct {
		settings string // the constraint on the nominal product leaves nothing as it stands in the file
		native   int
		want     string
	}{
		{"study.seed=2", 0, "file.toml:11:1: constraint[1]: the search is empty: none of 11 points"},
		{"constraint.1.target=1.8", 0, "--set constraint.1.target=1.8: constraint[1].target: the " +
			"search is empty"},
		{`constraint=[{ quantity = "nominal" }]`, 0,
			`--set constraint=[{ quantity = "nominal" }]: constraint: the search is empty`},
		{"constraint.0.range=[7, 8]", 0, "--set constraint.0.range=[7, 8]: constraint[0].range: " +
			"the search is empty"},
		{"search.method=solve; search.alpha={ low = \"4\", high = \"4\" }", 0,
			"--set search.method=solve: search.method: the search is empty: its methods make no point"},
		{"search.phi=20", 0, "--set search.phi=20: search.phi: alpha 1.4, beta 1, gamma 1, phi " +
			"20: 13391 blocks are more than the 10000"},
		{"constraint=[]", 200, "file.toml:2:1: resolution is 224: nothing is left to train: 11 " +
			"of 11 points"},
		{`search.gamma={ low = "1.2", high = "1.2" }; constraint=[]`, 250,
			`--set search.gamma={ low = "1.2", high = "1.2" }: search.gamma: nothing is left to train`},
	} {
		e := parse(t, text, strings.Split(c.settings, "; ")...)
		base, err := e.Baseline(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Plan(base, c.native)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.settings, err, c.want)
		}
		var empty *planner.EmptyError
		if isEmpty := errors.As(err, &empty); isEmpty == strings.Contains(c.want, "blocks") {
			t.Errorf("%s: %v is no *planner.EmptyError, or should be none", c.settings, err)
		}
	}
}

// TestPlaces: what only the data show is told with the place of the key, or of the setting.
func TestPlaces(t *testing.T) {
	text := small + "[data]\ndataset = \"motifs\"\ntrain_examples = 9\n"
	e := parse(t, text, "model.resolution=300")
	for path, want := range map[string]string{"data.train_examples": "file.toml:5:1",
		"data.path": "file.toml:3:1", "train.batch_size": "file.toml",
		"model.resolution": "--set model.resolution=300"} {
		if got := e.At(path); got != want {
			t.Errorf("%s is at %s, want %s", path, got, want)
		}
	}
	base, err := e.Baseline(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = e.Plan(base, 240); err == nil || !strings.HasPrefix(err.Error(),
		"--set model.resolution=300: resolution is 300: nothing is left to train") ||
		!strings.Contains(err.Error(), "native 240") {
		t.Errorf("a resolution above the native one: %v", err)
	}
}

func TestDataSpec(t *testing.T) {
	spec := parse(t, small, "data.dataset=image-folder", "data.path=photos").DataSpec()
	if spec.Name != "image-folder" || spec.Path != "photos" {
		t.Errorf("got %+v", spec)
	}
}
