package nn

import (
	"errors"
	"slices"

	"gridsearch/internal/kernel/thread"
	"gridsearch/model"
	"gridsearch/model/layer"
)

// Mapper is an evaluator that also says where in an image the evidence for a class lies, by class
// activation maps.
//
// References:
//
//	[cam] B. Zhou et al., Learning Deep Features for Discriminative Localization, 2015 (arXiv:1512.04150), equation 2.
type Mapper struct {
	*Network
	// plain layers of the last block before its pooling, empty where it has no convolution: a fused
	// block keeps no map
	front   layer.Chain
	pooled  []float32 // [batch, size, size, channels], after the last activation
	size    int       // side of a map
	classes *layer.Pointwise
}

// NewMapper builds an evaluator with maps. It is an error if the parameters are those of another
// architecture.
func NewMapper(arch model.Architecture, p *layer.Parameters, o Options) (*Mapper, error) {
	n, err := NewEvaluator(arch, p, o)
	if err != nil {
		return nil, err
	}
	blocks := arch.Blocks()
	last := blocks[len(blocks)-1]
	made := &maker{arch: arch, block: last, parameters: p, scratch: &layer.Scratch{}}
	layers := kinds[last.Kind](made).Layer.(*layer.Chain).Layers
	pool := slices.IndexFunc(layers, func(l layer.Layer) bool {
		_, ok := l.(*layer.GlobalMean)
		return ok
	})
	m := &Mapper{Network: n, front: made.chain(layers[:pool]...), pooled: n.last,
		size: last.OutSize, classes: layers[len(layers)-1].(*layer.Pointwise)}
	if made.err != nil {
		return nil, errors.Join(made.err, n.Close())
	}
	if pool > 0 {
		m.pooled = make([]float32, m.front.Allocate(n.Batch()))
	}
	return m, nil
}

// Step computes the logits of the images, and what their maps are made of.
func (m *Mapper) Step() error {
	if _, err := m.Network.Step(0); err != nil {
		return err
	}
	defer thread.FlushDenormals()()
	m.front.Forward(m.pooled, m.last)
	return nil
}

// Map is the class activation map [size, size] of an image of the last step: at each pixel of the
// map that the network pools, the sum of its channels by the classifier's weights of the class
// ([cam], M_c). Its mean and the classifier's bias add up to the logit.
func (m *Mapper) Map(image, class int) []float32 {
	channels, classes := m.classes.In, m.classes.Out
	evidence := make([]float32, m.size*m.size)
	for i := range evidence {
		pixel := m.pooled[(image*len(evidence)+i)*channels:][:channels]
		sum := 0.
		for c, v := range pixel {
			sum += float64(v) * float64(m.classes.Weight.Value[c*classes+class])
		}
		evidence[i] = float32(sum)
	}
	return evidence
}
