// Package latency times passes of networks.
package latency

import (
	"slices"
	"time"

	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/nn"
)

// Latency is how long a network takes for a batch of images, in seconds.
type Latency struct {
	Repeats  int // that were timed
	Shortest float64
	Median   float64
}

// Repeats of a latency: as many as [effnet] Table 4 averages, and of a quick network as many as
// fill the time.
const (
	leastRepeats = 20
	within       = 300 * time.Millisecond
)

// Measure measures a network's inference in this process. between is called in front of
// every pass, in no pass's time; its error ends the measurement.
func Measure(arch model.Architecture, batch, threads int, between func() error) (Latency, error) {
	s, err := Inference(arch, batch, threads)
	if err != nil {
		return Latency{}, err
	}
	defer s.Close()
	s.Between = between
	first, err := s.Times(1)
	if err != nil {
		return Latency{}, err
	}
	repeats := max(leastRepeats, int(within/max(1, first[0])))
	steps, err := s.Times(repeats)
	if err != nil {
		return Latency{}, err
	}
	shortest, median := Middle(steps)
	return Latency{Repeats: repeats, Shortest: shortest.Seconds(), Median: median.Seconds()}, nil
}

// WarmUp is the number of steps before the first that is timed: memory is touched and weights are
// packed in them.
const WarmUp = 2

// Steps are passes that can be timed.
type Steps struct {
	Run     func(step int) error
	Close   func() error
	Between func() error // in front of every step, in no step's time; nil for nothing
}

// Times makes steps, and times those behind the warm-up.
func (s Steps) Times(rounds int) ([]time.Duration, error) {
	steps := make([]time.Duration, 0, rounds)
	for i := range WarmUp + rounds {
		if s.Between != nil {
			if err := s.Between(); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		if err := s.Run(i); err != nil {
			return nil, err
		}
		if i >= WarmUp {
			steps = append(steps, time.Since(began))
		}
	}
	return steps, nil
}

// Inference makes the passes of a network with random weights over random images, which take as
// long as others. The network is to be closed.
func Inference(arch model.Architecture, batch, threads int) (Steps, error) {
	params, err := nn.NewParameters(arch, Seed, false)
	if err != nil {
		return Steps{}, err
	}
	network, err := nn.NewEvaluator(arch, params, nn.Options{Batch: batch, Threads: threads})
	if err != nil {
		return Steps{}, err
	}
	Noise(network.Images())
	run := func(step int) error {
		_, err := network.Step(step)
		return err
	}
	return Steps{Run: run, Close: network.Close}, nil
}

// Noise fills images with standard normal numbers, as normalised images have them.
func Noise(images []float32) {
	stream := random.New(Seed, "benchmark", "images")
	for i := range images {
		images[i] = float32(stream.Norm())
	}
}

// Seed is that of everything random in what is timed.
const Seed = 1

// Middle is the shortest and the median of times.
func Middle(steps []time.Duration) (shortest, median time.Duration) {
	steps = slices.Sorted(slices.Values(steps))
	return steps[0], (steps[len(steps)/2] + steps[(len(steps)-1)/2]) / 2
}
