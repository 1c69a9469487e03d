package planner

import (
	"cmp"
	"fmt"
	"slices"

	"gridsearch/search"
)

// remember caches the network of every point: constraints ask for networks that labels were made
// from.
func remember(build search.Build) search.Build {
	built := map[search.Point]search.Network{}
	return func(p search.Point) (search.Network, error) {
		if n, ok := built[p]; ok {
			return n, nil
		}
		n, err := build(p)
		if err == nil {
			built[p] = n
		}
		return n, err
	}
}

// planner collects trials.
type planner struct {
	build   search.Build
	plan    *Plan
	byID    map[string]*Trial
	order   []*Trial                  // of byID, as found
	seen    map[search.Candidate]bool // enumerated points
	nearest *Nearest
	misses  float64 // by which the nearest point violates the constraints, as shares of their middles
}

func (p *planner) addAll(points []search.Candidate, enumerated bool) error {
	for _, point := range points {
		if enumerated && p.seen[point] {
			continue // two methods may enumerate one point
		}
		p.seen[point] = p.seen[point] || enumerated
		if err := p.add(point, enumerated); err != nil {
			return fmt.Errorf("%s: %w", point.Point, err)
		}
	}
	return nil
}

// add adds a point to the trial of its network. Base and controls are not enumerated: constraints
// do not apply to them.
func (p *planner) add(point search.Candidate, enumerated bool) error {
	n, err := p.build(point.Point)
	if err != nil {
		return err
	}
	label := Label{Point: point.Point, Nominal: point.Nominal(), Control: point.Control,
		enumerated: enumerated, carried: !enumerated}
	if enumerated {
		p.plan.Points++
		if label.ExcludedBy = p.check(point.Point, n); label.ExcludedBy == "" {
			p.plan.Kept++
		}
	}
	p.trial(n).attach(label)
	return nil
}

// trial is the trial of a network, created if necessary.
func (p *planner) trial(n search.Network) *Trial {
	t, ok := p.byID[n.ID]
	if !ok {
		t = &Trial{Network: n, MAddsRatio: n.MAddsRatio(p.plan.Base),
			ExcludedBy: n.Infeasible}
		p.byID[n.ID] = t
		p.order = append(p.order, t)
	}
	return t
}

// attach adds a label. A control that a method enumerates too stays one label.
func (t *Trial) attach(label Label) {
	if label.ExcludedBy != "" {
		t.ExcludedLabels = append(t.ExcludedLabels, label)
		return
	}
	if label.Control != "" {
		same := slices.IndexFunc(t.Labels, func(l Label) bool {
			return l.Point == label.Point &&
				l.Control == label.Control
		})
		if same >= 0 {
			t.Labels[same].enumerated = true
			return
		}
	}
	t.Labels = append(t.Labels, label)
}

// check returns the first constraint that a point violates, or "", and updates the counts.
func (p *planner) check(point search.Point, n search.Network) (excludedBy string) {
	at, total, worst := Nearest{Point: point}, 0., 0.
	for i := range p.plan.Removed {
		r := &p.plan.Removed[i]
		value, miss, violated := r.Constraint.Miss(point, n, p.plan.Base)
		if !violated {
			continue
		}
		r.Alone++
		if excludedBy == "" {
			r.First++
			excludedBy = r.Constraint.String()
		}
		if total += miss; miss >= worst {
			worst, at.Constraint, at.Value = miss, r.Constraint, value
		}
	}
	if excludedBy != "" && (p.nearest == nil || total < p.misses) {
		p.misses, p.nearest = total, &at
	}
	return excludedBy
}

// finish drops networks without a kept point, sorts and names the others, and checks that any are
// left.
func (p *planner) finish() (*Plan, error) {
	trainable := false
	for _, t := range p.order {
		if len(t.Labels) == 0 {
			continue
		}
		slices.SortStableFunc(t.Labels, compareLabels)
		slices.SortStableFunc(t.ExcludedLabels, compareLabels)
		t.Depth, t.Width, _ = t.Labels[0].Scaling()
		p.plan.Trials = append(p.plan.Trials, *t)
		if t.enumerated() {
			p.plan.Networks++
			trainable = trainable || t.ExcludedBy == ""
		}
	}
	slices.SortStableFunc(p.plan.Trials, func(a, b Trial) int {
		return compareLabels(a.Labels[0], b.Labels[0])
	})
	nameAll(p.plan.Trials)
	if !trainable {
		return nil, &EmptyError{p.plan, p.nearest}
	}
	return p.plan, nil
}

// enumerated reports whether a kept point of a method builds the trial's network.
func (t *Trial) enumerated() bool {
	return slices.ContainsFunc(t.Labels, func(l Label) bool { return l.enumerated })
}

// compareLabels orders base and controls first, in their own order, and the others by their points.
func compareLabels(a, b Label) int {
	switch {
	case a.carried && b.carried:
		return 0
	case a.carried:
		return -1
	case b.carried:
		return 1
	}
	return cmp.Or(a.Compare(b.Point), cmp.Compare(a.Control, b.Control))
}
