package recipe

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Optimizer describes an optimiser for recipes and experiment files. The rule that updates
// parameters is in package train.
type Optimizer struct {
	Name         string
	LearningRate float64  // where a file does not say; 0 for the recipe's
	WeightDecay  float64  // likewise
	Fields       []string // hyper-parameters that are fields of Recipe, by their JSON names
	Options      []Option // the others, which are in Recipe.Options
}

// Option is a hyper-parameter of one optimiser: a key of experiment files, and of Recipe.Options.
type Option struct {
	Name        string
	Default     float64
	Least, Most float64 // both are allowed
}

// earlyFields are the hyper-parameters of SGD and RMSProp. They are part of the key of every run
// and may be set with either optimiser.
var earlyFields = []string{"momentum", "nesterov", "rms_decay", "rms_epsilon"}

// optimizers are in the order in which messages list them.
var optimizers = []Optimizer{
	{Name: SGD, Fields: earlyFields},
	{Name: RMSProp, Fields: earlyFields},
	{Name: AdamW, LearningRate: 1e-3, WeightDecay: 1e-2, Options: []Option{ // as torch.optim.AdamW
		{"beta1", .9, 0, .9999}, {"beta2", .999, 0, .999999}, {"epsilon", 1e-8, 1e-12, 1}}},
}

// OptimizerNamed finds an optimiser by name.
func OptimizerNamed(name string) (o Optimizer, ok bool) {
	i := slices.IndexFunc(optimizers, func(o Optimizer) bool { return o.Name == name })
	if i < 0 {
		return Optimizer{}, false
	}
	return optimizers[i], true
}

// AllOptimizers are the optimisers that Optimizers names.
func AllOptimizers() []Optimizer { return slices.Clone(optimizers) }

func optimizerNames() []string {
	var names []string
	for _, o := range optimizers {
		names = append(names, o.Name)
	}
	return names
}

// WithOptimizer is the recipe with an optimiser of Optimizers and its defaults: of its options, and
// of learning rate and weight decay where it has its own. Fields that it does not use become 0, so
// that equal trainings have equal keys.
func (r Recipe) WithOptimizer(name string) Recipe {
	o, _ := OptimizerNamed(name)
	r.Optimizer, r.Options = name, nil
	if o.Fields == nil {
		r.Momentum, r.Nesterov, r.RMSDecay, r.RMSEpsilon = 0, false, 0, 0
	}
	if o.LearningRate > 0 {
		r.LearningRate, r.WeightDecay = o.LearningRate, o.WeightDecay
	}
	for _, option := range o.Options {
		if r.Options == nil {
			r.Options = map[string]float64{}
		}
		r.Options[option.Name] = option.Default
	}
	return r
}

// wrongOptimizer lists what is wrong with the optimiser and its options.
func (r Recipe) wrongOptimizer() (wrong []string) {
	o, ok := OptimizerNamed(r.Optimizer)
	if !ok {
		return []string{fmt.Sprintf("optimizer must be one of %s, not %q",
			strings.Join(Optimizers, ", "), r.Optimizer)}
	}
	var known []string
	for _, option := range o.Options {
		known = append(known, option.Name)
		v, ok := r.Options[option.Name]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s needs the option %s, like %v", o.Name,
				option.Name, option.Default))
		case !(v >= option.Least && v <= option.Most):
			wrong = append(wrong, fmt.Sprintf("%s must be between %v and %v, not %v", option.Name,
				option.Least, option.Most, v))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Options)) {
		if !slices.Contains(known, name) {
			wrong = append(wrong, fmt.Sprintf("%s has no option %s: leave it out", o.Name, name))
		}
	}
	return wrong
}
