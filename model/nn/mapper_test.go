package nn

import (
	"math"
	"testing"

	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/layer"
)

// TestMapper: the mean of a class activation map and the bias are the logit, for networks with and
// without a convolution in the head, fused and plain; and a map is what the logits become when all
// but one pixel of what is pooled are taken away.
func TestMapper(t *testing.T) {
	bare, wide := small(), small()
	bare.Name, bare.Head, bare.Activation = "bare", 0, model.ReLU
	wide.Name, wide.Pixels, wide.Activation = "wide", 25, model.ReLU6
	for _, arch := range []model.Architecture{small(), bare, wide} {
		for _, plain := range []bool{false, true} {
			m := mapper(t, arch, Options{Batch: 3, Plain: plain})
			if err := m.Step(); err != nil {
				t.Fatal(err)
			}
			bias := m.bias()
			for image := range m.Batch() {
				for class := range arch.Classes {
					pixels := m.Map(image, class)
					if len(pixels) != arch.FinalMap()*arch.FinalMap() {
						t.Fatalf("%s: the map has %d pixels, want a side of %d", arch.Name,
							len(pixels), arch.FinalMap())
					}
					sum := float64(bias[class])
					for i, v := range pixels {
						sum += float64(v) / float64(len(pixels))
						if want := m.alone(image, class, i); math.Abs(float64(v)-want) > 1e-5*(1+math.Abs(want)) {
							t.Errorf("%s: pixel %d of class %d is %v, by itself it gives %v",
								arch.Name, i, class, v, want)
						}
					}
					if logit := float64(m.Logits()[image*arch.Classes+class]); math.Abs(
						sum-logit) > 2e-5*(1+math.Abs(logit)) {
						t.Errorf("%s, plain %v: image %d, class %d: mean and bias are %v, the "+
							"logit is %v", arch.Name, plain, image, class, sum, logit)
					}
				}
			}
		}
	}
}

// mapper makes a network whose parameters and statistics are all random, on random images.
func mapper(t *testing.T, arch model.Architecture, o Options) *Mapper {
	t.Helper()
	p, err := NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	s := random.New(2, "parameters")
	for _, q := range p.List {
		for i := range q.Value {
			q.Value[i] += float32(.2 * s.Norm())
		}
	}
	for _, q := range p.Statistics {
		for i := range q.Mean {
			q.Mean[i], q.Variance[i] = float32(s.Norm()), float32(s.Uniform(.5, 2))
		}
	}
	m, err := NewMapper(arch, p, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	fill(m.Network, 1, arch.Classes)
	return m
}

func (m *Mapper) bias() []float32 { return m.classes.Bias.Value }

// alone computes a logit without its bias by the network's own pooling and classifier, from a map
// in which only one pixel is not 0. Pooling divides by the number of pixels.
func (m *Mapper) alone(image, class, pixel int) float64 {
	area, channels := m.size*m.size, m.classes.In
	pooled := make([]float32, area*channels)
	copy(pooled[pixel*channels:][:channels], m.pooled[(image*area+pixel)*channels:])
	mean, logits := make([]float32, channels), make([]float32, m.classes.Out)
	pool := &layer.GlobalMean{Area: area, Channels: channels}
	pool.Allocate(1)
	pool.Forward(mean, pooled)
	dense := &layer.Pointwise{Weight: m.classes.Weight, Area: 1, In: channels, Out: m.classes.Out}
	dense.Allocate(1)
	dense.Forward(logits, mean)
	return float64(logits[class]) * float64(area)
}
