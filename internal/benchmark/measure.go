package benchmark

import (
	"time"

	"gridsearch/internal/latency"
	"gridsearch/internal/machine"
	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/train"
)

// Result is the measurement of a workload. Speeds are those of the shortest step, as other load on
// the machine can only make a step longer.
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
	// gflops as a fraction of the peak of as many cores as there are threads
	PeakShare float64 `json:"peak_share"`
	// peak resident memory of a process that does nothing else, from its start; 0 where not known
	PeakMemoryBytes int64 `json:"peak_memory_bytes"`
}

// Passes over the network that count for a step: training computes outputs, their gradients and
// those of the weights.
func (w Workload) passes() float64 {
	if w.Mode == Infer {
		return 1
	}
	return 3
}

// summarize computes a result, except its memory, from the times of steps and the peak of one core.
func (w Workload) summarize(cost model.Cost, steps []time.Duration, peakGFLOPS float64) Result {
	shortest, median := latency.Middle(steps)
	seconds := shortest.Seconds()
	r := Result{Name: w.Name(), Workload: w, Params: cost.Params, MAdds: cost.MAdds,
		StepMSMedian: 1e3 * median.Seconds(), StepMSMin: 1e3 * seconds}
	r.ImagesPerSecond = float64(w.Batch) / seconds
	r.GFLOPS = 2 * w.passes() * float64(cost.MAdds) * r.ImagesPerSecond / 1e9
	r.PeakShare = r.GFLOPS / (peakGFLOPS * float64(w.Threads))
	return r
}

// Measure measures a workload in this process. peakGFLOPS is that of one core.
func Measure(w Workload, peakGFLOPS float64) (Result, error) {
	arch, err := w.Architecture()
	if err != nil {
		return Result{}, err
	}
	step, err := w.build(arch)
	if err != nil {
		return Result{}, err
	}
	defer step.Close()
	steps, err := step.Times(w.Rounds)
	if err != nil {
		return Result{}, err
	}
	r := w.summarize(arch.Cost(), steps, peakGFLOPS)
	r.PeakMemoryBytes = machine.PeakMemory()
	return r, nil
}

// build makes the steps of a workload on a network.
func (w Workload) build(arch model.Architecture) (latency.Steps, error) {
	if w.Mode == Infer {
		return latency.Inference(arch, w.Batch, w.Threads)
	}
	return w.train(arch)
}

// recipe is DefaultRecipe's optimiser with a learning rate at which random images do not diverge,
// and the baseline's own regularisation.
func (w Workload) recipe() (train.Recipe, error) {
	baseline, err := model.Preset(w.Baseline)
	r := train.DefaultRecipe()
	r.BatchSize, r.LearningRate, r.Dropout, r.DropConnect = w.Batch, .01, baseline.Dropout,
		baseline.DropConnect
	return r, err
}

func (w Workload) train(arch model.Architecture) (latency.Steps, error) {
	recipe, err := w.recipe()
	if err != nil {
		return latency.Steps{}, err
	}
	trainer, err := train.NewTrainer(arch, recipe, latency.Seed, w.Threads)
	if err != nil {
		return latency.Steps{}, err
	}
	latency.Noise(trainer.Images())
	labels := random.New(latency.Seed, "benchmark", "labels")
	for i := range trainer.Labels() {
		trainer.Labels()[i] = int32(labels.IntN(w.Classes))
	}
	run := func(step int) error {
		_, err := trainer.Step(step, recipe.LearningRate)
		return err
	}
	return latency.Steps{Run: run, Close: trainer.Close}, nil
}
