// Package forecast estimates how long a plan takes on this machine.
package forecast

import (
	"math"
	"runtime"
	"time"

	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/model/nn"
)

// Time is the time that a plan would take on this machine.
type Time struct {
	Runs    int     // 0 where the file says too little to train
	Workers int     // runs at a time
	Seconds float64 // of the whole study
	FLOPS   float64 // floating-point operations a second of one worker, 2 for a multiply-add
}

// The measurement takes so many steps at least, and goes on for so long, of at most estimateWork
// multiply-adds each: the best of many short ones is not slowed by other programs.
const (
	estimateSteps = 4
	estimateTime  = 500 * time.Millisecond
	estimateWork  = 4e8
)

// Measure trains the base network for a few steps and scales the time to the plan.
func Measure(p *study.Prepared) (Time, error) {
	e := p.Experiment
	if e.Data == nil || e.Train == nil {
		return Time{}, nil
	}
	speed, err := Speed(p.Base, e.Train.BatchSize)
	if err != nil {
		return Time{}, err
	}
	images := e.Data.TrainExamples
	if images == 0 {
		images = p.Published()
		if e.Data.ValidationFraction > 0 {
			images -= p.Validation
		}
	}
	t := Time{Workers: runtime.GOMAXPROCS(0), FLOPS: 2 * speed}
	if e.Execution.Workers > 0 {
		t.Workers = min(t.Workers, e.Execution.Workers) // more of them share the cores
	}
	for _, trial := range p.Trainable() {
		work := float64(trial.Network.Cost.MAdds) * e.Train.Passes(images, p.Validation)
		t.Seconds += work / speed * float64(e.Replication.Seeds) / float64(t.Workers)
		t.Runs += e.Replication.Seeds
	}
	return t, nil
}

// Speed measures the multiply-adds a second of one core that trains a network, in the best of a few
// steps.
func Speed(base model.Architecture, batch int) (float64, error) {
	cost := 3 * float64(base.Cost().MAdds)
	batch = max(2, min(batch, int(estimateWork/cost)))
	params, err := nn.NewParameters(base, 1, false)
	if err != nil {
		return 0, err
	}
	network, err := nn.NewTrainer(base, params, nn.Options{Batch: batch})
	if err != nil {
		return 0, err
	}
	defer network.Close()
	best := math.Inf(1)
	start := time.Now()
	for step := 0; step < estimateSteps || time.Since(start) < estimateTime; step++ {
		began := time.Now()
		if _, err := network.Step(step); err != nil {
			return 0, err
		}
		best = min(best, time.Since(began).Seconds())
	}
	return cost * float64(batch) / best, nil
}
