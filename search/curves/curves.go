// Package curves fits scaling curves, accuracy against cost, and says how steep they are where they
// end: whether a way to scale still pays there, or has reached a plateau.
//
// A family's curve is a - b cost^-c with c > 0 (a power law as [kaplan] has for losses). In x, the
// doublings of cost, it is a - b exp(-k x). Given c it is linear in a and b, so a fit is a search
// over c alone: it starts from every value of a grid, and is refined around the best. The grid
// begins with the limit for c to 0, a straight line in x. Residuals count by Huber's loss
// ([huber]), so that one network far off does not bend a curve. The curve cannot bend upwards, nor
// rise and then fall: what departs from it counts as scatter.
//
// Intervals and bands are percentiles of a parametric bootstrap: for every network of a fitted
// curve a new mean is drawn and the curve is fitted again. The networks' own residuals are too few
// to be drawn from: five points leave two of them free. What is drawn is normal, with the standard
// deviation of all families' networks about their curves, or with the noise of runs where that is
// greater, divided by a chi variable, as for a t interval, since that deviation is an estimate.
// docs/results.md says how often the intervals hold.
//
// Arguments and results are plain values.
//
// References:
//
//	[kaplan] J. Kaplan et al., Scaling Laws for Neural Language Models, 2020.
//	[huber]  P. Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics
//	         35, 1964.
package curves

import (
	"cmp"
	"math"
	"slices"
)

// Point is a trained network.
type Point struct {
	Cost float64 // real multiply-adds, or any other measure; above 0
	Mean float64 // accuracy, as a fraction
}

// Family is a way to scale: its networks, in any order.
type Family struct {
	Name   string
	Points []Point
}

// Study is the input of Fit.
type Study struct {
	Families   []Family
	Noise      Noise   // of the networks' means by the noise of runs
	Confidence float64 // of intervals and bands, such as 0.95
}

// Noise is an estimated standard deviation, as a fraction of one, and its degrees of freedom; 0
// degrees where it is not known.
type Noise struct {
	SD      float64
	Freedom int
}

// Kind is what is laid through the networks of a family.
type Kind int

// The kinds, by the number of different costs.
const (
	None   Kind = iota // one: nothing
	Joined             // two: the line through them
	Line               // three: a straight line in the logarithm of the cost
	Bent               // more: a - b cost^-c
)

// Verdict is what the slope of a curve at its end shows.
type Verdict string

// Verdicts. The slope is held against PlateauShare of the gain of the first doubling of cost: what
// counts is the interval of their difference, as both are estimates.
const (
	Rising  Verdict = "rising"  // that lies above 0, and the slope's interval too
	Plateau Verdict = "plateau" // that lies below 0, and the gain's interval above
	Falling Verdict = "falling" // the slope's interval lies below 0
	Open    Verdict = "open"    // none of these is shown
)

// PlateauShare is the share of the gain of the first doubling that a doubling brings at most on a
// plateau. A share, since what is little depends on the data: accuracies of one study gain 30
// points and those of another 3. A tenth, since with steps as short even ten more doublings, a thousand
// times the cost, bring no more than the first did.
const PlateauShare = .1

// Interval is an estimate, as a fraction, with its confidence interval; both ends are NaN where
// nothing says how large the noise is.
type Interval struct{ Value, Low, High float64 }

// Curve is the curve of a family.
type Curve struct {
	Name        string
	Kind        Kind
	Networks    int
	First, Last float64  // costs that the networks reach from and to
	Slope       Interval // at Last, for each doubling of cost
	Gain        Interval // of the doubling from First
	Verdict     Verdict
	Confidence  float64

	shape shape
	draws []shape // of the bootstrap
}

// Fit fits the curves of all families together, which share the estimate of the scatter, in their
// order.
func Fit(s Study) []Curve {
	all := make([]sample, len(s.Families))
	for i, f := range s.Families {
		all[i] = newSample(f)
	}
	scatter, scale := spread(all, s.Noise)
	list := make([]Curve, len(all))
	for i, f := range all {
		list[i] = f.curve(scatter, scale, s.Confidence)
	}
	return list
}

// At is the height of the curve at a cost, with its band.
func (c Curve) At(cost float64) Interval {
	x := math.Log2(cost / c.First)
	return c.interval(func(s shape) float64 { return s.at(x) })
}

// sameCost is the ratio up to which costs count as one.
const sameCost = 1.01

// newSample sorts a family's networks by cost.
func newSample(f Family) sample {
	points := slices.Clone(f.Points)
	slices.SortStableFunc(points, func(a, b Point) int { return cmp.Compare(a.Cost, b.Cost) })
	s := sample{name: f.Name}
	last := 0.
	costs := 0
	for _, p := range points {
		s.x = append(s.x, math.Log2(p.Cost/points[0].Cost))
		s.y = append(s.y, p.Mean)
		if p.Cost > sameCost*last {
			costs, last = costs+1, p.Cost
		}
	}
	if len(points) > 0 {
		s.first, s.last = points[0].Cost, points[len(points)-1].Cost
	}
	s.kind = max(None, min(Kind(costs-1), Bent))
	for _, bend := range bends {
		if bend == 0 || s.kind == Bent {
			s.starts = append(s.starts, s.design(bend))
		}
	}
	return s
}

// curve fits a family and draws its bootstrap.
func (f sample) curve(scatter Noise, scale, confidence float64) Curve {
	c := Curve{Name: f.name, Kind: f.kind, Networks: len(f.x), First: f.first, Last: f.last,
		Confidence: confidence, Verdict: Open}
	if f.kind == None {
		return c
	}
	c.shape = f.fit(scale)
	c.draws = f.bootstrap(c.shape, scatter, scale, draws(confidence))
	end := f.x[len(f.x)-1]
	c.Slope = c.interval(func(s shape) float64 { return s.slope(end) })
	c.Gain = c.interval(func(s shape) float64 { return s.at(1) - s.at(0) })
	c.Verdict = c.decide(end)
	return c
}

// decide holds the slope at the end, which lies so many doublings above the first network, against
// the gain of the first doubling. A line has the same slope everywhere, and a curve that ends
// within the first doubling has no other one to be held against: neither shows a plateau.
func (c Curve) decide(end float64) Verdict {
	more := c.interval(func(s shape) float64 {
		return s.slope(end) - PlateauShare*(s.at(1)-s.at(0))
	})
	switch {
	case c.Slope.High < 0:
		return Falling
	case c.Slope.Low > 0 && more.Low > 0:
		return Rising
	case c.Kind == Bent && end > 1 && c.Gain.Low > 0 && more.High < 0:
		return Plateau
	}
	return Open
}
