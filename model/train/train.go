package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"time"

	"gridsearch/dataset"
	"gridsearch/dataset/batch"
	"gridsearch/internal/kernel"
	"gridsearch/internal/machine"
	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/layer"
	"gridsearch/model/recipe"
)

// Job is one training: a network, how it is trained, and on what.
type Job struct {
	Architecture model.Architecture
	Recipe       Recipe
	// at the architecture's size, or at the native one where the augmentation crops
	Train        *dataset.Images
	Validation   *dataset.Images
	Augmentation recipe.Augmentation
	Seed         uint64 // of initialisation, data order, augmentation and masks
	Threads      int    // 0 for one; the bits of the result depend on it

	Checkpoint      string        // file to resume from and to write to; empty for none
	CheckpointEvery time.Duration // the longest training that a crash may cost
	Log             func(string)  // takes notes about the checkpoint; may be nil
	StartsOver      func(error)   // called with the reason if a checkpoint is not used; may be nil
	Unsaved         func(error)   // called when checkpoints can no longer be written; may be nil

	KeepLogits bool // of the validation images, in the result
}

// Progress says how far a training is.
type Progress struct {
	Step, Steps  int
	Epoch        int
	Loss         float64 // of the last step
	LearningRate float64
	Curve        Curve // so far; it is not changed any more, only followed by longer ones
}

// CurvePoint is the end of an epoch: mean loss and top-1 over the epoch's steps, computed on the
// training batches, with augmentation and label smoothing.
type CurvePoint struct {
	Epoch int     `json:"epoch"` // 1 for the first
	Step  int     `json:"step"`  // steps done
	Loss  float64 `json:"loss"`
	Top1  float64 `json:"top1"`
}

// Curve is the training curve.
type Curve []CurvePoint

// Result is the outcome of a training. Accuracies are fractions of the validation images.
type Result struct {
	Top1     float64
	Top5     float64
	Loss     float64 // cross-entropy without label smoothing, in nats
	Examples int     // validation images
	Correct  []byte  // bit i%8 of byte i/8: image i was classified right
	Curve    Curve
	Steps    int
	Logits   []float32 // of the images [Examples, classes], in order; nil where not asked for

	Weights         *layer.Parameters // those that were evaluated
	Mean, Deviation []float32         // of each channel of the training images, pixels as 0..1

	TrainSeconds float64 // of this process
	EvalSeconds  float64
	WaitSeconds  float64 // waiting for data, part of TrainSeconds
}

// DivergedError ends a training whose loss is NaN or infinite.
type DivergedError struct {
	Step         int
	LearningRate float64
	Loss         float64
	// every step had a finite loss, but the final weights give a NaN or infinite one on the
	// validation images
	Validation bool
}

// Error says what became NaN or infinite, at which step, and what to change.
func (e *DivergedError) Error() string {
	loss := "the loss"
	if e.Validation {
		loss = "the loss on the validation images"
	}
	return fmt.Sprintf("%s became %v at step %d with learning rate %.4g: lower learning_rate or "+
		"lengthen warmup", loss, e.Loss, e.Step, e.LearningRate)
}

// diverged reports whether a loss is NaN or infinite.
func diverged(loss float64) bool { return math.IsNaN(loss) || math.IsInf(loss, 0) }

// progressEvery limits how often progress is reported.
const progressEvery = 200 * time.Millisecond

// CheckpointError says why a training that was stopped has left no checkpoint of its last step.
type CheckpointError struct{ Err error }

// Error says that the checkpoint could not be written, and why.
func (e *CheckpointError) Error() string {
	return "no checkpoint could be written: " + e.Err.Error()
}

// Unwrap is why the checkpoint could not be written.
func (e *CheckpointError) Unwrap() error { return e.Err }

