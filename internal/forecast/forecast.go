// Package forecast estimates how long a plan takes on this machine.
package forecast

import (
	"math"
	"runtime"
	"time"

	"gridsearch/internal/study"
	"gridsearch/model/nn"
)

// Time is the time that a plan would take on this machine.
type Time struct {
	Runs    int     // 0 where the file says too little to train
	Workers int     // runs at a time
	Seconds float64 // of the whole study
	FLOPS   float64 // floating-point operations a second of one worker, 2 for a multiply-add
}

// estimateSteps and estimateWork limit the measurement: a few steps of at most estimateWork
// multiply-adds each.
const (
	estimateSteps = 4
	estimateWork  = 4e8
)

// Measure trains the base network for a few steps and scales the time to the plan: 3 passes over
// each training image of each epoch, and one over the validation images.
func Measure(p *study.Prepared) (Time, error) {
	e := p.Experiment
	if e.Data == nil || e.Train == nil {
		return Time{}, nil
	}
	speed, err := rate(p)
	if err != nil {
		return Time{}, err
	}
	published := float64(p.Published())
	validation := math.Round(e.Data.ValidationFraction * published)
	images := float64(e.Data.TrainExamples)
	if images == 0 {
		images = published - validation
	}
	t := Time{Workers: runtime.GOMAXPROCS(0), FLOPS: 2 * speed}
	if e.Execution.Workers > 0 {
		t.Workers = min(t.Workers, e.Execution.Workers) // more of them share the cores
	}
	for _, trial := range p.Trainable() {
		work := float64(trial.Network.Cost.MAdds) * (3*images*float64(e.Train.Epochs) + validation)
		t.Seconds += work / speed * float64(e.Replication.Seeds) / float64(t.Workers)
		t.Runs += e.Replication.Seeds
	}
	return t, nil
}

// rate measures multiply-adds a second.
func rate(p *study.Prepared) (float64, error) {
	cost := 3 * float64(p.Base.Cost().MAdds)
	batch := max(2, min(p.Experiment.Train.BatchSize, int(estimateWork/cost)))
	params, err := nn.NewParameters(p.Base, 1, false)
	if err != nil {
		return 0, err
	}
	network, err := nn.NewTrainer(p.Base, params, nn.Options{Batch: batch})
	if err != nil {
		return 0, err
	}
	defer network.Close()
	best := math.Inf(1)
	for step := range estimateSteps {
		began := time.Now()
		if _, err := network.Step(step); err != nil {
			return 0, err
		}
		best = min(best, time.Since(began).Seconds())
	}
	return cost * float64(batch) / best, nil
}
