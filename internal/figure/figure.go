// Package figure is the registry of the figures that a study can have: each has a name, a caption,
// what it needs, and how its panels are built from values. It draws nothing.
//
// A new figure is one entry of All and one function that builds its panels. Experiment files, the
// help of the commands and reports know it from there.
package figure

// All are the figures, in the order in which they are drawn and listed.
var All = []Figure{
	{"accuracy-cost", "accuracy against multiply-adds; trials that are tied with the best are ringed",
		[]Need{complete}, accuracyCost},
	{"accuracy-latency", "the same against the milliseconds that one image takes",
		[]Need{complete, timed}, accuracyLatency},
	{"training-curves", "loss and training accuracy by epoch, the best trials and the base in colour",
		[]Need{complete, recorded}, trainingCurves},
	{"scaling-panels", "accuracy of width, depth and resolution scaling, a panel each",
		[]Need{complete, scaled, alone}, scalingPanels},
	{"scaling-curves", "accuracy of all ways of scaling in one panel",
		[]Need{complete, scaled}, scalingCurves},
}

// Figure is an entry of the registry.
type Figure struct {
	Name    string // of its files, and in [report] figures
	Caption string // what it shows, in a line
	Needs   []Need
	Panels  func(Values) []Panel // of values that have what it needs
}

// Need is something that values must have for a figure to be drawn.
type Need struct {
	Met  func(Values) bool
	Lack string // what to say where it is not met
}

// Lack says why the figure cannot be drawn from values, empty where it can.
func (f Figure) Lack(v Values) string {
	for _, need := range f.Needs {
		if !need.Met(v) {
			return need.Lack
		}
	}
	return ""
}

// Formats are the formats that figures are written in.
var Formats = []string{"svg", "png"}

// Names are the names of All.
func Names() []string {
	var names []string
	for _, f := range All {
		names = append(names, f.Name)
	}
	return names
}

// What figures need.
var (
	complete = Need{func(v Values) bool { return len(v.Points) > 0 }, "no run is complete"}
	timed    = Need{func(v Values) bool { return len(v.Latencies) > 0 },
		"no latency of one image is on record (latency = true in [execution] measures it)"}
	recorded = Need{func(v Values) bool { return len(v.Curves) > 0 },
		"no training curve is on record"}
	scaled = Need{func(v Values) bool { return len(v.Families) > 0 },
		"no family makes a curve: a study must have trained a network of compound scaling, and a " +
			"file of scores must have two trials of a family"}
	alone = Need{func(v Values) bool { return len(singles(v.Families)) > 0 },
		"no family of width, depth or resolution alone makes a curve"}
)
