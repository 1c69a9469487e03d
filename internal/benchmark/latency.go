package benchmark

import (
	"time"

	"gridsearch/model"
)

// Latency is how long a network takes for a batch of images, in seconds. Random weights and images
// take as long as others.
type Latency struct {
	Repeats  int // that were timed
	Shortest float64
	Median   float64
}

// Repeats of a latency: as many as [effnet] Table 4 averages, and of a quick network as many as
// fill the time.
const (
	leastRepeats  = 20
	latencyWithin = 300 * time.Millisecond
)

// MeasureLatency measures a network's inference in this process. between is called in front of
// every pass, in no pass's time; its error ends the measurement.
func MeasureLatency(arch model.Architecture, batch, threads int,
	between func() error) (Latency, error) {
	s := &stepper{between: between}
	if err := s.infer(arch, batch, threads); err != nil {
		return Latency{}, err
	}
	defer s.close()
	first, err := s.times(1)
	if err != nil {
		return Latency{}, err
	}
	repeats := max(leastRepeats, int(latencyWithin/max(1, first[0])))
	steps, err := s.times(repeats)
	if err != nil {
		return Latency{}, err
	}
	shortest, median := middle(steps)
	return Latency{Repeats: repeats, Shortest: shortest.Seconds(), Median: median.Seconds()}, nil
}
