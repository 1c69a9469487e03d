// Package latency measures the time of a network's passes.
package latency

import (
	"slices"
	"time"

	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/nn"
)

// Latency is the time that a network takes for a batch of images, in seconds.
type Latency struct {
	Repeats  int // that were timed
	Shortest float64
	Median   float64
}

// Repeats of a latency: as many as [effnet] Table 4 averages, and for a quick network as many as
// fill the time.
const (
	leastRepeats = 20
	within       = 300 * time.Millisecond
)

// Measure measures a network's inference in this process. between is called before every pass and
// not timed; its error ends the measurement.
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

// WarmUp is the number of untimed steps at the beginning, in which memory is touched and weights
// are packed.
const WarmUp = 2

// Steps are passes that can be timed.
type Steps struct {
	Run     func(step int) error
	Close   func() error
	Between func() error // called before every step and not timed; may be nil
}

// Times runs the steps, and returns the times of those after the warm-up.
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

// Inference is the passes of a network with random weights on random images, which take as long as
// others. The caller must close the network.
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

// Noise fills images with standard normal numbers, which normalised images resemble.
func Noise(images []float32) {
	stream := random.New(Seed, "benchmark", "images")
	for i := range images {
		images[i] = float32(stream.Norm())
	}
}

// Seed is the seed of all random numbers in what is timed.
const Seed = 1

// Middle is the shortest and the median of times.
func Middle(steps []time.Duration) (shortest, median time.Duration) {
	steps = slices.Sorted(slices.Values(steps))
	return steps[0], (steps[len(steps)/2] + steps[(len(steps)-1)/2]) / 2
}
