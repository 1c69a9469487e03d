package figure

// Values are what figures are built from.
type Values struct {
	Title     string   // the name of the study
	Accuracy  string   // label of an axis of accuracies
	Points    []Point  // trials at their multiply-adds
	Latencies []Point  // trials at the milliseconds that one image takes
	Curves    []Curve  // of trials
	Families  []Family // those that make a curve
}

// Point is a trial's mean accuracy at its cost. Low and High are one standard error below and
// above, equal to Mean if there is none: the confidence interval of a few seeds would fill the
// figure, and which trials differ is shown by the tied set, not by overlapping intervals.
type Point struct {
	Trial string
	// Family is "base", "width", "depth", "resolution", "compound", another control's name, or empty.
	Family string
	Label  string  // written beside the point in panels of one family; empty for none
	Cost   float64 // multiply-adds of one image, or its milliseconds
	Mean   float64 // fraction
	Low    float64
	High   float64
	Tied   bool // cannot be distinguished from the best
}

// Curve is the training of a trial, the mean over its seeds at the end of each epoch.
type Curve struct {
	Trial     string
	Highlight bool      // drawn in colour and named in the legend
	Loss      []float64 // of each epoch, with label smoothing and augmentation
	Top1      []float64 // of each epoch, fraction of training images
}

// Family is a way to scale with growing cost: its points in the order of cost, the base network
// first.
type Family struct {
	Name   string // one of the names in Point
	Points []Point
	Note   string // what ends the curve, such as the data's native size; empty for nothing
}

// Compound is the family that scales all dimensions together.
const Compound = "compound"

// singles are the families that scale one dimension.
func singles(families []Family) []Family {
	var list []Family
	for _, f := range families {
		if f.Name != Compound {
			list = append(list, f)
		}
	}
	return list
}
