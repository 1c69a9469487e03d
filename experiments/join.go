package experiments

import (
	"errors"
	"fmt"
	"slices"

	"gridsearch/dataset"
	"gridsearch/internal/tomlform"
	"gridsearch/internal/tomlform/place"
	"gridsearch/model"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// Baseline is the network that the search starts from, for data with that many classes and
// channels, or 0 of both without data: then the preset's channels and [model] classes count. Stem,
// head and stages of the file are applied first, then its strides, then the coefficients.
func (e *Experiment) Baseline(classes, channels int) (model.Architecture, error) {
	m := e.Model
	a, err := model.Preset(m.Baseline)
	if err != nil {
		return a, err
	}
	a.Stem = model.Stem{Channels: m.Stem, Kernel: m.StemKernel, Stride: m.StemStride, Pool: m.StemPool}
	a.Head, a.Activation, a.Padding, a.Stages = m.Head, m.Activation, m.Padding,
		append([]model.Stage{}, m.Stages...)
	for i, stride := range m.Strides {
		a.Stages[i].Stride = stride
	}
	a = a.Scale(m.Depth, m.Width, 1, m.Rounding)
	a.Pixels, a.BatchNormMomentum, a.BatchNormEpsilon = m.Resolution, m.BatchNormMomentum,
		m.BatchNormEpsilon
	a.Dropout, a.DropConnect = m.Dropout.At(0), m.DropConnect.At(0)
	if m.Classes > 0 {
		a.Classes = m.Classes
	}
	if classes > 0 {
		a.Classes, a.InChannels = classes, channels
	}
	if err := a.Validate(); err != nil {
		return a, fmt.Errorf("%s: [model]: %w", e.At("model"), err)
	}
	return a, nil
}

// Rounded warns of channels in the file that the rounding rule changes although no coefficient
// scales them; empty if there are none.
func (e *Experiment) Rounded() string {
	m := e.Model
	written := model.Architecture{Stem: model.Stem{Channels: m.Stem}, Stages: m.Stages,
		Head: m.Head}.Channels()
	base, err := e.Baseline(0, 0)
	if err != nil || m.Width != 1 || slices.Equal(base.Channels(), written) {
		return ""
	}
	return fmt.Sprintf("the channels %v of stem, stages and head are built as %v, multiples of "+
		"channel_divisor = %d: channel_divisor = 1 keeps them",
		written, base.Channels(), m.Rounding.ChannelDivisor)
}

// modelCause is the key of [model] without which its network could be built, empty if no single key
// is to blame.
func (e *Experiment) modelCause(t *tomlform.Table) string {
	var causes []string
	for _, key := range t.Keys() {
		others, mistakes := t.Without(key)
		rest := *e
		rest.Model = readModel(others, manner{})
		if len(mistakes.List) > 0 {
			continue // strides need their stages
		}
		if _, err := rest.Baseline(0, 0); err == nil {
			causes = append(causes, key)
		}
	}
	if len(causes) == 0 {
		return ""
	}
	return t.Culprit(causes...)
}

// Scaled is the network that a point builds around a base.
func (e *Experiment) Scaled(base model.Architecture, p search.Point) model.Architecture {
	depth, width, resolution := p.Scaling()
	return base.Scale(depth, width, resolution, e.Model.Rounding)
}

// Builder makes the search's networks around a base: a network is identified by its architecture's
// key. Those with more pixels than the data's native ones cannot be trained; native 0 is no limit.
// The Build is for one goroutine.
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
		n := search.Network{ID: id, Pixels: a.Pixels, Repeats: a.Repeats(), Channels: a.Channels(),
			FinalMap: a.FinalMap(), Cost: costs[id]}
		if native > 0 && a.Pixels > native {
			n.Infeasible = fmt.Sprintf("%d pixels are more than the data's native %d", a.Pixels, native)
		}
		return n, nil
	}
}

// Plan makes the plan of the search around a base, on data with so many native pixels (0: no
// limit). Its error names the key at fault, and wraps a *planner.EmptyError where nothing is left
// to train.
func (e *Experiment) Plan(base model.Architecture, native int) (*planner.Plan, error) {
	plan, err := planner.NewPlan(e.Search, e.Builder(base, native))
	var empty *planner.EmptyError
	switch {
	case err == nil:
		return plan, nil
	case !errors.As(err, &empty): // a point beyond what can be counted
		return nil, e.blame(err, "search.phi", "search.alpha.high", "search.beta.high",
			"search.gamma.high", "search.coefficients", "search.points")
	case empty.Plan.Points == 0:
		return nil, e.blame(err, "search.method")
	case empty.Plan.Kept == 0:
		at := place.Item("constraint", strictest(empty))
		return nil, e.blame(err, at+".range", at+".target", at+".tolerance", at, "constraint")
	case native > 0 && base.Pixels > native:
		return nil, fmt.Errorf("%s: resolution is %d: %w", e.At("model.resolution"), base.Pixels, err)
	}
	return nil, e.blame(err, "search.gamma.low", "search.gamma", "search.phi",
		"search.coefficients", "search.points", "search.method")
}

// strictest is the index of the constraint that leaves a search empty: the first that excludes
// every point alone, or else the one that the nearest point violates most.
func strictest(e *planner.EmptyError) int {
	all := slices.IndexFunc(e.Plan.Removed,
		func(r planner.Removal) bool { return r.Alone == e.Plan.Points })
	if all >= 0 {
		return all
	}
	return slices.IndexFunc(e.Plan.Removed,
		func(r planner.Removal) bool { return r.Constraint == e.Nearest.Constraint })
}

// blame prefixes an error with the place and the name of the key that caused it: the one of these
// that is set from outside, or else the first in the file.
func (e *Experiment) blame(err error, paths ...string) error {
	path := e.root.Culprit(paths...)
	return fmt.Errorf("%s: %s: %w", e.At(path), path, err)
}

// DataSpec names the data set.
func (e *Experiment) DataSpec() dataset.Spec {
	return dataset.Spec{Name: e.Data.Dataset, Path: e.Data.Path, Reading: e.Data.Reading}
}