// Run trains a network and evaluates the weights of the last step, or their exponential moving
// average if there is one. It resumes from the job's checkpoint if there is one. When the context
// ends it writes a checkpoint and returns the context's error, together with a *CheckpointError if
// that could not be written. A periodic checkpoint that cannot be written does not end the
// training. A loss that is NaN or infinite gives a *DivergedError.
//
// report is called with the progress now and then, during evaluation too.
func Run(ctx context.Context, job Job, report func(Progress)) (Result, error) {
	began := time.Now()
	s, err := newState(job)
	if err != nil {
		return Result{}, err
	}
	defer s.Close()
	s.resume()
	s.report, s.last = report, Progress{Step: s.step, Steps: s.steps, Curve: s.curve}
	if err := s.train(ctx); err != nil {
		return Result{TrainSeconds: time.Since(began).Seconds(), WaitSeconds: s.waited.Seconds()}, err
	}
	trained := time.Now()
	result, err := evaluate(s.arch, s.evaluated(), job.Validation, s.mean, s.deviation, job.Threads,
		job.KeepLogits, s.tell)
	result.Curve, result.Steps = s.curve, s.steps
	result.Weights, result.Mean, result.Deviation = s.evaluated(), s.mean, s.deviation
	result.TrainSeconds, result.EvalSeconds = trained.Sub(began).Seconds(),
		time.Since(trained).Seconds()
	result.WaitSeconds = s.waited.Seconds()
	if err == nil && diverged(result.Loss) {
		last := s.steps - 1
		err = &DivergedError{Step: last, LearningRate: s.job.Recipe.Rate(last, s.steps, s.perEpoch),
			Loss: result.Loss, Validation: true}
	}
	return result, err
}

// state is a training between two steps.
type state struct {
	*Trainer
	job             Job
	mean, deviation []float32
	perEpoch        int
	steps           int

	step   int // done
	curve  Curve
	sums   sums
	waited time.Duration

	unsaved bool // the last checkpoint could not be written, which has been reported

	report func(Progress)
	last   Progress  // the last step's
	told   time.Time // when it was last reported
}

// sums are the running totals of the current epoch.
type sums struct {
	Steps int     `json:"steps"`
	Loss  float64 `json:"loss"`
	Right int     `json:"right"`
}

func newState(job Job) (*state, error) {
	if err := job.check(); err != nil {
		return nil, err
	}
	trainer, err := NewTrainer(job.Architecture, job.Recipe, job.Seed, job.Threads)
	if err != nil {
		return nil, err
	}
	s := &state{Trainer: trainer, job: job}
	s.perEpoch = batch.StepsPerEpoch(job.Train.N, job.Recipe.BatchSize)
	s.steps = s.perEpoch * job.Recipe.Epochs
	s.mean, s.deviation = job.Train.Moments()
	return s, nil
}

func (j Job) check() error {
	if err := errors.Join(j.Recipe.Validate(), j.Augmentation.Validate()); err != nil {
		return err
	}
	for name, im := range map[string]*dataset.Images{"training": j.Train, "validation": j.Validation} {
		cropped := im == j.Train && j.Augmentation.Crop > 0
		switch {
		case im.Size != j.Architecture.Pixels && !cropped || im.Channels != j.Architecture.InChannels:
			return fmt.Errorf("%s images are %d x %d with %d channels, the network takes %d x %d "+
				"with %d", name, im.Size, im.Size, im.Channels, j.Architecture.Pixels,
				j.Architecture.Pixels, j.Architecture.InChannels)
		case im.N < 1:
			return fmt.Errorf("there are no %s images", name)
		}
	}
	if j.Train.N < j.Recipe.BatchSize {
		return fmt.Errorf("%d training images do not make one batch of %d", j.Train.N, j.Recipe.BatchSize)
	}
	return nil
}

