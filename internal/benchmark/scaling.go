package benchmark

import (
	"context"
	"errors"
	"io"
	"sync"
)

// scalingWorkload has the size of networks that searches train.
func scalingWorkload() Workload {
	w := Default()
	w.Width, w.Resolution, w.Batch, w.Rounds = .25, 24, 32, 5
	return w
}

// scalingMS is how long workers train for one measurement, in milliseconds, and scalingTries the
// number of measurements, of which the best counts: other load can only slow them down.
const (
	scalingMS    = 400
	scalingTries = 2
)

// Scaling measures the steps per second of a number of workers together, relative to one worker's.
// Each is a process of its own, as in a study, with one thread. The command must call Serve.
func Scaling(ctx context.Context, command []string, workers int) (float64, error) {
	measure := func(w Workload) (Result, error) { return MeasureIn(ctx, command, w, 1, io.Discard) }
	w := scalingWorkload()
	first, err := measure(w)
	if err != nil {
		return 0, err
	}
	w.Rounds = max(w.Rounds, int(scalingMS/first.StepMSMedian))
	var alone, together float64
	for range scalingTries {
		one, err := stepsPerSecond(w, 1, measure)
		if err != nil {
			return 0, err
		}
		many, err := stepsPerSecond(w, workers, measure)
		if err != nil {
			return 0, err
		}
		alone, together = max(alone, one), max(together, many)
	}
	return together / alone, nil
}

// stepsPerSecond sums the rates of workers at the same time, each at its median step, so that steps
// while not all of them run hardly count.
func stepsPerSecond(w Workload, workers int, measure func(Workload) (Result,
	error)) (float64, error) {
	results, errs := make([]Result, workers), make([]error, workers)
	var wait sync.WaitGroup
	for i := range workers {
		wait.Go(func() { results[i], errs[i] = measure(w) })
	}
	wait.Wait()
	sum := 0.
	for _, r := range results {
		sum += 1e3 / r.StepMSMedian
	}
	return sum, errors.Join(errs...)
}
