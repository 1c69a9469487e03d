package weights

import (
	"fmt"
	"slices"

	"gridsearch/internal/safetensors"
	"gridsearch/model/nn"
)

// logitsBatch bounds the memory of an evaluation; results do not depend on it.
const logitsBatch = 16

// Logits evaluates images [n, channels, pixels, pixels], normalised as in training, and returns the
// logits of each, or an error if one is not finite. The tensor may be of any floating-point type. 0
// threads means one.
func (n Network) Logits(images safetensors.Tensor, threads int) ([][]float32, error) {
	a := n.Architecture
	want := []int{a.InChannels, a.Pixels, a.Pixels}
	if len(images.Shape) != 4 || !slices.Equal(images.Shape[1:], want) || images.Shape[0] < 1 {
		return nil, fmt.Errorf("tensor %q has shape %v, the network takes [n %d %d %d]",
			images.Name, images.Shape, want[0], want[1], want[2])
	}
	pixels, err := images.Float32s()
	if err != nil {
		return nil, fmt.Errorf("tensor %q: %w", images.Name, err)
	}
	network, err := nn.NewEvaluator(a, n.Parameters, nn.Options{Batch: min(logitsBatch, images.Shape[0]),
		Threads: threads})
	if err != nil {
		return nil, err
	}
	defer network.Close()
	var all [][]float32
	size := a.InChannels * a.Pixels * a.Pixels
	for rest := pixels; len(rest) > 0; {
		count := min(network.Batch(), len(rest)/size)
		for i := range count {
			channelsLast(network.Images()[i*size:][:size], rest[i*size:], a.InChannels)
		}
		rest = rest[count*size:]
		if _, err := network.Step(0); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(network.Logits()[:count*a.Classes], notFinite); i >= 0 {
			return nil, fmt.Errorf("the logits of image %d are not finite", len(all)+i/a.Classes)
		}
		for i := range count {
			all = append(all, slices.Clone(network.Logits()[i*a.Classes:][:a.Classes]))
		}
	}
	return all, nil
}

// channelsLast turns an image [channels, pixels, pixels] into one [pixels, pixels, channels].
func channelsLast(to, from []float32, channels int) {
	area := len(to) / channels
	for p := range area {
		for c := range channels {
			to[p*channels+c] = from[c*area+p]
		}
	}
}
