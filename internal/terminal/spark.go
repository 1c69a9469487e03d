package terminal

import "math"

// Bars of growing height, in Unicode and in ASCII.
var (
	blocks = []rune("▁▂▃▄▅▆▇█")
	ascii  = []rune("_.:-=+*#")
)

// Sparkline draws numbers as bars of one cell each, the least of them as the lowest bar and the
// greatest as the highest; equal ones are of middle height. NaN is an empty cell.
func Sparkline(values []float64, unicode bool) string {
	bars := ascii
	if unicode {
		bars = blocks
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	line := make([]rune, len(values))
	for i, v := range values {
		switch top := len(bars) - 1; {
		case math.IsNaN(v):
			line[i] = ' '
		case high == low:
			line[i] = bars[top/2]
		default:
			line[i] = bars[int(math.Round((v-low)/(high-low)*float64(top)))]
		}
	}
	return string(line)
}
