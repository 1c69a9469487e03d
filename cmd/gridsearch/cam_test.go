package main

import (
	"testing"

	"gridsearch/model"
	"gridsearch/model/weights"
)

// TestSmallImage: an image that a network is larger than is named with it, before the network is
// made.
func TestSmallImage(t *testing.T) {
	of := func(pixels int) variant {
		return variant{Network: weights.Network{Architecture: model.Architecture{Pixels: pixels}},
			path: "huge.safetensors"}
	}
	c := cam{variants: []variant{of(24), of(1 << 40)}}
	const want = "cat.png has 60 pixels on a side, huge.safetensors takes 1099511627776: images " +
		"are never enlarged"
	if err := c.fit("cat.png", 60); err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
