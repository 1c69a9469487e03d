package train

import (
	"math"

	"gridsearch/model/nn"
)

// optimizer moves parameters along their gradients. Its state is one or two tensors for each parameter.
type optimizer struct {
	recipe   Recipe
	params   []*nn.Param
	velocity [][]float32 // momentum
	square   [][]float32 // RMSProp: moving mean of the squared gradient
}

func newOptimizer(r Recipe, params []*nn.Param) *optimizer {
	o := &optimizer{recipe: r, params: params}
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
	return o
}

// step updates every parameter at a learning rate.
func (o *optimizer) step(rate float64) {
	scale := float32(o.clip())
	for i, p := range o.params {
		decay := float32(0)
		if p.Decay {
			decay = float32(o.recipe.WeightDecay)
		}
		if o.recipe.Optimizer == RMSProp {
			o.rmsprop(p, o.velocity[i], o.square[i], float32(rate), scale, decay)
		} else {
			o.sgd(p, o.velocity[i], float32(rate), scale, decay)
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

// sgd is v = m v + g, w -= rate (g + m v), or w -= rate v without Nesterov's look ahead (PyTorch's form).
func (o *optimizer) sgd(p *nn.Param, velocity []float32, rate, scale, decay float32) {
	m := float32(o.recipe.Momentum)
	for i, w := range p.Value {
		g := p.Grad[i]*scale + decay*w
		v := m*velocity[i] + g
		velocity[i] = v
		if o.recipe.Nesterov {
			v = g + m*v
		}
		p.Value[i] = w - rate*v
	}
}

// rmsprop is TensorFlow's form: s = d s + (1-d) g^2, v = m v + rate g / sqrt(s + eps), w -= v.
func (o *optimizer) rmsprop(p *nn.Param, velocity, square []float32, rate, scale, decay float32) {
	m, d, eps := float32(o.recipe.Momentum), float32(o.recipe.RMSDecay), float32(o.recipe.RMSEpsilon)
	for i, w := range p.Value {
		g := p.Grad[i]*scale + decay*w
		s := d*square[i] + (1-d)*g*g
		v := m*velocity[i] + rate*g/float32(math.Sqrt(float64(s+eps)))
		square[i], velocity[i] = s, v
		p.Value[i] = w - v
	}
}

// average keeps the moving average of weights and running statistics that evaluation uses.
type average struct {
	decay float64
	to    *nn.Parameters
	from  *nn.Parameters
}

// update moves the average after the step of that number. The decay warms up as in tf.train.ExponentialMovingAverage: min(decay, (1+n)/(10+n)).
func (a *average) update(step int) {
	n := float64(step + 1)
	decay := float32(min(a.decay, (1+n)/(10+n)))
	for i, p := range a.to.List {
		blend(p.Value, a.from.List[i].Value, decay)
	}
	for i, s := range a.to.Statistics {
		blend(s.Mean, a.from.Statistics[i].Mean, decay)
		blend(s.Variance, a.from.Statistics[i].Variance, decay)
	}
}

func blend(to, from []float32, decay float32) {
	for i, v := range from {
		to[i] = decay*to[i] + (1-decay)*v
	}
}
