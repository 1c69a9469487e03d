package depthwise

import (
	"testing"

	"gridsearch/internal/fused/engine"
	"gridsearch/internal/kernel"
)

// TestUnits: small images share a unit, as many as fit the cache; a large one is cut into bands of
// rows, each a unit.
func TestUnits(t *testing.T) {
	e := engine.New(&kernel.Sets()[0].Set, 1, true)
	defer e.Close()
	for _, c := range []struct {
		size, channels, batch       int
		images, units, floatsAtMost int
	}{
		{size: 4, channels: 16, batch: 8, images: 8, units: 1, floatsAtMost: engine.Unit},
		{size: 14, channels: 32, batch: 8, images: 4, units: 2, floatsAtMost: engine.Unit},
		{size: 14, channels: 256, batch: 3, images: 1, units: 3, floatsAtMost: 2 * engine.Unit},
		{size: 14, channels: 272, batch: 3, images: 1, units: 3 * 2, floatsAtMost: 2 * engine.Unit},
		{size: 32, channels: 256, batch: 6, images: 1, units: 6 * 8, floatsAtMost: 2 * engine.Unit},
	} {
		shape := engine.ConvShape{In: c.channels, Out: c.channels, Kernel: 3, Stride: 1,
			InSize: c.size, OutSize: c.size}
		d := New(e, shape, engine.Weight{}, engine.NormParams{}, nil)
		d.Allocate(c.batch)
		if d.group != c.images || d.units() != c.units {
			t.Errorf("%+v: %d units of %d images", c, d.units(), d.group)
		}
		if floats := d.group * d.inImage(); floats > c.floatsAtMost {
			t.Errorf("%+v: a unit reads %d numbers", c, floats)
		}
	}
}
