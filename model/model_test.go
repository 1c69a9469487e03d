package model

import (
	"encoding/csv"
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

// TestFamily holds the counts of B0..B7 against those taken from another implementation by hooks on its layers.
func TestFamily(t *testing.T) {
	for _, row := range table(t, "testdata/b0_b7_totals.csv") {
		a, err := Preset("efficientnet-" + row["model"])
		if err != nil {
			t.Fatal(err)
		}
		byType := map[string]int64{}
		for _, l := range a.Layers() {
			byType[l.Type] += l.MAdds
		}
		cost := a.Cost()
		for _, c := range []struct {
			name string
			got  int64
		}{
			{"resolution", int64(a.Pixels)}, {"params", cost.Params}, {"madds", cost.MAdds}, {"acts_conv", cost.Activations},
			{"madds_conv", byType[TypeConv]}, {"madds_depthwise", byType[TypeDepthwise]}, {"madds_se", byType[TypeSE]},
			{"madds_linear", byType[TypeLinear]}, {"blocks", int64(len(a.Blocks()) - 2)}, {"layers", int64(len(a.Layers()))},
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
		row := rows[i]
		if l.Name != row["name"] || l.Type != row["type"] {
			t.Errorf("layer %d is %s (%s), want %s (%s)", i, l.Name, l.Type, row["name"], row["type"])
		}
		for name, got := range map[string]int64{
			"in_ch": int64(l.InChannels), "out_ch": int64(l.OutChannels), "kernel": int64(l.Kernel), "stride": int64(l.Stride), "groups": int64(l.Groups),
			"in_h": int64(l.InHeight), "in_w": int64(l.InWidth), "out_h": int64(l.OutHeight), "out_w": int64(l.OutWidth),
			"params": l.Params, "madds": l.MAdds,
		} {
			if want := number(t, row[name]); got != want {
				t.Errorf("%s: %s is %d, want %d", l.Name, name, got, want)
			}
		}
	}
}

func TestPresetUnknown(t *testing.T) {
	_, err := Preset("efficientnet-b9x")
	if err == nil || !strings.Contains(err.Error(), `did you mean "efficientnet-b`) {
		t.Fatalf("got %v", err)
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
		{OfficialRounding(), 32 * 1.1, 32}, {OfficialRounding(), 32 * 1.15, 40}, {OfficialRounding(), 3, 8}, {OfficialRounding(), 24 * 1.1, 24},
		{Rounding{ChannelDivisor: 2}, 8 * 1.125, 10}, {Rounding{ChannelDivisor: 1}, 12 * 1.125, 14}, {Rounding{}, 10.4, 10},
	} {
		if got := c.rule.channels(c.exact); got != c.want {
			t.Errorf("channels %v by %+v are %d, want %d", c.exact, c.rule, got, c.want)
		}
	}
	ten := 10 * 1.1 // 11.000000000000002
	if up, near := OfficialRounding().repeats(ten), (Rounding{Depth: RoundNearest}).repeats(2.5); up != 11 || near != 3 {
		t.Errorf("10 repeats at depth 1.1 are %d, want 11; 2.5 to the nearest is %d, want 3", up, near)
	}
	if a, b := OfficialRounding().pixels(224*1.15), (Rounding{ResolutionMultiple: 16}).pixels(30); a != 258 || b != 32 {
		t.Errorf("pixels are %d and %d, want 258 and 32", a, b)
	}
}

// TestScaleLeavesTheOriginal: scaling returns another architecture, and scaling by one returns the same network.
func TestScaleLeavesTheOriginal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchitecture(t)
		before := a.Key()
		factor := rapid.Float64Range(1, 3)
		b := a.Scale(factor.Draw(t, "depth"), factor.Draw(t, "width"), factor.Draw(t, "resolution"), OfficialRounding())
		if a.Key() != before {
			t.Fatal("scaling changed its input")
		}
		if same := a.Scale(1, 1, 1, Rounding{Depth: RoundUp}); same.Key() != before {
			t.Fatalf("scaled by one: %s, was %s", same.Key(), before)
		}
		if x, y := a.Cost(), b.Cost(); y.MAdds < x.MAdds*9/10 || b.depth() < a.depth() || b.Pixels < a.Pixels {
			t.Fatalf("scaling up from %+v gave %+v", x, y)
		}
	})
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
		if len(a.Channels()) != len(a.Stages)+2 || !slices.Equal(a.Repeats(), each(a.Stages, func(s Stage) int { return s.Repeats })) {
			t.Fatal("channels or repeats do not fit the stages")
		}
	})
}

func drawArchitecture(t *rapid.T) Architecture {
	small, stride := rapid.IntRange(1, 40), rapid.IntRange(1, 2)
	a := Architecture{
		InChannels: rapid.IntRange(1, 4).Draw(t, "in"), Pixels: rapid.IntRange(8, 64).Draw(t, "pixels"), Classes: small.Draw(t, "classes"),
		Stem: Stem{Channels: 8 * small.Draw(t, "stem"), Kernel: 3, Stride: stride.Draw(t, "stem stride")}, Head: 8 * small.Draw(t, "head"),
	}
	for range rapid.IntRange(1, 4).Draw(t, "stages") {
		a.Stages = append(a.Stages, Stage{Block: MBConv, Expansion: rapid.IntRange(1, 6).Draw(t, "expansion"), Channels: 8 * small.Draw(t, "channels"),
			Kernel: 2*rapid.IntRange(0, 2).Draw(t, "kernel") + 1, Stride: stride.Draw(t, "stride"), Repeats: rapid.IntRange(1, 4).Draw(t, "repeats"), SERatio: .25})
	}
	return a
}

func TestValidate(t *testing.T) {
	for want, spoil := range map[string]func(*Architecture){
		"pixels must be 1 or more":           func(a *Architecture) { a.Pixels = 0 },
		"kernel of the stem must be odd":     func(a *Architecture) { a.Stem.Kernel = 2 },
		"number of stages must be 1 or more": func(a *Architecture) { a.Stages = nil },
		`stage 2: block "mb" is not known`:   func(a *Architecture) { a.Stages[1].Block = "mb" },
		"stage 1: stride must be 1 or 2":     func(a *Architecture) { a.Stages[0].Stride = 3 },
		"stage 3: se_ratio must be between":  func(a *Architecture) { a.Stages[2].SERatio = 2 },
	} {
		a := b0()
		spoil(&a)
		if err := a.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
