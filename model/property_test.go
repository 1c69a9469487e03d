package model

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// drawArchitecture draws a valid network with channels in multiples of 8, which the official rounding leaves as they are at width 1.
func drawArchitecture(t *rapid.T) Architecture {
	small := rapid.IntRange(1, 40)
	a := Architecture{
		InChannels: rapid.IntRange(1, 4).Draw(t, "in"), Pixels: rapid.IntRange(8, 64).Draw(t, "pixels"), Classes: small.Draw(t, "classes"),
		Stem: Stem{Channels: 8 * small.Draw(t, "stem"), Kernel: 3, Stride: rapid.IntRange(1, 2).Draw(t, "stem stride")}, Head: 8 * small.Draw(t, "head"),
	}
	size := ceilDiv(a.Pixels, a.Stem.Stride)
	for range rapid.IntRange(1, 4).Draw(t, "stages") {
		stage := Stage{Block: MBConv, Expansion: rapid.IntRange(1, 6).Draw(t, "expansion"), Channels: 8 * small.Draw(t, "channels"),
			Kernel: 2*rapid.IntRange(0, 2).Draw(t, "kernel") + 1, Stride: rapid.IntRange(1, min(2, size)).Draw(t, "stride"),
			Repeats: rapid.IntRange(1, 4).Draw(t, "repeats"), SERatio: rapid.SampledFrom([]float64{0, .1, .25}).Draw(t, "se")}
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
		a.Scale(drawFactor(t, "depth"), drawFactor(t, "width"), drawFactor(t, "resolution"), drawRounding(t))
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
		more := a.Scale(d*drawFactor(t, "deeper"), w*drawFactor(t, "wider"), p*drawFactor(t, "finer"), r).Cost()
		if more.MAdds < less.MAdds || more.Params < less.Params || more.Activations < less.Activations {
			t.Fatalf("scaling up from %+v gave %+v", less, more)
		}
	})
}

// TestKeyIsTheNetwork: of the networks that one base can be scaled to, those with one key have the same layers, and those with the same layers one key.
func TestKeyIsTheNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, r := drawArchitecture(t), drawRounding(t)
		// Steps as small as these often round to the same network.
		step := func(name string) float64 { return 1 + float64(rapid.IntRange(0, 3).Draw(t, name))/50 }
		b := a.Scale(step("d1"), step("w1"), step("r1"), r)
		c := a.Scale(step("d2"), step("w2"), step("r2"), r)
		c.Name, c.Dropout, c.DropConnect = "another", .1, .2
		if sameKey, sameLayers := b.Key() == c.Key(), reflect.DeepEqual(b.Layers(), c.Layers()); sameKey != sameLayers {
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
			n := 1 // stem
			switch {
			case b.Kind == "head":
				n = 2
			case b.Kind == MBConv:
				n = 2
				if b.Expanded != b.In {
					n++
				}
				if b.SEChannels > 0 {
					n += 2
				}
			}
			first, last := layers[0], layers[n-1]
			if first.InChannels != b.In || first.InHeight != b.InSize || b.Kind != "head" && (last.OutChannels != b.Out || last.OutHeight != b.OutSize) {
				t.Fatalf("%s is %+v, its layers are %+v", b.Name, b, layers[:n])
			}
			layers = layers[n:]
		}
		if len(layers) != 0 {
			t.Fatalf("layers of no block: %+v", layers)
		}
	})
}

// TestScaleByAbsurdFactors: nothing overflows, and Validate refuses what cannot be counted.
func TestScaleByAbsurdFactors(t *testing.T) {
	for _, factor := range []float64{1e6, 1e30} {
		for _, a := range []Architecture{b0().Scale(factor, 1, 1, OfficialRounding()), b0().Scale(1, factor, 1, OfficialRounding()), b0().Scale(1, 1, factor, OfficialRounding())} {
			if err := a.Validate(); err == nil {
				t.Errorf("scaling by %v gave %v repeats, %v channels, %d pixels, and that is no error", factor, a.Repeats(), a.Channels(), a.Pixels)
			}
		}
	}
}
