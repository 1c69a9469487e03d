package scoresheet

import "fmt"

// Sentence says how the file was read.
func (s *Sheet) Sentence() string {
	return fmt.Sprintf("%s: %d runs of %d trials on %d seeds; %s", s.File, s.runs(), len(s.Trials),
		len(s.Seeds), s.reading())
}

// reading says what the values were taken for.
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
