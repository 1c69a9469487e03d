package study

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"gridsearch/internal/fault"
	"gridsearch/internal/files"
	"gridsearch/internal/kernel"
	"gridsearch/internal/machine"
	"gridsearch/internal/predictions"
	"gridsearch/internal/store"
	"gridsearch/model/train"
	"gridsearch/model/weights"
	byimage "gridsearch/search/images"
)

// checkpointName is the file of a run that it is resumed from.
const checkpointName = "checkpoint"

// weightsName is the file of a complete run's weights.
const weightsName = "weights.safetensors"

// logName is the file of a run's notes, and completeNote begins the last of a complete run.
const (
	logName      = "log.txt"
	completeNote = "complete: top-1"
)

// checkpointEvery bounds the training that a killed worker loses.
const checkpointEvery = 30 * time.Second

// Work is a worker's life: it checks its kernels, greets, trains run after run as requests come on in, and answers on out. It returns when the input ends, which is also
// what happens when its supervisor dies: a run that is training then stops within a step, after a checkpoint.
func Work(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &worker{out: json.NewEncoder(out)}
	_, err := kernel.Choose(func(s *kernel.Set) { _ = w.send(reply{Checking: s.Name}) })
	if err != nil {
		return w.send(reply{Refused: err.Error()})
	}
	hello := environment()
	if err := w.send(reply{Hello: &hello}); err != nil {
		return err
	}
	requests := make(chan request)
	go func() {
		defer cancel()
		defer close(requests)
		for decoder := json.NewDecoder(in); ; {
			var r request
			if decoder.Decode(&r) != nil {
				return
			}
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	for r := range requests {
		done := w.train(ctx, r)
		if err := w.send(reply{Done: &done}); err != nil {
			return nil // nobody listens any more: the supervisor is gone
		}
	}
	return nil
}

type worker struct {
	mutex   sync.Mutex // replies come from the training and from its progress
	out     *json.Encoder
	library library
}

func (w *worker) send(r reply) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.out.Encode(r)
}

// train trains one run and says how it ended.
func (w *worker) train(ctx context.Context, r request) outcome {
	// One more than the training's threads: the loader prepares the next batch meanwhile.
	runtime.GOMAXPROCS(r.Spec.Threads + 1)
	done := outcome{Key: r.Spec.Key}
	result, hash, err := w.run(ctx, r)
	done.PeakRSSBytes = machine.PeakMemory()
	done.TrainSeconds, done.EvalSeconds, done.WaitSeconds = result.TrainSeconds, result.EvalSeconds, result.WaitSeconds
	var lost *train.CheckpointError
	switch done.Fault = fault.Of(err); {
	case err == nil:
		done.Result = recorded(result, hash)
	case errors.Is(err, context.Canceled):
		done.Interrupted = true
		if errors.As(err, &lost) && done.Fault == nil {
			done.Fault = &fault.Fault{Cause: lost.Err.Error()}
		}
	case done.Fault == nil:
		done.Error = err.Error()
	}
	return done
}

// run trains one run. Beside its result it gives the hash of the predictions that it has kept.
func (w *worker) run(
	ctx context.Context, r request,
) (result train.Result, hash string, err error) {
	set, err := w.images(r.Spec)
	if err != nil {
		return result, "", err
	}
	// Its parent is there unless the study has been moved or deleted: that is not to be made again.
	if err := os.Mkdir(r.Dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return result, "", err
	}
	logFile, err := os.OpenFile(filepath.Join(r.Dir, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return result, "", err
	}
	defer logFile.Close()
	logger := log.New(logFile, "", log.LstdFlags|log.LUTC)
	logger.Printf("run %s: trial %s, seed %d, process %d", r.Spec.Key, r.Spec.Trial, r.Spec.SeedIndex, os.Getpid())
	job := train.Job{
		Architecture: r.Spec.Architecture, Recipe: r.Spec.Recipe, Augmentation: r.Spec.Augmentation,
		Train: set.train, Validation: set.validation,
		Seed: r.Spec.Seed(), Threads: r.Spec.Threads, Checkpoint: filepath.Join(r.Dir, checkpointName), CheckpointEvery: checkpointEvery,
		Log: func(note string) { logger.Print(note) },
		StartsOver: func(reason error) {
			_ = w.send(reply{Progress: &Progress{Key: r.Spec.Key, StartsOver: reason.Error()}})
		},
		Unsaved:    func(err error) { _ = w.send(reply{Unsaved: fault.Of(err)}) },
		KeepLogits: r.keepsPredictions(set.validation.N),
	}
	result, err = train.Run(ctx, job, w.progress(r.Spec.Key))
	if err == nil {
		hash, err = w.keep(r, result, set.validation.Labels)
	}
	logger.Print(summary(result, err))
	return result, hash, err
}

// images reads the images of a run, and says all the while that the worker is alive.
func (w *worker) images(spec Spec) (*images, error) {
	read := make(chan struct{})
	defer close(read)
	go func() {
		ticker := time.NewTicker(aliveEvery)
		defer ticker.Stop()
		for {
			select {
			case <-read:
				return
			case <-ticker.C:
				_ = w.send(reply{Alive: true}) // as in progress
			}
		}
	}()
	return w.library.get(spec)
}

// aliveEvery is the time from one word to the next where a run has no progress to tell.
const aliveEvery = 200 * time.Millisecond

// keepsPredictions says whether those of n images are small enough to be kept.
func (r request) keepsPredictions(n int) bool {
	return predictions.Bytes(n, r.Spec.Architecture.Classes) <= r.KeepPredictions
}

// keep writes the weights and the predictions that a run ends with, and gives the hash of the
// latter. It is done before the run has a result on the record, so that every complete run has
// them.
func (w *worker) keep(
	r request, result train.Result, labels []int32,
) (hash string, err error) {
	if r.KeepWeights {
		if err := keepWeights(r, result); err != nil {
			return "", err
		}
	}
	if result.Logits == nil {
		return "", nil
	}
	text, err := predictions.File{
		Key: r.Spec.Key, Trial: r.Spec.Trial, Seed: r.Spec.SeedIndex, Names: w.library.classes,
		Predictions: byimage.Predictions{Labels: labels, Logits: result.Logits,
			Classes: r.Spec.Architecture.Classes},
	}.Encode()
	if err != nil {
		return "", err
	}
	return predictions.Checksum(text), files.Replace(filepath.Join(r.Dir, predictions.FileName), text)
}

// keepWeights writes the weights.
func keepWeights(r request, result train.Result) error {
	arch := r.Spec.Architecture
	arch.Dropout, arch.DropConnect = r.Spec.Recipe.Dropout, r.Spec.Recipe.DropConnect // of the trial's phi
	network := weights.Network{Architecture: arch, Parameters: result.Weights, Mean: result.Mean, Deviation: result.Deviation}
	text, err := network.Safetensors(weights.Torchvision)
	if err != nil {
		return err
	}
	return files.Replace(filepath.Join(r.Dir, weightsName), text)
}

func (w *worker) progress(key string) func(train.Progress) {
	return func(p train.Progress) {
		// A failed send means that the supervisor is gone; the end of the input says so too and stops the training.
		_ = w.send(reply{Progress: &Progress{Key: key, Step: p.Step, Steps: p.Steps, Loss: p.Loss, LearningRate: p.LearningRate}})
	}
}

func summary(result train.Result, err error) string {
	if err != nil {
		return "ended: " + err.Error()
	}
	return fmt.Sprintf(completeNote+" %.4f of %d images, loss %.4f, %d steps, %.1f s training, %.1f s evaluation, %.2f s waiting for data",
		result.Top1, result.Examples, result.Loss, result.Steps, result.TrainSeconds, result.EvalSeconds, result.WaitSeconds)
}

// recorded takes from a result what is the same on every repetition of the run.
func recorded(r train.Result, hash string) *store.Result {
	curve := make([]store.CurvePoint, len(r.Curve))
	for i, point := range r.Curve {
		curve[i] = store.CurvePoint{Epoch: point.Epoch, Step: point.Step, Loss: point.Loss, Top1: point.Top1}
	}
	return &store.Result{Top1: r.Top1, Top5: r.Top5, Loss: r.Loss, Examples: r.Examples,
		Correct: r.Correct, Curve: curve, Steps: r.Steps, Predictions: hash}
}
