package model

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// drawArchitecture draws a valid network with channels in multiples of 8 (of 16 inside and out of a
// bottleneck), which the official rounding leaves as they are at width 1.
func drawArchitecture(t *rapid.T) Architecture {
	small := rapid.IntRange(1, 40)
	a := Architecture{
		InChannels: rapid.IntRange(1, 4).Draw(t, "in"), Pixels: rapid.IntRange(8, 64).Draw(t,
			"pixels"), Classes: small.Draw(t, "classes"),
		Stem: Stem{Channels: 8 * small.Draw(t, "stem"), Kernel: 3,
			Stride: rapid.IntRange(1, 2).Draw(t, "stem stride"), Pool: rapid.Bool().Draw(t, "pool")},
		Head:       8 * rapid.IntRange(0, 40).Draw(t, "head"),
		Activation: rapid.SampledFrom(append([]string{""}, Activations...)).Draw(t, "activation"),
		Fixed: Fixed{Stem: rapid.Bool().Draw(t, "fixed stem"), HeadFloor: rapid.Bool().Draw(t,
			"head floor"), Ends: rapid.Bool().Draw(t, "fixed ends")},
	}
	size := ceilDiv(a.Pixels, a.Stem.Stride)
	if a.Stem.Pool {
		size = ceilDiv(size, 2)
	}
	for range rapid.IntRange(1, 4).Draw(t, "stages") {
		stage := Stage{Block: rapid.SampledFrom(BlockKinds).Draw(t, "block"), Expansion: 1,
			Channels: 8 * small.Draw(t, "channels"),
			Kernel:   2*rapid.IntRange(0, 2).Draw(t, "kernel") + 1,
			Stride:   rapid.IntRange(1, min(2, size)).Draw(t, "stride"),
			Repeats:  rapid.IntRange(1, 4).Draw(t, "repeats"),
			Activation: rapid.SampledFrom(append([]string{""}, Activations...)).Draw(t,
				"stage's activation")}
		switch stage.Block {
		case MBConv:
			stage.SERatio = rapid.SampledFrom([]float64{0, .1, .25}).Draw(t, "se")
			fallthrough
		case InvertedResidual:
			stage.Expansion = rapid.IntRange(1, 6).Draw(t, "expansion")
		case Bottleneck:
			stage.Expansion = rapid.IntRange(1, 4).Draw(t, "expansion")
			stage.Channels *= stage.Expansion
		}
		size = ceilDiv(size, stage.Stride)
		a.Stages = append(a.Stages, stage)
	}
	return a
}

func drawRounding(t *rapid.T) Rounding {
	return Rounding{
		ChannelDivisor:     rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "divisor"),
		Depth:              rapid.SampledFrom([]string{RoundUp, RoundNearest}).Draw(t, "depth rounding"),
		ResolutionMultiple: rapid.SampledFrom([]int{0, 1, 4, 32}).Draw(t, "multiple"),
	}
}

// drawFactor draws 1, 1.05, 1.1, ... as a search does.
func drawFactor(t *rapid.T, name string) float64 {
	return float64(rapid.IntRange(20, 60).Draw(t, name)) / 20
}

func TestScaleByOneIsIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, r := drawArchitecture(t), drawRounding(t)
		r.ResolutionMultiple = 0
		if b := a.Scale(1, 1, 1, r); !reflect.DeepEqual(a, b) {
			t.Fatalf("scaled by one: %+v, was %+v", b, a)
		}
	})
}

func TestScaleLeavesTheOriginal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchitecture(t)
		before := a.Key()
		a.Scale(drawFactor(t, "depth"), drawFactor(t, "width"), drawFactor(t, "resolution"),
			drawRounding(t))
		if a.Key() != before {
			t.Fatal("scaling changed its input")
		}
	})
}

// TestCostIsMonotone: more depth, width or resolution never costs less, whatever the rounding.
func TestCostIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, r := drawArchitecture(t), drawRounding(t)
		d, w, p := drawFactor(t, "depth"), drawFactor(t, "width"), drawFactor(t, "resolution")
		less := a.Scale(d, w, p, r).Cost()
		more := a.Scale(d*drawFactor(t, "deeper"), w*drawFactor(t, "wider"),
			p*drawFactor(t, "finer"), r).Cost()
		if more.MAdds < less.MAdds || more.Params < less.Params || more.Activations < less.Activations {
			t.Fatalf("scaling up from %+v gave %+v", less, more)
		}
	})
}

// TestKeyIsTheNetwork: of the networks that one base can be scaled to, those with one key have the
// same layers, and those with the same layers one key.
func TestKeyIsTheNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, r := drawArchitecture(t), drawRounding(t)
		// Steps as small as these often round to the same network.
		step := func(name string) float64 { return 1 + float64(rapid.IntRange(0, 3).Draw(t, name))/50 }
		b := a.Scale(step("d1"), step("w1"), step("r1"), r)
		c := a.Scale(step("d2"), step("w2"), step("r2"), r)
		c.Name, c.Dropout, c.DropConnect = "another", .1, .2
		if sameKey, sameLayers := b.Key() == c.Key(), reflect.DeepEqual(b.Layers(),
			c.Layers()); sameKey != sameLayers {
			t.Fatalf("same key: %v, same layers: %v\n%s\n%s", sameKey, sameLayers, b.Key(), c.Key())
		}
	})
}

