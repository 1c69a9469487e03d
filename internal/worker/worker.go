// Package worker trains runs for whoever asks on its input, keeps their files, and measures how long
// their networks take.
package worker

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
	"strings"
	"sync"
	"time"

	"gridsearch/internal/environment"
	"gridsearch/internal/fault"
	"gridsearch/internal/files"
	"gridsearch/internal/images"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/machine"
	"gridsearch/internal/predictions"
	"gridsearch/internal/program"
	"gridsearch/model/train"
	"gridsearch/model/weights"
	byimage "gridsearch/search/images"
)

// checkpointEvery bounds the training that a killed worker loses.
const checkpointEvery = 30 * time.Second

// Places are where this worker has its files. A worker that only greets needs none.
type Places struct {
	Runs string // folder of the runs' folders; it is not made
	Data string // folder of the data; empty for their usual place
}

// Work is a worker's life: it checks its kernels, greets, trains or measures as requests come on in, and
// answers on out. It returns when the input ends, which is also what happens when its
// coordinator dies: a run that is training then stops within a step, after a checkpoint, and a
// measurement within a pass.
func Work(ctx context.Context, in io.Reader, out io.Writer, places Places) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := newWorker(out, places)
	_, err := kernel.Choose(func(s *kernel.Set) { _ = w.send(job.Reply{Checking: s.Name}) })
	if err != nil {
		return w.send(job.Reply{Refused: err.Error()})
	}
	if err := w.send(job.Reply{Hello: greeting()}); err != nil {
		return err
	}
	requests := make(chan job.Request)
	go func() {
		defer cancel()
		defer close(requests)
		for decoder := json.NewDecoder(in); ; {
			var r job.Request
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
		if err := w.check(r); err != nil {
			return err
		}
		if err := w.send(w.answer(ctx, r)); err != nil {
			return nil // nobody listens any more: the coordinator is gone
		}
	}
	return nil
}

type worker struct {
	mutex   sync.Mutex // replies come from the training and from its progress
	out     *json.Encoder
	runs    string // folder
	library library
}

func newWorker(out io.Writer, places Places) *worker {
	return &worker{out: json.NewEncoder(out), runs: places.Runs, library: library{path: places.Data}}
}

// greeting says who this is.
func greeting() *job.Greeting {
	host, _ := os.Hostname()
	return &job.Greeting{Protocol: job.Protocol, Host: host,
		CommandLine: strings.Join(program.Shown(os.Args), " "), Environment: environment.Here()}
}

// check holds a request against this program: the two sides are not the same where it fails.
func (w *worker) check(r job.Request) error {
	if r.Train != nil && w.runs == "" {
		return errors.New("this worker has been given no folder for its runs: start it with --runs DIR")
	}
	return r.Check()
}

// answer does what a request asks for.
func (w *worker) answer(ctx context.Context, r job.Request) job.Reply {
	if r.Measure != nil {
		measured := w.measure(ctx, *r.Measure)
		return job.Reply{Measured: &measured}
	}
	done := w.train(ctx, *r.Train)
	return job.Reply{Done: &done}
}

// folder is the folder of a run.
func (w *worker) folder(key string) string { return filepath.Join(w.runs, key) }

func (w *worker) send(r job.Reply) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.out.Encode(r)
}

// train trains one run and says how it ended.
func (w *worker) train(ctx context.Context, r job.Training) job.Outcome {
	// One more than the training's threads: the loader prepares the next batch meanwhile.
	runtime.GOMAXPROCS(r.Spec.Threads + 1)
	done := job.Outcome{Key: r.Spec.Key}
	result, kept, err := w.run(ctx, r)
	for mended := 0; w.library.mend(err); mended++ {
		if mended == mends {
			err = &fault.Fault{Cause: err.Error(), Advice: "it was made anew before, so the disk or the " +
				"memory of this machine fails"}
			break
		}
		result, kept, err = w.run(ctx, r)
	}
	done.PeakRSSBytes = machine.PeakMemory()
	done.TrainSeconds, done.EvalSeconds, done.WaitSeconds = result.TrainSeconds, result.EvalSeconds,
		result.WaitSeconds
	var lost *train.CheckpointError
	switch done.Fault = fault.Of(err); {
	case err == nil:
		done.Result, done.Files = recorded(result), kept
		for _, file := range kept {
			if file.Name == predictions.FileName {
				done.Result.Predictions = file.SHA256
			}
		}
	case errors.Is(err, context.Canceled):
		done.Interrupted = true
		if text, err := os.ReadFile(filepath.Join(w.folder(r.Spec.Key), job.CheckpointFile)); err == nil {
			done.Files = []job.File{job.FileOf(job.CheckpointFile, text)}
		}
		if errors.As(err, &lost) && done.Fault == nil {
			done.Fault = &fault.Fault{Cause: lost.Err.Error()}
		}
	case done.Fault == nil:
		done.Error = err.Error()
	}
	return done
}

// mends is how often packs are made anew for one run before the machine is at fault.
const mends = 3

