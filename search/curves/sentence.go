package curves

import (
	"fmt"
	"math"
)

// Sentence says what the curve's end shows, in percentage points.
func (c Curve) Sentence() string {
	slope := fmt.Sprintf("%s points a doubling", c.Slope.points())
	switch {
	case c.Kind == None:
		return c.Name + ": one cost makes no curve"
	case c.Kind == Joined:
		return fmt.Sprintf("%s: %s between two costs, which make no curve", c.Name, slope)
	case c.Verdict == Falling:
		return fmt.Sprintf("%s: falls, %s at the end", c.Name, slope)
	case c.Kind == Line:
		return fmt.Sprintf("%s: %s along a straight line: three costs show no plateau", c.Name,
			slope)
	case c.Verdict == Plateau:
		return fmt.Sprintf("%s: a plateau, %s at the end, less than a tenth of the first "+
			"doubling's %s", c.Name, slope, signed(c.Gain.Value))
	case c.Verdict == Rising:
		return fmt.Sprintf("%s: %s at the end: it still rises", c.Name, slope)
	}
	return fmt.Sprintf("%s: %s at the end: no plateau seen, nor excluded", c.Name, slope)
}

// Finding is the verdict in a few words.
func (c Curve) Finding() string {
	switch {
	case c.Kind == None, c.Kind == Joined:
		return "no curve"
	case c.Verdict == Falling:
		return "falls"
	case c.Verdict == Rising:
		return "still rises"
	case c.Verdict == Plateau:
		return "a plateau"
	case c.Kind == Line:
		return "a straight line"
	}
	return "no plateau seen"
}

// points prints an interval in percentage points.
func (i Interval) points() string {
	if math.IsNaN(i.Low) {
		return signed(i.Value)
	}
	return fmt.Sprintf("%s (%s to %s)", signed(i.Value), signed(i.Low), signed(i.High))
}

// signed prints percentage points to two decimals; zero is +0.
func signed(share float64) string { return fmt.Sprintf("%+.2f", math.Round(1e4*share)/100+0) }