// TestLayersWalkBlocks: what is counted is what Blocks lists, in its order and at its sizes.
func TestLayersWalkBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchitecture(t)
		layers := a.Layers()
		for _, b := range a.Blocks() {
			n := layersOf(b)
			if n == 0 {
				continue
			}
			first, last := layers[0], layers[n-1]
			if first.InChannels != b.In || b.Kind != KindClassifier && first.InHeight != b.InSize {
				t.Fatalf("%s is %+v, its layers are %+v", b.Name, b, layers[:n])
			}
			if b.Stage <= len(a.Stages) && (last.OutChannels != b.Out || last.OutHeight != b.OutSize) {
				t.Fatalf("%s is %+v, its layers are %+v", b.Name, b, layers[:n])
			}
			layers = layers[n:]
		}
		if len(layers) != 0 {
			t.Fatalf("layers of no block: %+v", layers)
		}
	})
}

// layersOf is the number of layers of a block.
func layersOf(b Block) int {
	n := map[string]int{KindStem: 1, KindHead: 2, KindClassifier: 1, MBConv: 2, InvertedResidual: 2,
		Separable: 2, Conv: 1, Basic: 2, Bottleneck: 3}[b.Kind]
	if n == 2 && b.Expanded > 0 && b.Kind != Basic && b.Expanded != b.In || b.Shortcut {
		n++
	}
	if b.SEChannels > 0 {
		n += 2
	}
	return n
}

// TestActivationsCount: networks are distinguished by their activations, and not by whether a stage
// repeats the network's.
func TestActivationsCount(t *testing.T) {
	base := b0()
	spelled, other := b0(), b0()
	spelled.Activation, spelled.Stages[3].Activation = SiLU, SiLU
	other.Stages[3].Activation = ReLU
	if spelled.Key() != base.Key() || other.Key() == base.Key() {
		t.Errorf("keys are\n%s\n%s\n%s", base.Key(), spelled.Key(), other.Key())
	}
	for _, b := range other.Blocks() {
		want := SiLU
		if b.Stage == 4 {
			want = ReLU
		}
		if b.Activation != want {
			t.Errorf("%s has %s, want %s", b.Name, b.Activation, want)
		}
	}
}

// TestTrainingBytes: memory grows with the batch, and holds at least what must be kept.
func TestTrainingBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchitecture(t)
		c, one, two := a.Cost(), a.TrainingBytes(1), a.TrainingBytes(2)
		if one < 3*c.ParameterBytes()+4*c.Activations || two-one < 4*c.Activations {
			t.Fatalf("%d bytes at batch 1, %d at batch 2, for %+v", one, two, c)
		}
	})
}

// TestScaleByAbsurdFactors: nothing overflows, and Validate refuses what cannot be counted.
func TestScaleByAbsurdFactors(t *testing.T) {
	for _, factor := range []float64{1e6, 1e30} {
		for _, a := range []Architecture{b0().Scale(factor, 1, 1, OfficialRounding()),
			b0().Scale(1, factor, 1, OfficialRounding()), b0().Scale(1, 1, factor, OfficialRounding())} {
			if err := a.Validate(); err == nil {
				t.Errorf("scaling by %v gave %v repeats, %v channels, %d pixels, and that is "+
					"no error", factor, a.Repeats(), a.Channels(), a.Pixels)
			}
		}
	}
}

// TestSamePadding: TensorFlow's padding is symmetric but for strides on even maps, and only then it
// is another network.
func TestSamePadding(t *testing.T) {
	base := b0()
	spelled, same := b0(), b0()
	spelled.Padding, same.Padding = Symmetric, Same
	if spelled.Key() != base.Key() || same.Key() == base.Key() {
		t.Errorf("keys are\n%s\n%s\n%s", base.Key(), spelled.Key(), same.Key())
	}
	if !reflect.DeepEqual(same.Cost(), base.Cost()) {
		t.Errorf("the cost is %v, not %v", same.Cost(), base.Cost())
	}
	for _, b := range base.Blocks() {
		if b.Shift != 0 {
			t.Errorf("%s: shift %d of symmetric padding", b.Name, b.Shift)
		}
	}
	same.Pixels = 226 // 113, 57, 29, 15, 8
	for _, b := range same.Blocks() {
		want := 0
		if b.Stride == 2 && b.InSize%2 == 0 {
			want = 1
		}
		if b.Shift != want {
			t.Errorf("%s of stride %d on %d pixels: shift %d, want %d", b.Name, b.Stride, b.InSize,
				b.Shift, want)
		}
	}
	same.Stem = Stem{Channels: 8, Kernel: 7, Stride: 2, Pool: true}
	same.Pixels = 224
	if b := same.Blocks(); b[0].Shift != 1 || b[1].Shift != 1 {
		t.Errorf("shifts of stem and pooling are %d and %d, want 1 and 1", b[0].Shift, b[1].Shift)
	}
}
