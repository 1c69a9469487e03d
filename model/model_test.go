package model

import (
	"encoding/csv"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// table reads a CSV file of testdata as rows of named fields.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFamily compares the counts of B0..B7 with those taken from another implementation by hooks on
// its layers.
func TestFamily(t *testing.T) {
	for _, row := range table(t, "testdata/b0_b7_totals.csv") {
		a, err := Preset("efficientnet-" + row["model"])
		if err != nil {
			t.Fatal(err)
		}
		byType, squeezed := map[string]int64{}, int64(0)
		for _, l := range a.Layers() {
			byType[l.Type] += l.MAdds
			if l.Type == TypeSE {
				squeezed += int64(l.OutChannels)
			}
		}
		cost := a.Cost()
		for _, c := range []struct {
			name string
			got  int64
		}{
			{"resolution", int64(a.Pixels)}, {"params", cost.Params}, {"madds", cost.MAdds},
			{"acts_conv", cost.Activations},
			{"acts_conv_no_se", cost.Activations - squeezed},
			{"acts_conv_linear", cost.Activations + int64(a.Classes)},
			{"madds_conv", byType[TypeConv]}, {"madds_depthwise", byType[TypeDepthwise]},
			{"madds_se", byType[TypeSE]},
			{"madds_linear", byType[TypeLinear]}, {"blocks", int64(len(a.Blocks()) - 2)},
			{"layers", int64(len(a.Layers()))},
		} {
			if want := number(t, row[c.name]); c.got != want {
				t.Errorf("%s: %s is %d, want %d", row["model"], c.name, c.got, want)
			}
		}
	}
}

func TestLayersOfB0(t *testing.T) {
	a, err := Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	rows, layers := table(t, "testdata/b0_layers.csv"), a.Layers()
	if len(rows) != len(layers) {
		t.Fatalf("%d layers, want %d", len(layers), len(rows))
	}
	for i, l := range layers {
		if l.Name != rows[i]["name"] {
			t.Errorf("layer %d is %s, want %s", i, l.Name, rows[i]["name"])
		}
		l.compare(t, rows[i])
	}
}

// TestCounts compares every preset, and networks scaled as the paper's Figure 3, Table 3 and Table
// 7 have them, with counts by hooks (testdata/counts.py).
func TestCounts(t *testing.T) {
	counted := map[string]bool{}
	for _, row := range table(t, "testdata/counts.csv") {
		a, err := Preset(row["network"])
		if err != nil {
			t.Fatal(err)
		}
		depth, width, pixels := factor(t, row["depth"]), factor(t, row["width"]),
			int(number(t, row["pixels"]))
		if depth == 1 && width == 1 && !counted[row["network"]] {
			counted[row["network"]] = true
			if a.Pixels != pixels {
				t.Errorf("%s: %d pixels, want %d", a.Name, a.Pixels, pixels)
			}
		}
		a = a.Scale(depth, width, 1, OfficialRounding())
		a.Pixels = pixels
		cost := a.Cost()
		for name, got := range map[string]int64{"params": cost.Params, "madds": cost.MAdds,
			"activations": cost.Activations, "layers": int64(len(a.Layers()))} {
			if want := number(t, row[name]); got != want {
				t.Errorf("%s d=%v w=%v px=%d: %s is %d, want %d", a.Name, depth, width, pixels, name, got, want)
			}
		}
	}
	if want := Presets(); !slices.Equal(slices.Sorted(maps.Keys(counted)), want) {
		t.Errorf("counted are %v, want %v", slices.Sorted(maps.Keys(counted)), want)
	}
}

func factor(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestLayers compares every layer of networks of all kinds of blocks with that of PyTorch's
// (testdata/counts.py).
func TestLayers(t *testing.T) {
	layers := map[string][]Layer{}
	for _, row := range table(t, "testdata/layers.csv") {
		name := row["network"]
		left, ok := layers[name]
		if !ok {
			a, err := Preset(name)
			if err != nil {
				t.Fatal(err)
			}
			left = a.Layers()
		}
		if len(left) == 0 {
			t.Fatalf("%s has too few layers", name)
		}
		left[0].compare(t, row)
		layers[name] = left[1:]
	}
	for name, left := range layers {
		if len(left) > 0 {
			t.Errorf("%s has %d layers too many", name, len(left))
		}
	}
}

// compare compares a layer with a row of a file of testdata.
func (l Layer) compare(t *testing.T, row map[string]string) {
	t.Helper()
	if l.Type != row["type"] {
		t.Errorf("%s is %s, want %s", l.Name, l.Type, row["type"])
	}
	for name, got := range map[string]int64{
		"in_ch": int64(l.InChannels), "out_ch": int64(l.OutChannels), "kernel": int64(l.Kernel),
		"stride": int64(l.Stride), "groups": int64(l.Groups),
		"in_h": int64(l.InHeight), "in_w": int64(l.InWidth), "out_h": int64(l.OutHeight),
		"out_w":  int64(l.OutWidth),
		"params": l.Params, "madds": l.MAdds,
	} {
		if want := number(t, row[name]); got != want {
			t.Errorf("%s: %s is %d, want %d", l.Name, name, got, want)
		}
	}
}

func TestPresetUnknown(t *testing.T) {
	for name, want := range map[string]string{
		"efficientnet-b9x": `network "efficientnet-b9x" is not known: did you mean "efficientnet-b0", "efficientnet-b1" or "efficientnet-b2"?`,
		"b0":               `network "b0" is not known: did you mean "efficientnet-b0"?`,
		"mobilenet":        `network "mobilenet" is not known: did you mean "mobilenet-v1" or "mobilenet-v2"?`,
		"efficentnet-b5":   `network "efficentnet-b5" is not known: did you mean "efficientnet-b5"?`,
		"resnet50":         `network "resnet50" is not known: did you mean "resnet-50"?`,
		"":                 `network "" is not known: did you mean "resnet-18", "resnet-34" or "resnet-50"?`,
	} {
		if _, err := Preset(name); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestPresetsAreValid, and are no two the same network.
func TestPresetsAreValid(t *testing.T) {
	seen := map[string]string{}
	for _, name := range Presets() {
		a, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if other, ok := seen[a.Key()]; ok {
			t.Errorf("%s is %s", name, other)
		}
		seen[a.Key()] = name
	}
}

// TestPublishedTriple is the paper's 1.2/1.1/1.15: B2 at 258 pixels, 2.573 times B0.
func TestPublishedTriple(t *testing.T) {
	base := b0()
	a := base.Scale(1.2, 1.1, 1.15, OfficialRounding())
	b2, err := Preset("efficientnet-b2")
	if err != nil {
		t.Fatal(err)
	}
	b2.Pixels = 258
	if a.Key() != b2.Key() {
		t.Errorf("not B2 at 258 pixels:\n%s\n%s", a.Key(), b2.Key())
	}
	if got := a.Cost().MAdds; got < 992_500_000 || got > 992_700_000 {
		t.Errorf("%d multiply-adds, want 992.6 M", got)
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		rule  Rounding
		exact float64
		want  int
	}{
		{OfficialRounding(), 32 * 1.1, 32}, {OfficialRounding(), 32 * 1.15, 40},
		{OfficialRounding(), 3, 8}, {OfficialRounding(), 24 * 1.1, 24},
		{Rounding{ChannelDivisor: 2}, 8 * 1.125, 10}, {Rounding{ChannelDivisor: 1}, 12 * 1.125, 14},
		{Rounding{}, 10.4, 10},
	} {
		if got := c.rule.channels(c.exact); got != c.want {
			t.Errorf("channels %v by %+v are %d, want %d", c.exact, c.rule, got, c.want)
		}
	}
	ten := 10 * 1.1 // 11.000000000000002
	if up, near := OfficialRounding().repeats(ten),
		(Rounding{Depth: RoundNearest}).repeats(2.5); up != 11 || near != 3 {
		t.Errorf("10 repeats at depth 1.1 are %d, want 11; 2.5 to the nearest is %d, want 3", up, near)
	}
	if a, b := OfficialRounding().pixels(224*1.15),
		(Rounding{ResolutionMultiple: 16}).pixels(30); a != 258 || b != 32 {
		t.Errorf("pixels are %d and %d, want 258 and 32", a, b)
	}
}

// TestBlocksFit: every block takes what the one before gives.
func TestBlocksFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchitecture(t)
		if err := a.Validate(); err != nil {
			t.Fatal(err)
		}
		in, size := a.InChannels, a.Pixels
		for _, b := range a.Blocks() {
			if b.In != in || b.InSize != size {
				t.Fatalf("%s takes %d channels at %d, is given %d at %d", b.Name, b.In, b.InSize, in, size)
			}
			in, size = b.Out, b.OutSize
		}
		if len(a.Channels()) != len(a.Stages)+1+min(a.Head, 1) || !slices.Equal(a.Repeats(),
			each(a.Stages, func(s Stage) int { return s.Repeats })) {
			t.Fatal("channels or repeats do not fit the stages")
		}
	})
}

func TestValidate(t *testing.T) {
	for want, spoil := range map[string]func(*Architecture){
		"the pixels must be 1 or more, not 0": func(a *Architecture) {
			a.Pixels = 0
		},
		"the input channels must be 1 or more, not -3": func(a *Architecture) {
			a.InChannels = -3
		},
		"the classes must be 1 or more, not 0": func(a *Architecture) {
			a.Classes = 0
		},
		"the channels of the head must be 1 or more, or 0 for a head with": func(a *Architecture) {
			a.Head = -1
		},
		"the kernel of the stem must be odd, not 2": func(a *Architecture) {
			a.Stem.Kernel = 2
		},
		"the number of stages must be 1 or more, not 0": func(a *Architecture) {
			a.Stages = nil
		},
		"dropout must be at least 0 and below 1, not 1": func(a *Architecture) {
			a.Dropout = 1
		},
		"drop_connect must be at least 0 and below 1, not NaN": func(a *Architecture) {
			a.DropConnect = math.NaN()
		},
		"batch_norm_momentum must be at least 0 and below 1, not 1.5": func(a *Architecture) {
			a.BatchNormMomentum = 1.5
		},
		"batch_norm_epsilon must be at least 0 and below 1, not -1": func(a *Architecture) {
			a.BatchNormEpsilon = -1
		},
		`stage 2: block "mb" is not known: did you mean "mbconv"? (one of`: func(a *Architecture) {
			a.Stages[1].Block = "mb"
		},
		`stage 2: block "" is not known: did you mean "conv"?`: func(a *Architecture) {
			a.Stages[1].Block = ""
		},
		`activation "relu7" is not known: did you mean "relu"? (`: func(a *Architecture) {
			a.Activation = "relu7"
		},
		`stage 2: activation "swish" is not known: did you mean "hard-swish"?`: func(
			a *Architecture) {
			a.Stages[1].Activation = "swish"
		},
		`stage 3: block "separable" has no squeeze-excite: leave out se_`: func(a *Architecture) {
			a.Stages[2].Block = Separable
		},
		`stage 3: block "basic" has no expansion: leave it out`: func(a *Architecture) {
			a.Stages[2].Block, a.Stages[2].SERatio = Basic, 0
		},
		"stage 3: channels of a bottleneck must be a multiple of its expa": func(a *Architecture) {
			a.Stages[2].Block, a.Stages[2].SERatio = Bottleneck, 0
		},
		"stage 1: expansion must be 1 or more, not 0": func(a *Architecture) {
			a.Stages[0].Expansion = 0
		},
		"stage 1: channels must be 1 or more, not -8": func(a *Architecture) {
			a.Stages[0].Channels = -8
		},
		"stage 4: kernel must be odd, not 4": func(a *Architecture) {
			a.Stages[3].Kernel = 4
		},
		"stage 1: stride must be 1 or 2, not 3": func(a *Architecture) {
			a.Stages[0].Stride = 3
		},
		"stage 7: repeats must be 1 or more, not 0": func(a *Architecture) {
			a.Stages[6].Repeats = 0
		},
		"stage 3: se_ratio must be between 0 and 1, not 2": func(a *Architecture) {
			a.Stages[2].SERatio = 2
		},
		"20015 blocks are more than the 10000 that a network may have": func(a *Architecture) {
			a.Stages[0].Repeats = 20000
		},
		"too large to be counted": func(a *Architecture) {
			a.Pixels = 1 << 28
		},
		"more than 1e+17 multiply-adds": func(a *Architecture) {
			a.Pixels = 1 << 26
		},
		"the classes must be 67108864 at most, not 1125899906842624": func(a *Architecture) {
			a.Classes = 1 << 50
		},
		"stage 2: the network is too large to be counted: expansion, chan": func(a *Architecture) {
			a.Stages[1].Expansion = 1 << 62
		},
		"stage 6: stride 2 has nothing to shrink: at 16 pixels the map be": func(a *Architecture) {
			a.Pixels = 16
		},
		"the stem's pooling of stride 2 has nothing to shrink: at 2 pixel": func(a *Architecture) {
			a.Pixels, a.Stem.Pool = 2, true
		},
	} {
		a := b0()
		spoil(&a)
		if err := a.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
