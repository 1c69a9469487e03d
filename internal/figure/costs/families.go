package costs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/plural"
)

// Single is one panel for each of the single dimensions, as in [effnet] Figure 3: the curve with
// its band, phi and the multiplier of each network, and what the curve's end shows.
func Single(v values.Values) picture.Picture {
	singles := v.Singles()
	p := picture.Picture{Title: singleTitle(singles), Note: v.Study, Wide: true, Aligned: true,
		X: multiplyAdds}
	for i, f := range singles {
		panel := picture.Panel{Title: heading(f), Height: 46, X: picture.Axis{Kind: picture.Log},
			Marks: slices.Concat(band(f), line(f, ""), dots(f, "", scaledBy(f)))}
		if i == len(singles)-1 {
			panel.Marks = append(panel.Marks, legend(v, singles)...)
		}
		if i == 0 {
			panel.Y.Label = v.Accuracy
		}
		p.Note += says(f)
		p.Panels = append(p.Panels, panel)
	}
	return p
}

// scaledBy labels networks with their phi, what their dimension is multiplied by, and the last one
// with the size that its family ends at.
func scaledBy(f values.Family) labeller {
	return func(q values.FamilyPoint, last bool) string {
		lines := []string{phi(q), q.Label}
		if last && f.Note != "" {
			lines = append(lines, ends(q))
		}
		return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n")
	}
}

// ends says where a family's last network ends it.
func ends(last values.FamilyPoint) string {
	if last.Pixels > 0 {
		return fmt.Sprintf("ends at %d px", last.Pixels)
	}
	return "ends here"
}

// heading names a family and what its curve's end shows.
func heading(f values.Family) string {
	if f.Fit == nil {
		return f.Name
	}
	return f.Name + ": " + f.Fit.Finding
}

// singleTitle says which dimensions reach a plateau, as far as that is shown.
func singleTitle(singles []values.Family) string {
	const title = "Scaling one dimension alone"
	shows := map[string][]string{}
	var other []string
	for _, f := range singles {
		if f.Fit != nil && f.Fit.Shows != "" {
			shows[f.Fit.Shows] = append(shows[f.Fit.Shows], f.Name)
		}
		if f.Fit == nil || f.Fit.Shows != "plateau" {
			other = append(other, f.Name)
		}
	}
	switch flat := shows["plateau"]; {
	case len(shows) == 0:
		return title
	case len(shows["rising"]) == len(singles):
		return title + ": no plateau; all still rise where they end"
	case len(flat) == 0:
		return title + ": no plateau seen"
	case len(other) == 0:
		return title + " reaches a plateau"
	default:
		return fmt.Sprintf("%s: %s reaches a plateau; none is seen of %s", title, plural.List(flat),
			plural.List(other))
	}
}

// Compound is all families in one panel, as in [effnet] Figure 8: their curves with bands, phi, and
// the cost at which they are compared.
func Compound(v values.Values) picture.Picture {
	p := picture.Picture{Title: compoundTitle(v.Lead), Note: v.Study}
	panel := picture.Panel{Height: 62, X: picture.Axis{Label: multiplyAdds, Kind: picture.Log},
		Y: picture.Axis{Label: v.Accuracy}}
	add := func(marks ...picture.Mark) { panel.Marks = append(panel.Marks, marks...) }
	for _, f := range v.Families {
		add(band(f)...)
	}
	if l := v.Lead; l != nil {
		add(picture.Rule{Look: picture.Faint, At: l.MAdds, Vertical: true,
			Label: digits(l.Ratio, 3) + " × base"})
		p.Note += leads(*l)
	}
	for _, f := range v.Families {
		add(line(f, f.Name)...)
	}
	order := slices.Clone(v.Families) // labels of compound scaling find their places first
	slices.Reverse(order)
	for _, f := range order {
		add(dots(f, f.Name, func(q values.FamilyPoint, last bool) string {
			if last || f.Name == values.Compound {
				return phi(q)
			}
			return ""
		})...)
	}
	for _, f := range v.Families {
		if f.Note != "" {
			p.Note += fmt.Sprintf("\n%s %s: %s", f.Name, ends(f.Points[len(f.Points)-1]), f.Note)
		}
	}
	add(legend(v, v.Families)...)
	p.Panels = []picture.Panel{panel}
	return p
}

