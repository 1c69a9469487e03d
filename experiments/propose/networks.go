package propose

import (
	"bytes"
	"cmp"
	"slices"

	"gridsearch/experiments"
	"gridsearch/model"
)

// leastNative is the smallest native size that leaves room for scaling: a base of 4 pixels becomes
// 6 where resolution alone is scaled.
const leastNative = 6

// Bounds of the base network's resolution.
const (
	leastMap  = 4 // pixels of the last map: with fewer, more pixels and layers add little
	leastSide = 32
	mostSide  = 96
)

// rung is a base network.
type rung struct {
	Side     int // pixels
	FinalMap int
	Stem     int
	StemBy   int // stride of the stem
	Head     int
	Stages   []stage
}

// stage is a row of stages.
type stage struct{ Expansion, Channels, Kernel, Stride, Repeats int }

// shape is a base network without strides.
type shape struct {
	stem, head, expansion int
	channels, kernels     [4]int
	early                 bool // its strides are in its first stages, which makes it cheap
}

// shapes are four widths of the first stages of B0, the smallest first. Repeats of 1 and 2 keep the
// cost of a run low and give alpha something to scale.
var shapes = []shape{
	{8, 48, 3, [4]int{8, 12, 16, 24}, [4]int{3, 3, 3, 3}, true},
	{8, 64, 4, [4]int{8, 12, 20, 28}, [4]int{3, 3, 5, 3}, false},
	{12, 96, 4, [4]int{8, 16, 24, 40}, [4]int{3, 3, 5, 3}, false},
	{16, 160, 6, [4]int{12, 20, 32, 56}, [4]int{3, 3, 5, 3}, false},
	{24, 240, 6, [4]int{16, 24, 48, 80}, [4]int{3, 3, 5, 3}, false},
}

// rungs are the base networks for images of a native size, the cheapest first: both the width and,
// as far as twice as many pixels are left, the resolution grow.
func rungs(native int) []rung {
	sides := sidesFor(native)
	const steps = 8
	var list []rung
	for k := range steps + 1 {
		r := shapes[k*(len(shapes)-1)/steps].at(sides[k*(len(sides)-1)/steps])
		if last := len(list) - 1; last < 0 || list[last].Head != r.Head || list[last].Side != r.Side {
			list = append(list, r)
		}
	}
	return list
}

// sidesFor are the resolutions that a base network may have: half the native size or less where
// that is enough pixels, and otherwise as many as leave room for scaling resolution alone.
func sidesFor(native int) (sides []int) {
	least := max(leastSide, min(64, native/8/8*8))
	for _, side := range []int{32, 40, 48, 64, 80, mostSide} {
		if side >= least && 2*side <= native {
			sides = append(sides, side)
		}
	}
	if sides == nil {
		const alone = 1.42 // the square root of 2, and half a pixel
		sides = []int{max(native/2&^1, min(12, int(float64(native)/alone)))}
	}
	return sides
}

// at gives the shape its strides at a resolution: as many as leave the last map its pixels.
func (s shape) at(side int) rung {
	halvings := 0
	for halvings < 4 && side>>(halvings+1) >= leastMap {
		halvings++
	}
	// places of strides: 0 is the stem, k stage k + 1
	places := [][]int{{}, {1}, {0, 2}, {0, 2, 3}, {0, 1, 2, 3}}
	if s.early {
		places = [][]int{{}, {1}, {0, 1}, {0, 1, 2}, {0, 1, 2, 3}}
	}
	r := rung{Side: side, FinalMap: side, Stem: s.stem, StemBy: 1, Head: s.head}
	for k, channels := range s.channels {
		st := stage{s.expansion, channels, s.kernels[k], 1, 2}
		if k == 0 {
			st.Expansion, st.Repeats = 1, 1
		}
		r.Stages = append(r.Stages, st)
	}
	for _, place := range places[halvings] {
		r.FinalMap = (r.FinalMap + 1) / 2
		if place == 0 {
			r.StemBy = 2
		} else {
			r.Stages[place].Stride = 2
		}
	}
	return r
}

// Distinct networks that a search should have: fewer say little, and more need more seeds.
const (
	fewestNetworks = 8
	mostNetworks   = 20
)

// ratios are the bounds of the networks' real costs, over the base's, that are tried in turn: the
// nearer they are, the fairer the comparison.
var ratios = [][2]string{{"1.9", "2.1"}, {"1.8", "2.2"}, {"1.7", "2.3"}, {"1.6", "2.5"},
	{"1.5", "2.7"}}

// candidate is a base network with the search around it.
type candidate struct {
	rung
	Ratio    [2]string
	Networks int
	trials   int
	base     model.Architecture
	madds    float64 // of one image in all trials
}

// candidate plans the search around a base network, with the constraint that gives a fit number of
// networks, or the most.
func (f Folder) candidate(r rung, s split) (candidate, error) {
	var all []candidate
	for _, ratio := range ratios {
		c := candidate{rung: r, Ratio: ratio}
		if err := f.plan(&c, s); err != nil {
			return c, err
		}
		if all = append(all, c); c.Networks >= fewestNetworks && c.Networks <= mostNetworks {
			return c, nil
		}
	}
	most := func(a, b candidate) int { return cmp.Compare(a.Networks, b.Networks) }
	return slices.MaxFunc(all, most), nil
}

// plan counts what the search would train.
func (f Folder) plan(c *candidate, s split) error {
	var out bytes.Buffer
	any := sized{candidate: *c, split: s, Epochs: 1, Batch: 2, Rate: 1, Seeds: 1}
	v := values{Folder: f, sized: &any, Hours: 1}
	v.Flip, v.FlipWhy = f.flip()
	if err := file.Execute(&out, v); err != nil {
		return err
	}
	e, err := experiments.Parse("the proposal", out.Bytes())
	if err != nil {
		return err
	}
	if c.base, err = e.Baseline(len(f.Classes), f.Channels); err != nil {
		return err
	}
	plan, err := e.Plan(c.base, f.Native)
	if err != nil {
		return err
	}
	c.Networks = plan.Networks
	for _, trial := range plan.Trials {
		if trial.ExcludedBy == "" {
			c.trials++
			c.madds += float64(trial.Network.Cost.MAdds)
		}
	}
	return nil
}
