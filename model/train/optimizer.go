package train

import (
	"math"

	"gridsearch/internal/kernel"
	"gridsearch/model/nn"
)

// optimizer moves parameters along their gradients. Its state is one or two tensors for each parameter.
type optimizer struct {
	kernels  *kernel.Kernels
	recipe   Recipe
	params   []*nn.Param
	velocity [][]float32 // momentum
	square   [][]float32 // RMSProp: moving mean of the squared gradient
}

func newOptimizer(r Recipe, params []*nn.Param) (*optimizer, error) {
	set, err := kernel.Chosen()
	if err != nil {
		return nil, err
	}
	o := &optimizer{kernels: set.New(), recipe: r, params: params}
	for _, p := range params {
		o.velocity = append(o.velocity, make([]float32, len(p.Value)))
		if r.Optimizer == RMSProp {
			ones := make([]float32, len(p.Value))
			for i := range ones {
				ones[i] = 1 // TensorFlow's RMSPropOptimizer starts here, so that the first steps are small
			}
			o.square = append(o.square, ones)
		}
	}
	return o, nil
}

// step updates every parameter at a learning rate.
func (o *optimizer) step(rate float64) {
	s := kernel.Step{Rate: float32(rate), Momentum: float32(o.recipe.Momentum), Scale: float32(o.clip()),
		Rho: float32(o.recipe.RMSDecay), Epsilon: float32(o.recipe.RMSEpsilon)}
	for i, p := range o.params {
		s.Decay = 0
		if p.Decay || o.recipe.DecayBiases && p.Bias() {
			s.Decay = float32(o.recipe.WeightDecay)
		}
		if o.recipe.Optimizer == RMSProp {
			o.kernels.RMSProp(p.Value, p.Grad, o.velocity[i], o.square[i], s)
		} else {
			o.kernels.SGD(p.Value, p.Grad, o.velocity[i], s, o.recipe.Nesterov)
		}
	}
}

// clip returns the factor that brings the norm of all gradients down to the limit.
func (o *optimizer) clip() float64 {
	if o.recipe.ClipNorm == 0 {
		return 1
	}
	sum := 0.
	for _, p := range o.params {
		for _, g := range p.Grad {
			sum += float64(g) * float64(g)
		}
	}
	return min(1, o.recipe.ClipNorm/max(math.Sqrt(sum), 1e-30))
}

// average keeps the moving average of weights and running statistics that evaluation uses.
type average struct {
	kernels *kernel.Kernels
	decay   float64
	to      *nn.Parameters
	from    *nn.Parameters
}

// update moves the average after the step of that number. The decay warms up as in tf.train.ExponentialMovingAverage: min(decay, (1+n)/(10+n)).
func (a *average) update(step int) {
	n := float64(step + 1)
	decay := float32(min(a.decay, (1+n)/(10+n)))
	for i, p := range a.to.List {
		a.kernels.Blend(p.Value, a.from.List[i].Value, decay)
	}
	for i, s := range a.to.Statistics {
		a.kernels.Blend(s.Mean, a.from.Statistics[i].Mean, decay)
		a.kernels.Blend(s.Variance, a.from.Statistics[i].Variance, decay)
	}
}
