package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/ops"
	"gridsearch/model/layer"
)

// rule is how an optimiser moves parameters.
type rule struct {
	state []stateTensor
	step  func(update)
}

// stateTensor is a tensor of the shape of each parameter that a rule keeps, such as a momentum; its
// name is in checkpoints.
type stateTensor struct {
	name  string
	start float32
}

// rules are the update rules by the optimiser's name.
var rules = map[string]rule{
	SGD: {[]stateTensor{{"velocity", 0}}, sgd},
	// TensorFlow's RMSPropOptimizer starts its mean square at 1, so that the first steps are small.
	RMSProp: {[]stateTensor{{"velocity", 0}, {"square", 1}}, rmsProp},
	AdamW:   {[]stateTensor{{"mean", 0}, {"square", 0}}, adamW},
}

// names lists the tensors of the rule's state.
func (r rule) names() []string {
	var names []string
	for _, t := range r.state {
		names = append(names, t.name)
	}
	return names
}

// update is one optimiser step of one parameter.
type update struct {
	recipe          Recipe
	kernels         *ops.Kernels
	value, gradient []float32
	state           [][]float32 // in the order of the rule's
	number          int         // of the step, from 1
	rate            float64
	decay           float64 // weight decay; 0 for a parameter that has none
	scale           float64 // the gradient's factor, which clips it
}

// option is a hyper-parameter of the recipe's optimiser.
func (u update) option(name string) float64 { return u.recipe.Options[name] }

// kernelStep is the update's scalars as the kernels take them.
func (u update) kernelStep() ops.Step {
	return ops.Step{Rate: float32(u.rate), Momentum: float32(u.recipe.Momentum),
		Scale: float32(u.scale), Decay: float32(u.decay),
		Rho: float32(u.recipe.RMSDecay), Epsilon: float32(u.recipe.RMSEpsilon)}
}

func sgd(u update) {
	u.kernels.SGD(u.value, u.gradient, u.state[0], u.kernelStep(), u.recipe.Nesterov)
}

func rmsProp(u update) {
	u.kernels.RMSProp(u.value, u.gradient, u.state[0], u.state[1], u.kernelStep())
}

// optimizer updates parameters from their gradients by the recipe's rule.
type optimizer struct {
	rule    rule
	kernels *ops.Kernels
	recipe  Recipe
	params  []*layer.Param
	state   [][][]float32 // of each parameter, in the order of the rule's
}

func newOptimizer(r Recipe, params []*layer.Param) (*optimizer, error) {
	set, err := kernel.Chosen()
	if err != nil {
		return nil, err
	}
	rule, ok := rules[r.Optimizer]
	if !ok {
		return nil, fmt.Errorf("optimizer must be one of %s, not %q",
			strings.Join(Optimizers, ", "), r.Optimizer)
	}
	o := &optimizer{rule: rule, kernels: set.New(), recipe: r, params: params}
	for _, p := range params {
		var state [][]float32
		for _, t := range rule.state {
			state = append(state, slices.Repeat([]float32{t.start}, len(p.Value)))
		}
		o.state = append(o.state, state)
	}
	return o, nil
}

// step updates every parameter at a learning rate; the first step is 0.
func (o *optimizer) step(step int, rate float64) {
	scale := o.clip()
	for i, p := range o.params {
		u := update{recipe: o.recipe, kernels: o.kernels, value: p.Value, gradient: p.Grad,
			state:  o.state[i],
			number: step + 1, rate: rate, scale: scale}
		if p.Decay || o.recipe.DecayBiases && p.Bias() {
			u.decay = o.recipe.WeightDecay
		}
		o.rule.step(u)
	}
}

// tensors are the state: the first tensor of all parameters, then the second.
func (o *optimizer) tensors() (list [][]float32) {
	for k := range o.rule.state {
		for i := range o.params {
			list = append(list, o.state[i][k])
		}
	}
	return list
}

// clip returns the factor that scales the norm of all gradients down to ClipNorm.
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

// average is the exponential moving average of weights and running statistics, for evaluation.
type average struct {
	kernels *ops.Kernels
	decay   float64
	to      *layer.Parameters
	from    *layer.Parameters
}

// update updates the average after a step. The decay warms up as in
// tf.train.ExponentialMovingAverage: min(decay, (1+n)/(10+n)) after step n.
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