// identity identifies the job in its checkpoints.
func (j Job) identity() string {
	text, err := json.Marshal([]any{j.Architecture.Key(), j.Recipe, j.Augmentation, j.Seed,
		j.Train.N, max(1, j.Threads)})
	if err != nil { // only NaN or infinite settings, which Validate refuses
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// computer names what decides, besides the job, how sums are rounded: the kernels and the processor
// of this process.
func computer() string {
	name := "no kernels" // with which nothing is computed
	if set, err := kernel.Chosen(); err == nil {
		name = "kernels " + set.Name
	}
	return fmt.Sprintf("%s on %s, %s", name, machine.CPU(), runtime.GOARCH)
}

// resume continues from the checkpoint if there is a valid one.
func (s *state) resume() {
	if s.job.Checkpoint == "" {
		return
	}
	err := s.load(s.job.Checkpoint)
	switch {
	case err == nil:
		s.log(fmt.Sprintf("resumed after step %d of %d", s.step, s.steps))
	case !errors.Is(err, fs.ErrNotExist):
		s.log("starting over: " + err.Error())
		if s.job.StartsOver != nil {
			s.job.StartsOver(err)
		}
	}
}

func (s *state) log(text string) {
	if s.job.Log != nil {
		s.job.Log(text)
	}
}

// train runs the remaining steps.
func (s *state) train(ctx context.Context) error {
	loader, err := batch.NewLoader(batch.Config{Images: s.job.Train,
		Pixels: s.arch.Pixels, Batch: s.job.Recipe.BatchSize, Seed: random.Seed(s.job.Seed, "data"),
		Augmentation: s.job.Augmentation, Mean: s.mean, Deviation: s.deviation, Start: s.step,
		Steps: s.steps})
	if err != nil {
		return err
	}
	defer loader.Close()
	saved := time.Now()
	for s.step < s.steps {
		if err := ctx.Err(); err != nil {
			if lost := s.checkpoint(); lost != nil {
				return errors.Join(err, &CheckpointError{lost})
			}
			return err
		}
		rate := s.job.Recipe.Rate(s.step, s.steps, s.perEpoch)
		loss, err := s.one(loader, rate)
		if err != nil {
			return err
		}
		s.last = Progress{Step: s.step, Steps: s.steps, Epoch: (s.step - 1) / s.perEpoch,
			Loss: loss, LearningRate: rate, Curve: s.curve}
		s.tell()
		if s.job.CheckpointEvery > 0 && time.Since(saved) >= s.job.CheckpointEvery {
			s.saved(s.checkpoint())
			saved = time.Now()
		}
	}
	return nil
}

// tell reports the progress, at most every progressEvery.
func (s *state) tell() {
	if now := time.Now(); now.Sub(s.told) >= progressEvery {
		s.told = now
		s.report(s.last)
	}
}

// saved handles the outcome of a periodic checkpoint. A failure costs at most some training again
// after a crash, so it is reported once and the training goes on.
func (s *state) saved(err error) {
	if err != nil && !s.unsaved {
		s.log("no checkpoint could be written: " + err.Error())
		if s.job.Unsaved != nil {
			s.job.Unsaved(err)
		}
	}
	s.unsaved = err != nil
}

func (s *state) checkpoint() error {
	if s.job.Checkpoint == "" {
		return nil
	}
	return s.save(s.job.Checkpoint)
}

// one makes one step.
func (s *state) one(loader *batch.Loader, rate float64) (loss float64, err error) {
	waited, err := loader.Next(s.Images(), s.Labels())
	if s.waited += waited; err != nil {
		return 0, err
	}
	if loss, err = s.Step(s.step, rate); err != nil {
		return 0, err
	}
	s.step++
	s.record(loss)
	return loss, nil
}

// record adds a step to the training curve.
func (s *state) record(loss float64) {
	s.sums.Steps++
	s.sums.Loss += loss
	for i, label := range s.Labels() {
		if rank(s.network.Logits()[i*s.arch.Classes:][:s.arch.Classes], int(label)) == 0 {
			s.sums.Right++
		}
	}
	if s.step%s.perEpoch == 0 {
		n := float64(s.sums.Steps)
		s.curve = append(s.curve, CurvePoint{Epoch: s.step / s.perEpoch, Step: s.step,
			Loss: s.sums.Loss / n, Top1: float64(s.sums.Right) / n / float64(s.job.Recipe.BatchSize)})
		s.sums = sums{}
	}
}
