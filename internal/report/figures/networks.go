package figures

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/internal/si"
	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/search"
	"gridsearch/search/planner"
)

// Drawn is a network to be drawn, with lines below it. The head and the classifier are left out:
// they have no stage's map.
func Drawn(title string, a model.Architecture, below ...string) values.Network {
	n := values.Network{Title: title, Pixels: a.Pixels}
	for _, b := range a.Blocks() {
		if b.Kind == model.KindHead || b.Kind == model.KindClassifier {
			continue
		}
		stage := b.Kind
		if b.Stage > 0 {
			s := a.Stages[b.Stage-1]
			stage = fmt.Sprintf("%d: %s %d×%d", b.Stage, s.Block, b.Kernel, b.Kernel)
		}
		n.Blocks = append(n.Blocks, values.Block{Stage: stage, Channels: b.Out, Size: b.OutSize})
	}
	blocks := 0
	for _, repeats := range a.Repeats() {
		blocks += repeats
	}
	n.Note = strings.Join(append([]string{fmt.Sprintf("%d px, %s", a.Pixels,
		plural.Of(blocks, "block"))}, below...), "\n")
	return n
}

// Costs are the lines below a network that say what it costs.
func Costs(madds, params int64) []string {
	return []string{si.Text(float64(madds)) + " multiply-adds", si.Text(float64(params)) +
		" parameters"}
}

// Way is a network of a study that shows what scaling does: the base, one dimension alone, or several.
type Way struct {
	Title string
	Trial string // empty where the study has no such network
	point search.Point
	many  bool // scales several dimensions
}

// Ways are the base of a study, what each dimension alone makes of it, and the best of those that
// scale several: of the controls and families where the study has them, otherwise of that mixture's
// coefficients one by one.
func Ways(s *study.Study, r report.Results) []Way {
	p := ways{s.Plan.Trials}
	list := []Way{p.way("base", search.Baseline)}
	mixture, trained, mixed := p.mixture(r)
	for _, one := range dimensions {
		point, ok := p.point(one.name)
		if !ok && mixed {
			point = one.alone(mixture.Point)
		}
		if !ok && !mixed {
			continue
		}
		if factor := one.of(point.Scaling()); factor != 1 {
			list = append(list, p.way(one.name+" × "+three(factor), point))
		}
	}
	if mixed {
		title := "a mixture"
		switch {
		case mixture.Control == values.Compound:
			title = "all together"
		case trained:
			title = "best mixture"
		}
		w := p.way(title, mixture.Point)
		w.many = true
		list = append(list, w)
	}
	return list
}

// studyNetworks draws the ways.
func studyNetworks(s *study.Study, r report.Results) ([]values.Network, error) {
	base, err := s.Experiment.Baseline(0, 0)
	if err != nil {
		return nil, err
	}
	var list []values.Network
	for _, w := range Ways(s, r) {
		below := []string{"not in the study"}
		for _, t := range s.Plan.Trials {
			if t.Name == w.Trial {
				below = Costs(t.MAdds, t.Params)
			}
		}
		if w.many {
			depth, width, resolution := w.point.Scaling()
			below = append(below, fmt.Sprintf("d × %s, w × %s, r × %s", three(depth), three(width),
				three(resolution)))
		}
		list = append(list, Drawn(w.Title, s.Experiment.Scaled(base, w.point), below...))
	}
	return list, nil
}

// three prints a factor with three digits.
func three(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// dimension is what a network can be scaled in.
type dimension struct {
	name  string
	of    func(depth, width, resolution float64) float64
	alone func(search.Point) search.Point // what a point makes of it alone
}

// dimensions are in the order of [effnet] Figure 2.
var dimensions = []dimension{
	{"width", func(_, w, _ float64) float64 { return w },
		func(p search.Point) search.Point { p.Alpha, p.Gamma = "1", "1"; return p }},
	{"depth", func(d, _, _ float64) float64 { return d },
		func(p search.Point) search.Point { p.Beta, p.Gamma = "1", "1"; return p }},
	{"resolution", func(_, _, r float64) float64 { return r },
		func(p search.Point) search.Point { p.Alpha, p.Beta = "1", "1"; return p }},
}

// ways looks for them among the trials of a plan.
type ways struct{ trials []planner.DocumentTrial }

// way finds the trial of a point.
func (w ways) way(title string, p search.Point) Way {
	found := Way{Title: title, point: p}
	for _, t := range w.trials {
		if slices.ContainsFunc(append(t.Labels[:len(t.Labels):len(t.Labels)], t.ExcludedLabels...),
			func(l planner.Label) bool { return l.Point == p }) {
			found.Trial = t.Name
			break
		}
	}
	return found
}

// labels are those of the networks that can be trained, of any of the names.
func (w ways) labels(names ...string) (list []planner.Label) {
	for _, t := range w.trials {
		for _, l := range t.Labels {
			if t.ExcludedBy == "" && slices.Contains(names, l.Control) {
				list = append(list, l)
			}
		}
	}
	return list
}

// point is the point of a control, or the last of a family that all families have: they cost the
// same.
func (w ways) point(family string) (found search.Point, ok bool) {
	common := w.common()
	for _, l := range w.labels(family) {
		if (common == "" || l.Phi.Cmp(common) == 0) && (!ok || l.Phi.Cmp(found.Phi) > 0) {
			found, ok = l.Point, true
		}
	}
	return found, ok
}

// common is the largest phi that all families have; empty where there is none.
func (w ways) common() (largest search.Decimal) {
	names := []string{values.Compound}
	for _, one := range dimensions {
		names = append(names, one.name)
	}
	has := map[search.Decimal][]string{}
	var families []string
	for _, l := range w.labels(names...) {
		if !slices.Contains(has[l.Phi], l.Control) {
			has[l.Phi] = append(has[l.Phi], l.Control)
		}
		if !slices.Contains(families, l.Control) {
			families = append(families, l.Control)
		}
	}
	for phi, of := range has {
		if len(of) == len(families) && (largest == "" || phi.Cmp(largest) > 0) {
			largest = phi
		}
	}
	return largest
}

// mixture is a point that scales several dimensions: compound scaling's where the study has such a
// family, otherwise that of the best trial, or while none is trained of the first one planned.
func (w ways) mixture(r report.Results) (label planner.Label, trained, ok bool) {
	if p, ok := w.point(values.Compound); ok {
		return planner.Label{Point: p, Control: values.Compound}, false, true
	}
	for _, t := range r.Ranked() {
		if i := slices.IndexFunc(t.Labels, several); i >= 0 && t.N > 0 {
			return t.Labels[i], true, true
		}
	}
	for _, t := range w.trials {
		if i := slices.IndexFunc(t.Labels, several); i >= 0 {
			return t.Labels[i], false, true
		}
	}
	return label, false, false
}

// several says whether a label scales more than one dimension.
func several(l planner.Label) bool {
	if l.Nominal == "" {
		return false
	}
	n := 0
	depth, width, resolution := l.Scaling()
	for _, factor := range []float64{depth, width, resolution} {
		if factor != 1 {
			n++
		}
	}
	return n > 1
}
