// Package values is what figures are built from: what a study, or a file of scores, knows of its
// trials and runs, as plain values.
package values

import (
	"image"
	"slices"
	"time"
)

// Values are what a study knows.
type Values struct {
	Study      string
	Data       string  // name of the data set; empty for a file of scores
	Accuracy   string  // label of an axis of accuracies
	Metric     string  // the same in a word or two, such as top-1
	Confidence float64 // of intervals and the tied set
	Validation int     // images of each accuracy; 0 where that is not known

	Trials   []Trial  // those with a complete run, in the plan's order: the base first
	Excluded []Trial  // networks that are never trained, as the data are too small for them
	Waiting  []Trial  // those without a complete run: their runs wait, or have failed
	Families []Family // those that make a curve
	Lead     *Lead    // of compound scaling at equal cost; nil where it is not compared
	Bases    []Base   // those with the most widths first; empty, or at least two
	Curves   []Curve  // of trials, the best first
	Runs     []Run    // executions, in the order of their starts

	Rule *Rule // what the search holds the cost to; nil where it does not

	Noise       *float64 // s.d. of a run's accuracy, paired by seed
	ImageEffect *float64 // s.d. that the draw of images adds to a trial's mean
	Spread      *Spread  // what accuracies vary by; nil without a verdict on trials

	Agreements []Agreement // of two conditions, or two phi, that the same coefficients have seen

	Classes  []Class   // accuracy of the tied trials by class; empty where no predictions are kept
	Networks []Network // the base, and what each dimension and all together make of it

	Reference *Reference // models published for the data; nil where none are shown
	Maps      *Maps      // where networks see classes; nil where that is not known

	// Lacking says of figures, by their names, why what they need could not be had.
	Lacking map[string]string
}

// Trial is a network with the results of its runs. Accuracies are fractions.
type Trial struct {
	Name string
	// Family is "base", "width", "depth", "resolution", "compound", another control's name, or
	// empty.
	Family  string
	Control bool // is no point of the grid

	Depth, Width, Resolution float64  // multiples of the base network's, by the first label
	Pixels                   int      // of the images, on a side
	Nominal                  float64  // product of the constraint by the first label, 0: not known
	Shares                   []Shares // of each label that says them; none for the base
	Phi                      float64  // by the first label
	Labels                   []Label  // all that say what they scale

	MAdds, Params, Activations float64 // of one image; 0: not known
	Ratio                      float64 // multiply-adds to the base network's; 0: not known
	Milliseconds               float64 // of one image; 0: not measured

	Mean   float64
	Half   float64   // half the mean's interval by the pooled noise of runs; 0: not known
	Scores []float64 // by seed; NaN where a run is missing
	Tied   bool      // cannot be distinguished from the best

	// Behind is the mean less the highest other one, with its simultaneous interval; nil where
	// the statistics cannot say.
	Behind *Behind

	Why    string // of an excluded one
	Failed bool   // every run of a waiting one has failed
}

// Behind is a difference from the best other trial, as a fraction, with its interval.
type Behind struct{ Difference, Low, High float64 }

// Shares are the parts of the cost that each dimension takes: log alpha, 2 log beta and 2 log gamma
// of the logarithm of alpha beta^2 gamma^2. Their sum is 1.
type Shares struct{ Depth, Width, Resolution float64 }

// Curve is the training of a trial, the mean over its seeds at the end of each epoch.
type Curve struct {
	Trial     string
	Highlight bool      // one of the best, or the base
	Loss      []float64 // of each epoch, with label smoothing and augmentation
	Top1      []float64 // of each epoch, fraction of training images
	Mean      float64   // validation accuracy at the end, fraction
}

// Family is a way to scale with growing cost: its trials in the order of cost, the base network
// first.
type Family struct {
	Name   string // "width", "depth", "resolution" or "compound"
	Points []FamilyPoint
	Note   string // what ends the curve, such as the data's native size; empty for nothing
	Fit    *Fit   // nil where one network makes none
}

// FamilyPoint is a trial of a family.
type FamilyPoint struct {
	Trial
	Label string // by what it scales, such as w=1.4; empty for none
	Phi   string // empty where it has none
}

// Run is one attempt at a run.
type Run struct {
	Trial   string
	Seed    int
	Started time.Time
	Ended   time.Time
	Outcome string // complete, failed, crashed, interrupted or differs
	Worker  string // who trained it: a host, with a number where it trained several at once
	Threads int    // that it computed with; 0: not known
}

// Spread is what accuracies vary by: standard deviations, as fractions.
type Spread struct {
	Run   Component // of a run, paired by seed
	Seed  Component // of what a seed does to all trials alike, which pairing removes
	Trial Component // between the trials' true accuracies, the base left out
	// P is the chance of trials as unlike as these where all are equal; NaN where not known
	P float64
}