// compoundTitle says what the comparison at equal cost shows.
func compoundTitle(l *values.Lead) string {
	if l == nil {
		return "Scaling one dimension, and all together"
	}
	at := fmt.Sprintf(" at %s times the base's cost", digits(l.Ratio, 3))
	switch l.Claim {
	case "better":
		return "Compound scaling leads each single dimension" + at
	case "worse":
		return "Compound scaling falls behind a single dimension" + at
	}
	return "Compound scaling: a lead over each single dimension is not shown" + at
}

// leads is a line on the lead over each single dimension.
func leads(l values.Lead) string {
	var parts []string
	for _, c := range l.Over {
		parts = append(parts, fmt.Sprintf("%s %+.2f (%+.2f to %+.2f)", c.Name, 100*c.Difference,
			100*c.Low, 100*c.High))
	}
	return fmt.Sprintf("\nits lead in points, with %s %% intervals: over %s",
		digits(100*l.Confidence, 4), strings.Join(parts, ", over "))
}

// WidthByBase is the scaling of width from several depths and resolutions, as in [effnet] Figure 4.
func WidthByBase(v values.Values) picture.Picture {
	p := picture.Picture{Title: "Width scaling from several depths and resolutions", Note: v.Study}
	panel := picture.Panel{X: picture.Axis{Label: multiplyAdds, Kind: picture.Log},
		Y: picture.Axis{Label: v.Accuracy}}
	shown := spread(v.Bases)
	if len(shown) < len(v.Bases) {
		p.Note += fmt.Sprintf(": %d of %d depths and resolutions, from the cheapest to the most costly",
			len(shown), len(v.Bases))
	}
	for i, b := range shown {
		name := fmt.Sprintf("d=%s r=%s", digits(b.Depth, 3), digits(b.Resolution, 3))
		l := picture.Line{Name: name, Look: picture.Accent(i)}
		d := picture.Dots{Name: name, Look: l.Look}
		for _, t := range b.Trials {
			one := mean(t)
			if t.Name == b.Trials[len(b.Trials)-1].Name {
				one.Label = "w=" + digits(t.Width, 2)
			}
			if one.YSpan != nil {
				p.Bars = intervals(v)
			}
			l.Points, d.Dots = append(l.Points, picture.XY{X: one.X, Y: one.Y}), append(d.Dots, one)
		}
		panel.Marks = append(panel.Marks, l, d)
	}
	p.Panels = []picture.Panel{panel}
	return p
}

// lines that can be told apart where they lie close.
const lines = 5

// spread are the bases that are shown: of those with the most widths a few, in even steps from the
// cheapest to the most costly.
func spread(bases []values.Base) []values.Base {
	if len(bases) <= lines {
		return bases
	}
	var most []values.Base
	for _, b := range bases {
		if len(b.Trials) >= len(bases[lines-1].Trials) {
			most = append(most, b)
		}
	}
	slices.SortStableFunc(most, func(a, b values.Base) int {
		return cmp.Compare(a.Trials[0].MAdds, b.Trials[0].MAdds)
	})
	list := make([]values.Base, lines)
	for i := range list {
		list[i] = most[i*(len(most)-1)/(lines-1)]
	}
	return list
}

// says is the sentence on a family's curve and on what ends it, in a line.
func says(f values.Family) string {
	var parts []string
	if f.Fit != nil {
		parts = append(parts, f.Fit.Says)
	}
	if f.Note != "" {
		parts = append(parts, ends(f.Points[len(f.Points)-1])+": "+f.Note)
	}
	return "\n" + strings.Join(parts, "; ")
}

