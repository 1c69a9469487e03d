package experiments

import (
	"errors"
	"fmt"

	"gridsearch/dataset"
	"gridsearch/model"
	"gridsearch/search"
)

// Baseline is the network that the search starts from, for data with so many classes and channels; 0 of both where there are no data: then the preset's
// channels count, and [model] classes. Stem, head and stages of the file come first, then its strides, then the coefficients.
func (e *Experiment) Baseline(classes, channels int) (model.Architecture, error) {
	m := e.Model
	a, err := model.Preset(m.Baseline)
	if err != nil {
		return a, err
	}
	a.Stem = model.Stem{Channels: m.Stem, Kernel: m.StemKernel, Stride: m.StemStride, Pool: m.StemPool}
	a.Head, a.Activation, a.Stages = m.Head, m.Activation, append([]model.Stage{}, m.Stages...)
	for i, stride := range m.Strides {
		a.Stages[i].Stride = stride
	}
	a = a.Scale(m.Depth, m.Width, 1, m.Rounding)
	a.Pixels, a.BatchNormMomentum = m.Resolution, m.BatchNormMomentum
	a.Dropout, a.DropConnect = m.Dropout, m.DropConnect
	if m.Classes > 0 {
		a.Classes = m.Classes
	}
	if classes > 0 {
		a.Classes, a.InChannels = classes, channels
	}
	if err := a.Validate(); err != nil {
		return a, fmt.Errorf("%s: [model]: %w", e.File, err)
	}
	return a, nil
}

// Scaled is the network that a point builds around a base.
func (e *Experiment) Scaled(base model.Architecture, p search.Point) model.Architecture {
	depth, width, resolution := p.Scaling()
	return base.Scale(depth, width, resolution, e.Model.Rounding)
}

// Builder makes the search's networks around a base: a network is identified by its architecture's key. Those with more pixels than the data's native
// ones cannot be trained; native 0 is no limit. The Build is for one goroutine.
func (e *Experiment) Builder(base model.Architecture, native int) search.Build {
	costs := map[string]search.Cost{} // counting is the slow part, and many points build one network
	return func(p search.Point) (search.Network, error) {
		a := e.Scaled(base, p)
		id := a.Key()
		if _, ok := costs[id]; !ok {
			if err := a.Validate(); err != nil {
				return search.Network{}, err
			}
			costs[id] = search.Cost(a.Cost())
		}
		n := search.Network{ID: id, Pixels: a.Pixels, Repeats: a.Repeats(), Channels: a.Channels(), FinalMap: a.FinalMap(), Cost: costs[id]}
		if native > 0 && a.Pixels > native {
			n.Infeasible = fmt.Sprintf("%d pixels are more than the data's native %d", a.Pixels, native)
		}
		return n, nil
	}
}

// Plan makes the plan of the search around a base, on data with so many native pixels (0: no limit). Its error wraps a *search.EmptyError where nothing
// is left to train.
func (e *Experiment) Plan(base model.Architecture, native int) (*search.Plan, error) {
	plan, err := search.NewPlan(e.Search, e.Builder(base, native))
	var empty *search.EmptyError
	switch {
	case errors.As(err, &empty) && empty.Plan.Kept > 0 && native > 0 && base.Pixels > native:
		return nil, fmt.Errorf("%s: resolution is %d: %w", e.At("model.resolution"), base.Pixels, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", e.File, err)
	}
	return plan, nil
}

// DataSpec names the data set.
func (e *Experiment) DataSpec() dataset.Spec {
	return dataset.Spec{Name: e.Data.Dataset, Path: e.Data.Path}
}
