package scoresheet

import (
	"fmt"

	"gridsearch/internal/plural"
)

// Sentence says how the file was read.
func (s *Sheet) Sentence() string {
	return fmt.Sprintf("%s: %s of %s on %s; %s", s.File, plural.Of(s.runs(), "run"),
		plural.Of(len(s.Trials), "trial"),
		plural.Of(len(s.Seeds), "seed"), s.reading())
}

// reading says how the values were interpreted.
func (s *Sheet) reading() string {
	switch {
	case s.Lower:
		return s.Metric + ": lower is better, values as they are"
	case !s.Percent:
		return s.Metric + ": higher is better, read as fractions: no value is above 1"
	}
	line := s.Metric + ": higher is better, read as percent: there are values above 1"
	if s.Small > 0 {
		line += fmt.Sprintf(" (but %d are at most 1: are those fractions?)", s.Small)
	}
	return line
}