// band is the band of a family's curve, where there is one.
func band(f values.Family) []picture.Mark {
	if f.Fit == nil {
		return nil
	}
	a := picture.Area{Look: picture.Look(f.Name)}
	var back []picture.XY
	for _, q := range f.Fit.Curve {
		if math.IsNaN(q.Low) || math.IsNaN(q.High) {
			return nil
		}
		a.Points = append(a.Points, picture.XY{X: q.MAdds, Y: 100 * q.High})
		back = append(back, picture.XY{X: q.MAdds, Y: 100 * q.Low})
	}
	slices.Reverse(back)
	a.Points = append(a.Points, back...)
	return []picture.Mark{a}
}

// line is a family's curve, dashed beyond its networks.
func line(f values.Family, name string) []picture.Mark {
	if f.Fit == nil {
		return nil
	}
	var points []picture.XY
	for _, q := range f.Fit.Curve {
		points = append(points, picture.XY{X: q.MAdds, Y: 100 * q.Value})
	}
	look, inside := picture.Look(f.Name), f.Fit.Inside
	marks := []picture.Mark{
		picture.Line{Name: name, Look: look, Solid: true, Points: points[:inside]}}
	if inside < len(points) {
		marks = append(marks, picture.Line{Look: look, Dashed: true, Thin: true,
			Points: points[inside-1:]})
	}
	return marks
}

// labeller is what stands beside a network; last says that no one of its family costs more.
type labeller func(q values.FamilyPoint, last bool) string

// dots are a family's networks with labels; the base network has the base's look in each.
func dots(f values.Family, name string, label labeller) []picture.Mark {
	own := picture.Dots{Name: name, Look: picture.Look(f.Name)}
	base := picture.Dots{Name: "base", Look: picture.Base}
	for i, q := range f.Points {
		d := picture.Dot{Name: q.Name, X: q.MAdds, Y: 100 * q.Mean}
		if q.Family == "base" {
			base.Dots = append(base.Dots, d)
			continue
		}
		d.Label = label(q, i == len(f.Points)-1)
		own.Dots = append(own.Dots, d)
	}
	list := []picture.Mark{own}
	if len(base.Dots) > 0 {
		list = append(list, base)
	}
	return list
}

// mean is a trial at its multiply-adds with the interval of its mean.
func mean(t values.Trial) picture.Dot {
	d := picture.Dot{Name: t.Name, X: t.MAdds, Y: 100 * t.Mean}
	if t.Half > 0 {
		d.YSpan = &picture.Span{Low: 100 * (t.Mean - t.Half), High: 100 * (t.Mean + t.Half)}
	}
	return d
}

// legend are marks without a place, for the legend: bands and dashes of all families.
func legend(v values.Values, families []values.Family) []picture.Mark {
	var list []picture.Mark
	if slices.ContainsFunc(families, func(f values.Family) bool { return len(band(f)) > 0 }) {
		list = append(list, picture.Area{Name: fmt.Sprintf("%.0f %% interval of a curve",
			100*v.Confidence)})
	}
	if slices.ContainsFunc(families, func(f values.Family) bool { return len(line(f, "")) > 1 }) {
		list = append(list, picture.Line{Name: "beyond the data", Dashed: true, Thin: true})
	}
	return list
}

// intervals says what bars at means are.
func intervals(v values.Values) string {
	return fmt.Sprintf("%.0f %% intervals of the means, by runs' noise", 100*v.Confidence)
}

// phi is the label of a network's phi, rounded.
func phi(q values.FamilyPoint) string {
	number, err := strconv.ParseFloat(q.Phi, 64)
	if err != nil || number == 0 {
		return ""
	}
	return "φ " + digits(number, 2)
}

// digits prints a number with so many significant digits at most.
func digits(number float64, n int) string { return strconv.FormatFloat(number, 'g', n, 64) }
