package figure

// Panel is a part of a figure with axes of its own. It has either lines by epoch, or points and
// families by cost, which is on a logarithmic axis.
type Panel struct {
	Title, X, Y string
	Points      []Point  // marks, by their family; those that are tied are ringed
	Families    []Family // lines with marks
	Labelled    bool     // families have labels at their points in place of a name in the legend
	Lines       []Line
}

// Line is a value by epoch.
type Line struct {
	Name      string
	Highlight bool      // in colour, and named in the legend; the others are grey and in the background
	Values    []float64 // at the end of epochs 1, 2, and so on
}

// multiplyAdds is the label of an axis of costs.
const multiplyAdds = "multiply-adds of one image"

func accuracyCost(v Values) []Panel {
	return []Panel{{Title: v.Title, X: multiplyAdds, Y: v.Accuracy, Points: v.Points}}
}

func accuracyLatency(v Values) []Panel {
	return []Panel{{Title: v.Title, X: "latency of one image, ms", Y: v.Accuracy,
		Points: v.Latencies}}
}

func trainingCurves(v Values) []Panel {
	loss := Panel{Title: v.Title + ": training loss", X: "epoch",
		Y: "cross-entropy with label smoothing"}
	top1 := Panel{Title: "training top-1", X: "epoch", Y: "%"}
	for _, c := range v.Curves {
		loss.Lines = append(loss.Lines, Line{c.Trial, c.Highlight, c.Loss})
		top1.Lines = append(top1.Lines, Line{c.Trial, c.Highlight, percent(c.Top1)})
	}
	return []Panel{loss, top1}
}

func percent(fractions []float64) []float64 {
	list := make([]float64, len(fractions))
	for i, v := range fractions {
		list[i] = 100 * v
	}
	return list
}

// scalingPanels are one panel for each of the single dimensions, as in EfficientNet's Figure 3.
func scalingPanels(v Values) []Panel {
	var panels []Panel
	for i, f := range singles(v.Families) {
		p := Panel{Title: f.Name, X: multiplyAdds, Families: []Family{f}, Labelled: true}
		if f.Note != "" { // a second line below the axis would make this panel's axes shorter
			p.Title += ": " + f.Note
		}
		if i == 0 {
			p.Y = v.Accuracy
		}
		panels = append(panels, p)
	}
	return panels
}

// scalingCurves are all families in one panel, as in EfficientNet's Figure 8, with what ends their
// curves below the axis.
func scalingCurves(v Values) []Panel {
	p := Panel{Title: "scaling one dimension, and all three", X: multiplyAdds, Y: v.Accuracy,
		Families: v.Families}
	for _, f := range v.Families {
		if f.Note != "" {
			p.X += "\n" + f.Name + ": " + f.Note
		}
	}
	return []Panel{p}
}
