// Package marks places small drawings: the loss of a running run, the runs of a trial.
package marks

import (
	"fmt"
	"math"
	"strings"

	"gridsearch/internal/job"
)

// Line is a curve in a box of 120 by 28.
type Line struct {
	Points string // of the line, as SVG has them; empty for fewer than two
	X, Y   string // of its end; empty for none
	Text   string // what it shows
}

const width, height, margin = 120., 28., 3.

// Sparkline is the training loss of a run by step, of so many. Its left edge is the first step, its
// right edge the last, so that it grows as the run does.
func Sparkline(curve []job.CurvePoint, steps int) Line {
	if len(curve) == 0 {
		return Line{Text: "no epoch has ended yet"}
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range curve {
		low, high = min(low, p.Loss), max(high, p.Loss)
	}
	var l Line
	var points []string
	for _, p := range curve {
		y := .5
		if high > low {
			y = (high - p.Loss) / (high - low)
		}
		share := min(1, float64(p.Step)/float64(max(1, steps)))
		l.X = fmt.Sprintf("%.1f", margin+(width-2*margin)*share)
		l.Y = fmt.Sprintf("%.1f", margin+(height-2*margin)*y)
		points = append(points, l.X+","+l.Y)
	}
	first, last := curve[0], curve[len(curve)-1]
	l.Text = fmt.Sprintf("training loss by epoch: %.3f after epoch %d, %.3f after epoch %d",
		first.Loss, first.Epoch, last.Loss, last.Epoch)
	if len(points) > 1 {
		l.Points = strings.Join(points, " ")
	}
	return l
}

// Strip is where a trial's runs and their mean stand on a scale from 0 to 200.
type Strip struct {
	Mean  string
	Ticks []string
}

// Strips are those of trials, on one scale from the lowest run to the highest.
func Strips(means []float64, runs [][]float64) []Strip {
	low, high := math.Inf(1), math.Inf(-1)
	for _, scores := range runs {
		for _, v := range scores {
			low, high = min(low, v), max(high, v)
		}
	}
	at := func(v float64) string {
		if high <= low {
			return "100.0"
		}
		return fmt.Sprintf("%.1f", 6+188*(v-low)/(high-low))
	}
	strips := make([]Strip, len(means))
	for i, mean := range means {
		strips[i].Mean = at(mean)
		for _, v := range runs[i] {
			strips[i].Ticks = append(strips[i].Ticks, at(v))
		}
	}
	return strips
}