// run trains one run. Beside its result it gives the files that it has kept.
func (w *worker) run(
	ctx context.Context, r job.Training,
) (result train.Result, kept []job.File, err error) {
	folder := w.folder(r.Spec.Key)
	pair, err := w.images(ctx, r.Spec)
	if err != nil {
		return result, nil, err
	}
	// Its parent is there unless the study has been moved or deleted: that is not to be made again.
	if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return result, nil, err
	}
	logFile, err := os.OpenFile(filepath.Join(folder, job.LogFile),
		os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return result, nil, err
	}
	defer logFile.Close()
	logger := log.New(logFile, "", log.LstdFlags|log.LUTC)
	logger.Printf("run %s: trial %s, seed %d, process %d", r.Spec.Key, r.Spec.Trial,
		r.Spec.SeedIndex, os.Getpid())
	training := train.Job{
		Architecture: r.Spec.Architecture, Recipe: r.Spec.Recipe, Augmentation: r.Spec.Augmentation,
		Train: pair.Train, Validation: pair.Validation,
		Seed: r.Spec.Seed(), Threads: r.Spec.Threads, Checkpoint: filepath.Join(folder,
			job.CheckpointFile), CheckpointEvery: checkpointEvery,
		Log: func(note string) { logger.Print(note) },
		StartsOver: func(reason error) {
			_ = w.send(job.Reply{Progress: &job.Progress{Key: r.Spec.Key, StartsOver: reason.Error()}})
		},
		Unsaved:    func(err error) { _ = w.send(job.Reply{Unsaved: fault.Of(err)}) },
		KeepLogits: keepsPredictions(r, pair.Validation.N),
	}
	result, err = train.Run(ctx, training, w.progress(r.Spec.Key))
	if err == nil {
		kept, err = w.keep(r, result, pair.Validation.Labels)
	}
	logger.Print(summary(result, err))
	return result, kept, err
}

// images reads the images of a run, and says all the while that the worker is alive.
func (w *worker) images(ctx context.Context, spec job.Spec) (images.Pair, error) {
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
				_ = w.send(job.Reply{Alive: true}) // as in progress
			}
		}
	}()
	return w.library.get(ctx, spec)
}

// aliveEvery is the time from one word to the next where a run has no progress to tell.
const aliveEvery = 200 * time.Millisecond

// keepsPredictions says whether those of n images are small enough to be kept.
func keepsPredictions(r job.Training, n int) bool {
	return predictions.Bytes(n, r.Spec.Architecture.Classes) <= r.KeepPredictions
}

// keep writes the weights and the predictions that a run ends with, and says which. It is done
// before the run has a result on the record, so that every complete run has them.
func (w *worker) keep(
	r job.Training, result train.Result, labels []int32,
) (kept []job.File, err error) {
	write := func(name string, text []byte, err error) error {
		if err == nil {
			kept = append(kept, job.FileOf(name, text))
			err = files.Replace(filepath.Join(w.folder(r.Spec.Key), name), text)
		}
		return err
	}
	if r.KeepWeights {
		text, err := weightsOf(r, result)
		if err := write(job.WeightsFile, text, err); err != nil {
			return nil, err
		}
	}
	if result.Logits != nil {
		text, err := w.predictionsOf(r, result, labels)
		if err := write(predictions.FileName, text, err); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// predictionsOf is the file of a run's predictions.
func (w *worker) predictionsOf(r job.Training, result train.Result, labels []int32) ([]byte, error) {
	return predictions.File{
		Key: r.Spec.Key, Trial: r.Spec.Trial, Seed: r.Spec.SeedIndex, Names: w.library.classes,
		Predictions: byimage.Predictions{Labels: labels, Logits: result.Logits,
			Classes: r.Spec.Architecture.Classes},
	}.Encode()
}

// weightsOf is the file of a run's weights.
func weightsOf(r job.Training, result train.Result) ([]byte, error) {
	arch := r.Spec.Architecture
	// of the trial's phi
	arch.Dropout, arch.DropConnect = r.Spec.Recipe.Dropout, r.Spec.Recipe.DropConnect
	network := weights.Network{Architecture: arch, Parameters: result.Weights, Mean: result.Mean,
		Deviation: result.Deviation}
	return network.Safetensors(weights.Torchvision)
}

// progress sends how far a run is, and its curve when an epoch has ended since.
func (w *worker) progress(key string) func(train.Progress) {
	told := 0 // epochs
	return func(p train.Progress) {
		var curve []job.CurvePoint
		if len(p.Curve) > told {
			told, curve = len(p.Curve), job.Thin(curveOf(p.Curve))
		}
		// A failed send means that the coordinator is gone; the end of the input says so too and
		// stops the training.
		_ = w.send(job.Reply{Progress: &job.Progress{Key: key, Step: p.Step, Steps: p.Steps,
			Loss: p.Loss, LearningRate: p.LearningRate, Curve: curve}})
	}
}

func summary(result train.Result, err error) string {
	if err != nil {
		return "ended: " + err.Error()
	}
	return fmt.Sprintf(job.CompleteNote+" %.4f of %d images, loss %.4f, %d steps, %.1f s "+
		"training, %.1f s evaluation, %.2f s waiting for data",
		result.Top1, result.Examples, result.Loss, result.Steps, result.TrainSeconds,
		result.EvalSeconds, result.WaitSeconds)
}

// recorded takes from a result what is the same on every repetition of the run.
func recorded(r train.Result) *job.Result {
	return &job.Result{Top1: r.Top1, Top5: r.Top5, Loss: r.Loss, Examples: r.Examples,
		Correct: r.Correct, Curve: curveOf(r.Curve), Steps: r.Steps}
}

// curveOf is a training curve as it is told.
func curveOf(c train.Curve) []job.CurvePoint {
	curve := make([]job.CurvePoint, len(c))
	for i, point := range c {
		curve[i] = job.CurvePoint(point)
	}
	return curve
}
