package benchmark

import (
	"slices"
	"time"

	"gridsearch/internal/machine"
	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/nn"
	"gridsearch/model/train"
)

// Result is what has been measured of a workload. Speeds are those of the shortest step: whatever
// else a machine does can only make a step longer.
type Result struct {
	Name string `json:"name"`
	Workload
	Params          int64   `json:"params"`         // trained parameters
	MAdds           int64   `json:"madds"`          // multiply-adds of one image's forward pass
	StepMSMedian    float64 `json:"step_ms_median"` // milliseconds
	StepMSMin       float64 `json:"step_ms_min"`    // milliseconds
	ImagesPerSecond float64 `json:"images_per_s"`   // of the shortest step
	// of the shortest step: 2 operations a multiply-add; 3 passes in training, 1 in inference
	GFLOPS float64 `json:"gflops"`
	// gflops as a fraction of what as many cores as there are threads can do
	PeakShare float64 `json:"peak_share"`
	// resident, of a process that does nothing else, from its start on; 0 where not known
	PeakMemoryBytes int64 `json:"peak_memory_bytes"`
}

// Passes over the network that a step is counted as: training computes outputs, their gradients and
// those of the weights.
func (w Workload) passes() float64 {
	if w.Mode == Infer {
		return 1
	}
	return 3
}

// summarize computes a result, but for its memory, from the times of steps and the peak of one
// core.
func (w Workload) summarize(cost model.Cost, steps []time.Duration, peakGFLOPS float64) Result {
	shortest, median := middle(steps)
	seconds := shortest.Seconds()
	r := Result{Name: w.Name(), Workload: w, Params: cost.Params, MAdds: cost.MAdds,
		StepMSMedian: 1e3 * median.Seconds(), StepMSMin: 1e3 * seconds}
	r.ImagesPerSecond = float64(w.Batch) / seconds
	r.GFLOPS = 2 * w.passes() * float64(cost.MAdds) * r.ImagesPerSecond / 1e9
	r.PeakShare = r.GFLOPS / (peakGFLOPS * float64(w.Threads))
	return r
}

// middle is the shortest and the median of times.
func middle(steps []time.Duration) (shortest, median time.Duration) {
	steps = slices.Sorted(slices.Values(steps))
	return steps[0], (steps[len(steps)/2] + steps[(len(steps)-1)/2]) / 2
}

// warmUp is the number of steps before the first that is timed: memory is touched and weights are
// packed in them.
const warmUp = 2

// Measure measures a workload in this process. The peak is that of one core.
func Measure(w Workload, peakGFLOPS float64) (Result, error) {
	step, err := w.build()
	if err != nil {
		return Result{}, err
	}
	defer step.close()
	steps, err := step.times(w.Rounds)
	if err != nil {
		return Result{}, err
	}
	r := w.summarize(step.cost, steps, peakGFLOPS)
	r.PeakMemoryBytes = machine.PeakMemory()
	return r, nil
}

// stepper makes steps of a workload.
type stepper struct {
	run     func(step int) error
	close   func() error
	cost    model.Cost
	between func() error // in front of every step; nil for nothing
}

// times makes steps, and times those behind the warm-up.
func (s *stepper) times(rounds int) ([]time.Duration, error) {
	steps := make([]time.Duration, 0, rounds)
	for i := range warmUp + rounds {
		if s.between != nil {
			if err := s.between(); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		if err := s.run(i); err != nil {
			return nil, err
		}
		if i >= warmUp {
			steps = append(steps, time.Since(began))
		}
	}
	return steps, nil
}

// seed of everything random in a workload.
const seed = 1

func (w Workload) build() (*stepper, error) {
	arch, err := w.Architecture()
	if err != nil {
		return nil, err
	}
	s := &stepper{cost: arch.Cost()}
	if w.Mode == Infer {
		return s, s.infer(arch, w.Batch, w.Threads)
	}
	return s, s.train(arch, w)
}

// recipe is DefaultRecipe's optimiser at a rate that no noise makes diverge, with the baseline's
// own regularisation.
func (w Workload) recipe() (train.Recipe, error) {
	baseline, err := model.Preset(w.Baseline)
	r := train.DefaultRecipe()
	r.BatchSize, r.LearningRate, r.Dropout, r.DropConnect = w.Batch, .01, baseline.Dropout,
		baseline.DropConnect
	return r, err
}

func (s *stepper) train(arch model.Architecture, w Workload) error {
	recipe, err := w.recipe()
	if err != nil {
		return err
	}
	trainer, err := train.NewTrainer(arch, recipe, seed, w.Threads)
	if err != nil {
		return err
	}
	s.close = trainer.Close
	s.run = func(step int) error {
		_, err := trainer.Step(step, recipe.LearningRate)
		return err
	}
	noise(trainer.Images())
	labels := random.New(seed, "benchmark", "labels")
	for i := range trainer.Labels() {
		trainer.Labels()[i] = int32(labels.IntN(w.Classes))
	}
	return nil
}

func (s *stepper) infer(arch model.Architecture, batch, threads int) error {
	params, err := nn.NewParameters(arch, seed, false)
	if err != nil {
		return err
	}
	network, err := nn.NewEvaluator(arch, params, nn.Options{Batch: batch, Threads: threads})
	if err != nil {
		return err
	}
	s.close = network.Close
	s.run = func(step int) error {
		_, err := network.Step(step)
		return err
	}
	noise(network.Images())
	return nil
}

// noise fills images with standard normal numbers, as normalised images have them.
func noise(images []float32) {
	stream := random.New(seed, "benchmark", "images")
	for i := range images {
		images[i] = float32(stream.Norm())
	}
}
