package values

// Fit is the curve through a family's networks.
type Fit struct {
	Curve   []FitPoint // from the cheapest network's cost to a little beyond the most costly one's
	Inside  int        // how many of its points lie no further than that one
	Finding string     // what the curve's end shows, in a few words, such as "still rises"
	Says    string     // the same in a sentence, with the slope and its interval
	Shows   string     // plateau, rising, falling or open; empty where so few networks show nothing
}

// FitPoint is a place of a curve, with its band. Accuracies are fractions; Low and High are NaN
// where nothing says how large the noise is.
type FitPoint struct{ MAdds, Value, Low, High float64 }

// Lead is compound scaling compared with the single dimensions at one cost.
type Lead struct {
	Claim      string  // better, worse or not shown
	Ratio      float64 // the cost, as a multiple of the base network's
	MAdds      float64 // the same in multiply-adds
	Over       []Over  // each single dimension
	Confidence float64 // of the intervals
}

// Over is the lead over a single dimension, as a fraction, with its interval.
type Over struct {
	Name                  string
	Difference, Low, High float64
}

// Base is a depth and a resolution, as multiples of the base network's, with the networks that have
// both and differ in width.
type Base struct {
	Depth, Resolution float64
	Trials            []Trial // at least two, in the order of width
}