// Component is a standard deviation with its interval.
type Component struct {
	SD   float64 // NaN where not known
	Span *Span   // nil where not known
}

// Span is an interval.
type Span struct{ Low, High float64 }

// Agreement is how the same coefficients do under two conditions, or at two phi. Accuracies and
// regrets are fractions; unknown numbers are NaN.
type Agreement struct {
	First, Second string // the conditions, as one names them
	Named         string // what the points' names are, such as alpha/beta/gamma; empty for trials
	Points        []AgreementPoint
	Correlation   Component // of the true means, in place of an s.d.
	Winner        int       // of Points: the highest mean under the first condition
	Kept          *bool     // whether it is in the second one's tied set; nil where not known
	Regret        float64   // by which it is behind there
	Bound         float64   // that this is at most, with confidence
}

// AgreementPoint is a choice of coefficients, or a network, under both conditions.
type AgreementPoint struct {
	Name          string
	Family        string // as a trial's
	First, Second float64
}

// Class is a class of the validation images.
type Class struct {
	Name   string
	Images int
	Scores []ClassScore // of the tied trials, the best mean first
	// P is the chance of tied trials as unlike in this class where all are equal, for the number
	// of classes; NaN where not known
	P float64
}

// ClassScore is the accuracy of a trial in a class.
type ClassScore struct {
	Trial string
	Mean  float64 // fraction, over seeds
	SE    float64 // standard error over seeds; NaN of one seed
}

// Network is a network to be drawn, its blocks in the order of execution.
type Network struct {
	Title  string
	Note   string // below it, such as its cost
	Pixels int    // of the image, on a side
	Blocks []Block
}

// Block is one block of a network.
type Block struct {
	Stage    string // equal blocks in a row are of one stage
	Channels int    // of the output map
	Size     int    // side of the output map, in pixels
}

// Compound is the family that scales all dimensions together.
const Compound = "compound"

// Singles are the families that scale one dimension.
func (v Values) Singles() []Family {
	var list []Family
	for _, f := range v.Families {
		if f.Name != Compound {
			list = append(list, f)
		}
	}
	return list
}

// Base is the base network's trial, where it has a complete run.
func (v Values) Base() (Trial, bool) {
	for _, t := range v.Trials {
		if t.Family == "base" {
			return t, true
		}
	}
	return Trial{}, false
}

// Best is the trial of the highest mean.
func (v Values) Best() (best Trial, ok bool) {
	for _, t := range v.Trials {
		if !ok || t.Mean > best.Mean {
			best, ok = t, true
		}
	}
	return best, ok
}

// Leader is the trial that a verdict is about: the one of the highest mean among the tied ones, or
// among all where there is no verdict. A trial with too few runs to be compared may lie above it.
func (v Values) Leader() (leader Trial, ok bool) {
	tied := slices.DeleteFunc(slices.Clone(v.Trials), func(t Trial) bool { return !t.Tied })
	if len(tied) == 0 {
		return v.Best()
	}
	return Values{Trials: tied}.Best()
}

// Compared counts the trials that a verdict is about.
func (v Values) Compared() int {
	n := 0
	for _, t := range v.Trials {
		if t.Tied || t.Behind != nil {
			n++
		}
	}
	return n
}

// Tied counts the trials that cannot be distinguished from the best.
func (v Values) Tied() int {
	n := 0
	for _, t := range v.Trials {
		if t.Tied {
			n++
		}
	}
	return n
}

// Reference is what the literature says of models on a data set.
type Reference struct {
	Data   string // as a study would name it, such as imagenet
	Title  string // as it is written, such as ImageNet
	Source string // who says so
	Tuned  bool   // the models were trained on other data first
	Models []Published
}

// Published is a model of the literature.
type Published struct {
	Name   string
	Family string // models of one family make a curve; empty for none

	Top1, Top5    float64 // fractions; 0: not known
	Params, MAdds float64 // of one image; 0: not known
}

// Maps are where networks see classes in validation images: a row for each image.
type Maps struct {
	Networks []string // titles of columns, which may have several lines
	Rows     []Seen
}

// Seen is an image and the class maps of networks on it.
type Seen struct {
	Title string // below the image
	Image image.Image
	Maps  []ClassMap // one a network
}

// ClassMap is the evidence of a class in an image, pixel by pixel.
type ClassMap struct {
	Title       string    // below the map, such as the class
	Probability float64   // that the network gives it
	Size        int       // side, in pixels
	Evidence    []float32 // [Size, Size]
}
