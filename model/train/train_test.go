package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gridsearch/dataset"
	"gridsearch/internal/kernel"
	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/layer"
	"gridsearch/model/nn"
	"gridsearch/model/recipe"
)

func small() model.Architecture {
	return model.Architecture{
		Name: "small", InChannels: 1, Pixels: 8, Classes: 4, Stem: model.Stem{Channels: 6,
			Kernel: 3, Stride: 2},
		Stages: []model.Stage{
			{Block: model.MBConv, Expansion: 1, Channels: 6, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
			{Block: model.MBConv, Expansion: 2, Channels: 8, Kernel: 3, Stride: 1, Repeats: 2, SERatio: .25},
		},
		Head: 12, BatchNormEpsilon: 1e-3, BatchNormMomentum: .9,
	}
}

// quadrants are images whose class is the quadrant that is bright, under noise.
func quadrants(n int, seed uint64) *dataset.Images {
	im := &dataset.Images{N: n, Size: 8, Channels: 1, Pixels: make([]uint8, n*64),
		Labels: make([]int32, n)}
	s := random.New(seed, "quadrants")
	for i := range n {
		class := s.IntN(4)
		im.Labels[i] = int32(class)
		for p := range 64 {
			v := 80 + 30*s.Norm()
			if p%8/4+p/32*2 == class {
				v += 90
			}
			im.Pixels[i*64+p] = uint8(min(255, max(0, v)))
		}
	}
	return im
}

func job() Job {
	r := DefaultRecipe()
	r.Epochs, r.BatchSize, r.Dropout, r.DropConnect, r.EMA = 3, 16, .1, .2, .9
	return Job{Architecture: small(), Recipe: r, Train: quadrants(200, 1),
		Validation: quadrants(130, 2), Augmentation: recipe.Augmentation{Shift: .1}, Seed: 5}
}

func ignore(Progress) {}

// same compares what must be equal to the bit.
func same(t *testing.T, got, want Result) {
	t.Helper()
	for _, r := range []*Result{&got, &want} {
		r.TrainSeconds, r.EvalSeconds, r.WaitSeconds = 0, 0, 0
		r.Weights = r.Weights.Clone() // without gradients, which a resumed training may not have
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func run(t *testing.T, j Job) Result {
	t.Helper()
	r, err := Run(context.Background(), j, ignore)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLearnsAndRepeats(t *testing.T) {
	j := job()
	j.Recipe.Epochs = 12
	a := run(t, j)
	if a.Top1 < .9 || a.Top5 != 1 || len(a.Curve) != 12 || a.Steps != 144 ||
		a.Curve[2].Loss >= a.Curve[0].Loss {
		t.Errorf("little is learnt: %+v", a)
	}
	right := 0
	for _, b := range a.Correct {
		for ; b > 0; b &= b - 1 {
			right++
		}
	}
	if a.Top1 != float64(right)/130 {
		t.Errorf("top-1 is %v, %d of 130 bits are set", a.Top1, right)
	}
	same(t, run(t, j), a)
	j.Seed++
	if b := run(t, j); b.Loss == a.Loss {
		t.Error("another seed gives the same loss")
	}
}

// stopAfter is a context that ends once it has been asked n times.
type stopAfter struct {
	context.Context
	left *int
}

func (c stopAfter) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestResumedRunIsTheSame stops a training at random steps, again and again, and compares its end
// with that of an undisturbed one. With -short, for emulators, it does so less often.
func TestResumedRunIsTheSame(t *testing.T) {
	repeats := 15
	if testing.Short() {
		repeats = 1
	}
	for _, optimizer := range Optimizers {
		j := job()
		j.Recipe = j.Recipe.WithOptimizer(optimizer)
		j.Recipe.Epochs = 2
		if optimizer == RMSProp {
			j.Recipe.LearningRate, j.Recipe.EMA = .01, 0
		}
		want := run(t, j)
		cuts := random.New(1, "cuts", optimizer)
		for range repeats {
			j.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
			same(t, resumed(t, j, cuts), want)
		}
	}
}

// resumed stops a training after random numbers of steps until it is at its end.
func resumed(t *testing.T, j Job, cuts *random.Stream) Result {
	t.Helper()
	for {
		left := cuts.IntN(20) + 1
		result, err := Run(stopAfter{context.Background(), &left}, j, ignore)
		if err == nil {
			return result
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// TestEvaluationIsHeardOf: an evaluation reports progress after every batch.
func TestEvaluationIsHeardOf(t *testing.T) {
	j, batches := job(), 0
	trainer, err := NewTrainer(j.Architecture, j.Recipe, j.Seed, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	mean, deviation := j.Train.Moments()
	_, err = evaluate(j.Architecture, trainer.evaluated(), j.Validation, mean, deviation, 1, false,
		func() { batches++ })
	if size := min(evaluationBatch, j.Validation.N); err != nil ||
		batches != (j.Validation.N+size-1)/size {
		t.Errorf("%d batches of %d images are told (%v)", batches, j.Validation.N, err)
	}
}

// TestUnwritableCheckpoint: a periodic checkpoint that cannot be written is reported once and has
// no other effect; one at the end of the context is an error in addition to the context's.
func TestUnwritableCheckpoint(t *testing.T) {
	if testing.Short() {
		t.Skip("is of files, not of the processor")
	}
	j := job()
	want := run(t, j)
	var told []error
	j.Checkpoint, j.CheckpointEvery = filepath.Join(t.TempDir(), "missing", "checkpoint"),
		time.Nanosecond
	j.Unsaved = func(err error) { told = append(told, err) }
	same(t, run(t, j), want)
	var about *fs.PathError
	if len(told) != 1 || !errors.As(told[0], &about) || about.Path != j.Checkpoint {
		t.Errorf("told of %v", told)
	}
	ctx, stop := context.WithCancel(t.Context())
	_, err := Run(ctx, j, func(Progress) { stop() })
	var lost *CheckpointError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &lost) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the stopped training ends with %v", err)
	}
}

// TestImpossibleCheckpoints: a checkpoint with a correct checksum but an impossible position in the
// training is not used.
func TestImpossibleCheckpoints(t *testing.T) {
	if testing.Short() {
		t.Skip("is of files, not of the processor")
	}
	j := job()
	j.Recipe.Epochs = 2
	want := run(t, j)
	j.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	s := stopped(t, j, 14)
	good := checkpointHeader{j.identity(), computer(), s.step, s.curve, s.sums, nil}
	var notes []string
	j.Log = func(text string) { notes = append(notes, text) }
	for note, spoil := range map[string]func(*checkpointHeader){
		"resumed after step 14 of 24":  func(*checkpointHeader) {},
		"it is after step -5 of 24":    func(h *checkpointHeader) { h.Step = -5 },
		"it is after step 1000000000":  func(h *checkpointHeader) { h.Step = 1e9 },
		"its curve has 1 points after": func(h *checkpointHeader) { h.Step = 24 },
		"its curve has 0 points after": func(h *checkpointHeader) { h.Curve = nil },
		"it sums 3 steps of its epoch": func(h *checkpointHeader) { h.Sums.Steps = 3 },
		"with -1 images right":         func(h *checkpointHeader) { h.Sums.Right = -1 },
		"point 1 of its curve is": func(h *checkpointHeader) {
			h.Curve = Curve{{Epoch: 1,
				Step: 11, Loss: 1, Top1: .5}}
		},
	} {
		h := good
		spoil(&h)
		header, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(j.Checkpoint, s.encode(header), 0o644); err != nil {
			t.Fatal(err)
		}
		notes = nil
		same(t, run(t, j), want)
		if len(notes) != 1 || !strings.Contains(notes[0], note) {
			t.Errorf("notes %q, want %q", notes, note)
		}
	}
}

// stopped is a training that has been stopped after some steps and has its checkpoint loaded.
func stopped(t testing.TB, j Job, steps int) *state {
	t.Helper()
	if _, err := Run(stopAfter{context.Background(), &steps}, j, ignore); !errors.Is(err,
		context.Canceled) {
		t.Fatal(err)
	}
	s, err := newState(j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.load(j.Checkpoint); err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzCheckpoint: no header and no tensors with a correct checksum do harm, and an accepted one is
// at a possible position in the training.
func FuzzCheckpoint(f *testing.F) {
	j := job()
	j.Checkpoint = filepath.Join(f.TempDir(), "checkpoint")
	s := stopped(f, j, 14)
	header, err := json.Marshal(checkpointHeader{j.identity(), computer(), s.step, s.curve, s.sums,
		nil})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(header, true)
	f.Add([]byte(`{"job":"`+j.identity()+`","step":-5}`), true)
	f.Add([]byte(`null`), false)
	whole := s.encode(nil)[len(checkpointMagic)+4:]
	tensors := slices.Clone(whole[:len(whole)-sha256.Size])
	f.Fuzz(func(t *testing.T, header []byte, complete bool) {
		text := binary.LittleEndian.AppendUint32([]byte(checkpointMagic), uint32(len(header)))
		text = append(text, header...)
		if complete {
			text = append(text, tensors...)
		}
		sum := sha256.Sum256(text)
		if s.decode(append(text, sum[:]...)) != nil {
			return
		}
		if s.step < 0 || s.step > s.steps || len(s.curve) != s.step/s.perEpoch {
			t.Errorf("%q is taken", header)
		}
	})
}

// TestBadCheckpoints: torn, foreign and changed files are not used and do no harm.
func TestBadCheckpoints(t *testing.T) {
	j := job()
	j.Recipe.Epochs = 1
	want := run(t, j)
	path := filepath.Join(t.TempDir(), "checkpoint")
	j.Checkpoint = path
	left := 8
	if _, err := Run(stopAfter{context.Background(), &left}, j, ignore); !errors.Is(err,
		context.Canceled) {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(whole)
	changed[len(changed)/2] ^= 1
	for name, c := range map[string]struct {
		text []byte
		note string
	}{
		"whole": {whole, "resumed after step 8 of 12"}, "empty": {nil, "is not a checkpoint"},
		"torn": {whole[:len(whole)-9], "checksum is wrong"},
		"earlier": {bytes.Replace(whole, []byte(checkpointMagic), []byte(earlierMagic), 1),
			"was written by an earlier version, which does not say with which kernels"},
		"changed": {changed, "checksum is wrong"}, "another": {[]byte(strings.Repeat("x", 200)),
			"is not a checkpoint"},
	} {
		var notes []string
		j.Log = func(text string) { notes = append(notes, text) }
		if err := os.WriteFile(path, c.text, 0o644); err != nil {
			t.Fatal(err)
		}
		same(t, run(t, j), want)
		if len(notes) != 1 || !strings.Contains(notes[0], c.note) {
			t.Errorf("%s: notes %q, want %q", name, notes, c.note)
		}
	}
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	j.Seed++
	var note string
	j.Log = func(text string) { note = text }
	run(t, j)
	if !strings.Contains(note, "belongs to another training") {
		t.Errorf("another job's checkpoint: %q", note)
	}
}

// TestOtherKernels: a training that is stopped on one set of kernels and goes on with another
// starts over, says so, and ends as one that had the other set alone.
func TestOtherKernels(t *testing.T) {
	sets := kernel.Sets()
	if len(sets) == 1 {
		t.Skip("this processor has no other set")
	}
	j := job()
	j.Recipe.Epochs = 1
	for _, names := range [][2]string{{kernel.Generic, sets[0].Name}, {sets[0].Name, kernel.Generic}} {
		t.Setenv(kernel.Variable, names[0])
		j.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
		left := 8
		if _, err := Run(stopAfter{context.Background(), &left}, j, ignore); !errors.Is(err,
			context.Canceled) {
			t.Fatal(err)
		}
		t.Setenv(kernel.Variable, names[1])
		var reason error
		j.StartsOver = func(err error) { reason = err }
		got := run(t, j)
		want := fmt.Sprintf("was written with kernels %s on ", names[0])
		if reason == nil || !strings.Contains(reason.Error(), want) ||
			!strings.Contains(reason.Error(), "this is kernels "+names[1]) {
			t.Errorf("it starts over because %v, want %s", reason, want)
		}
		alone := j
		alone.Checkpoint = ""
		same(t, got, run(t, alone))
	}
}

func TestCheckpointIsWrittenAtTheEndOfTheContext(t *testing.T) {
	j := job()
	j.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Run(ctx, j, func(Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := os.Stat(j.Checkpoint); err != nil {
		t.Error(err)
	}
	j.CheckpointEvery = time.Nanosecond
	same(t, run(t, j), func() Result { j.Checkpoint = ""; return run(t, j) }())
}

func TestDivergence(t *testing.T) {
	j := job()
	j.Recipe.LearningRate, j.Recipe.Warmup = 1e30, 0
	_, err := Run(context.Background(), j, ignore)
	var diverged *DivergedError
	if !errors.As(err, &diverged) || diverged.Step < 1 || !strings.Contains(err.Error(),
		"learning rate 1e+30") && !strings.Contains(err.Error(), "learning rate 9") {
		t.Errorf("got %v", err)
	}
}

// TestDivergenceOfTheLastStep: where the weights end as NaN after a last step with a loss,
// the validation images show it.
func TestDivergenceOfTheLastStep(t *testing.T) {
	j := job()
	j.Train = quadrants(16, 1)
	j.Recipe.Epochs, j.Recipe.EMA, j.Recipe.LearningRate, j.Recipe.Warmup = 1, 0, 1e30, 0
	_, err := Run(context.Background(), j, ignore)
	var diverged *DivergedError
	if !errors.As(err, &diverged) || !diverged.Validation || diverged.Step != 0 ||
		diverged.LearningRate != 1e30 {
		t.Fatalf("got %v", err)
	}
	if want := "the loss on the validation images became NaN at step 0 with learning rate 1e+30: " +
		"lower learning_rate"; !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestSchedules(t *testing.T) {
	const steps, perEpoch = 100, 10
	for _, c := range []struct {
		schedule string
		step     int
		want     float64
	}{
		{Constant, 99, 1}, {Linear, 20, 1}, {Linear, 60, .5}, {Linear, 99, 1. / 80},
		{Cosine, 20, 1}, {Cosine, 60, .5}, {Cosine, 40, (1 + math.Sqrt2/2) / 2},
		{Exponential, 23, 1}, {Exponential, 24, .97}, {Exponential, 48, .97 * .97},
		{Linear, 0, .025}, {Cosine, 19, .975},
	} {
		r := Recipe{LearningRate: 1, Schedule: c.schedule, Warmup: .2, DecayRate: .97, DecayEpochs: 2.4}
		if got := r.Rate(c.step, steps, perEpoch); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: the rate of step %d is %v, want %v", c.schedule, c.step, got, c.want)
		}
	}
}

// TestScheduleOfTheAuthors compares the rate with that of [code] with 100 steps an epoch, decays
// every 240 steps from the first on, and a warm-up over 500.
func TestScheduleOfTheAuthors(t *testing.T) {
	r := EfficientNetRecipe()
	for step, want := range map[int]float64{0: 0, 1: .000032, 250: .008, 499: .015968,
		500: .0150544, 719: .0150544, 720: .014602768, 959: .014602768,
		960: .01416468496, 34999: .016 * math.Exp(145*math.Log(.97))} {
		if got := r.Rate(step, 35000, 100); math.Abs(got-want) > 1e-12 {
			t.Errorf("the rate of step %d is %v, want %v", step, got, want)
		}
	}
}

// TestRateIsContinuousAndBounded: every schedule rises evenly over its warm-up epochs and is never
// above the recipe's rate.
func TestRateIsContinuousAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := EfficientNetRecipe()
		r.Schedule = rapid.SampledFrom(Schedules).Draw(t, "schedule")
		r.Epochs = rapid.IntRange(1, 20).Draw(t, "epochs")
		r.WarmupEpochs = rapid.Float64Range(.1, float64(r.Epochs)).Draw(t, "warmup")
		perEpoch := rapid.IntRange(1, 50).Draw(t, "steps of an epoch")
		steps, warm := perEpoch*r.Epochs, math.Floor(r.WarmupEpochs*float64(perEpoch))
		for step := range steps {
			got := r.Rate(step, steps, perEpoch)
			if want := r.LearningRate * float64(step) / warm; float64(step) < warm &&
				math.Abs(got-want) > 1e-15 {
				t.Fatalf("the rate of step %d of a warm-up of %v is %v, want %v", step, warm, got, want)
			}
			if !(got >= 0 && got <= r.LearningRate) {
				t.Fatalf("the rate of step %d of %d is %v", step, steps, got)
			}
		}
	})
}

// TestDecayOfBiases: with decay_biases the decay moves weights and biases that have no gradient,
// never batch norm.
func TestDecayOfBiases(t *testing.T) {
	for _, biases := range []bool{false, true} {
		p, err := nn.NewParameters(small(), 1, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range p.List {
			for i := range q.Value {
				q.Value[i] = 1
			}
		}
		o, err := newOptimizer(Recipe{Optimizer: SGD, WeightDecay: .1, DecayBiases: biases}, p.List)
		if err != nil {
			t.Fatal(err)
		}
		o.step(0, 1)
		for _, q := range p.List {
			norm := strings.Contains(q.Name, ".bn.")
			want := float32(.9)
			if norm || !biases && !strings.HasSuffix(q.Name, ".weight") {
				want = 1
			}
			if q.Value[0] != want {
				t.Errorf("decay of biases %v: %s becomes %v, want %v", biases, q.Name, q.Value[0], want)
			}
		}
	}
}

// TestEfficientNetRecipe trains with all of it, cropping from larger images, and resumes.
func TestEfficientNetRecipe(t *testing.T) {
	j := job()
	j.Recipe = EfficientNetRecipe()
	j.Recipe.Epochs, j.Recipe.BatchSize, j.Recipe.WarmupEpochs, j.Recipe.EMA = 12, 16, 2, .95
	j.Augmentation = recipe.Augmentation{Crop: .5, Policy: recipe.RandAugment, Layers: 1,
		Magnitude: 3}
	want := run(t, j)
	if want.Top1 < .5 { // chance is a quarter
		t.Errorf("little is learnt: %+v", want)
	}
	j.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	same(t, resumed(t, j, random.New(1, "cuts")), want)
	native := &dataset.Images{N: j.Train.N, Size: 16, Channels: 1,
		Pixels: make([]uint8, 256*j.Train.N), Labels: j.Train.Labels}
	for i := range native.Pixels {
		native.Pixels[i] = j.Train.Pixels[i/256*64+i%256/32*8+i%16/2]
	}
	j.Train, j.Checkpoint = native, ""
	if r := run(t, j); r.Top1 < .5 {
		t.Errorf("little is learnt from images of twice the size: %+v", r)
	}
	j.Augmentation.Crop = 0
	if _, err := Run(context.Background(), j, ignore); err == nil || !strings.Contains(err.Error(),
		"training images are 16 x 16") {
		t.Errorf("larger images without a crop: %v", err)
	}
}

// TestOptimizersFollowTheirFormulas compares with float64.
func TestOptimizersFollowTheirFormulas(t *testing.T) {
	for _, r := range []Recipe{
		{Optimizer: SGD, Momentum: .9, Nesterov: true, WeightDecay: .1},
		{Optimizer: SGD, Momentum: .5, ClipNorm: .7},
		{Optimizer: RMSProp, Momentum: .9, RMSDecay: .8, RMSEpsilon: 1e-2, WeightDecay: .1},
	} {
		p := &layer.Param{Value: []float32{1}, Grad: []float32{0}, Decay: true}
		o, err := newOptimizer(r, []*layer.Param{p})
		if err != nil {
			t.Fatal(err)
		}
		w, v, s := 1., 0., 1.
		for i := range 30 {
			g := math.Sin(float64(i)) * 2
			p.Grad[0] = float32(g)
			const rate = .05
			o.step(i, rate)
			if r.ClipNorm > 0 {
				g *= min(1, r.ClipNorm/math.Abs(g))
			}
			g += r.WeightDecay * w
			if r.Optimizer == SGD {
				v = r.Momentum*v + g
				if r.Nesterov {
					w -= rate * (g + r.Momentum*v)
				} else {
					w -= rate * v
				}
			} else {
				s = r.RMSDecay*s + (1-r.RMSDecay)*g*g
				v = r.Momentum*v + rate*g/math.Sqrt(s+r.RMSEpsilon)
				w -= v
			}
			if math.Abs(w-float64(p.Value[0])) > 1e-5 {
				t.Fatalf("%+v: step %d gives %v, want %v", r, i, p.Value[0], w)
			}
		}
	}
}

func TestAverage(t *testing.T) {
	make := func(v float32) *layer.Parameters {
		return &layer.Parameters{List: []*layer.Param{{Value: []float32{v}}},
			Statistics: []*layer.Statistic{{Mean: []float32{v}, Variance: []float32{v}}}}
	}
	a := average{kernels: kernel.Sets()[0].New(), decay: .5, to: make(0), from: make(1)}
	want := 0.
	for step := range 20 {
		a.update(step)
		n := float64(step + 1)
		d := min(.5, (1+n)/(10+n))
		want = d*want + 1 - d
		if got := float64(a.to.List[0].Value[0]); math.Abs(got-want) > 1e-6 ||
			a.to.Statistics[0].Variance[0] != a.to.List[0].Value[0] {
			t.Fatalf("step %d: %v, want %v", step, got, want)
		}
	}
}

// TestLossesOfPyTorch trains ten steps, and fifty of AdamW at a falling rate, from PyTorch's
// weights on its images (model/nn/testdata/reference.py).
func TestLossesOfPyTorch(t *testing.T) {
	text, err := os.ReadFile("../nn/testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref struct {
		Images              string
		Labels              []int32
		Smoothing           float64
		WeightDecay         float64 `json:"weight_decay"`
		Weights             map[string]string
		SGD, RMSProp, AdamW []float64
	}
	if err := json.Unmarshal(text, &ref); err != nil {
		t.Fatal(err)
	}
	arch := model.Architecture{InChannels: 3, Pixels: 12, Classes: 5, Stem: model.Stem{Channels: 7,
		Kernel: 3, Stride: 2}, Head: 13, BatchNormEpsilon: 1e-3, BatchNormMomentum: .9,
		Stages: []model.Stage{
			{Block: model.MBConv, Expansion: 1, Channels: 7, Kernel: 3, Stride: 1, Repeats: 1, SERatio: .25},
			{Block: model.MBConv, Expansion: 4, Channels: 10, Kernel: 5, Stride: 2, Repeats: 2,
				SERatio: .25},
			{Block: model.MBConv, Expansion: 3, Channels: 9, Kernel: 3, Stride: 1, Repeats: 1},
		}}
	adamW := Recipe{Schedule: Linear}.WithOptimizer(AdamW)
	adamW.LearningRate, adamW.WeightDecay = .005, .1
	for name, c := range map[string]struct {
		recipe Recipe
		want   []float64
	}{
		"sgd": {Recipe{Optimizer: SGD, LearningRate: .1, Momentum: .9, Nesterov: true,
			WeightDecay: ref.WeightDecay}, ref.SGD},
		"rmsprop": {Recipe{Optimizer: RMSProp, LearningRate: .01, Momentum: .9, RMSDecay: .9,
			RMSEpsilon: 1e-3, WeightDecay: ref.WeightDecay}, ref.RMSProp},
		"adamw": {adamW, ref.AdamW},
	} {
		p, err := nn.NewParameters(arch, 1, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range p.List {
			copy(q.Value, floats(t, ref.Weights[q.Name]))
		}
		n, err := nn.NewTrainer(arch, p, nn.Options{Batch: len(ref.Labels),
			LabelSmoothing: ref.Smoothing})
		if err != nil {
			t.Fatal(err)
		}
		copy(n.Images(), floats(t, ref.Images))
		copy(n.Labels(), ref.Labels)
		o, err := newOptimizer(c.recipe, p.List)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.want {
			loss, err := n.Step(i)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(loss-want) > 1e-4 {
				t.Errorf("%s: the loss of step %d is %.6f, PyTorch's %.6f", name, i, loss, want)
			}
			o.step(i, c.recipe.Rate(i, len(c.want), len(c.want)))
		}
		n.Close()
	}
}

func floats(t *testing.T, text string) []float32 {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, len(data)/4)
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestRank(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		logits []float32
		label  int
		want   int
	}{{[]float32{1, 3, 2}, 1, 0}, {[]float32{1, 3, 2}, 0, 2}, {[]float32{1, 1, 1}, 0, 0},
		{[]float32{1, 1, 1}, 2, 2}, {[]float32{nan, nan}, 1, 1}} {
		if got := rank(c.logits, c.label); got != c.want {
			t.Errorf("class %d of %v has rank %d, want %d", c.label, c.logits, got, c.want)
		}
	}
}

func TestRecipeValidate(t *testing.T) {
	if err := DefaultRecipe().Validate(); err != nil {
		t.Error(err)
	}
	r := DefaultRecipe()
	r.Epochs, r.Optimizer, r.Momentum, r.Warmup, r.Initializer = 0, "adam", 1, math.NaN(), "zero"
	err := r.Validate()
	for _, want := range []string{"epochs must be 1 or more", `not "adam"`,
		"momentum must be between", "warmup must be between",
		`initializer must be pytorch or empty, not "zero"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	r = EfficientNetRecipe()
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	r.Epochs, r.Warmup = 4, .1
	for _, want := range []string{"warmup_epochs must be between 0 and epochs = 4, not 5",
		"warmup = 0.1 and warmup_epochs exclude each other"} {
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	j := job()
	j.Validation = &dataset.Images{N: 1, Size: 9, Channels: 1}
	if _, err := Run(context.Background(), j, ignore); err == nil || !strings.Contains(err.Error(),
		"validation images are 9 x 9") {
		t.Errorf("got %v", err)
	}
}

// TestInitializer: a trainer starts from the weights that its recipe asks for.
func TestInitializer(t *testing.T) {
	r := DefaultRecipe()
	first := func() []float32 {
		trainer, err := NewTrainer(small(), r, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer trainer.Close()
		return trainer.params.List[0].Value
	}
	official := first()
	want, err := nn.NewParameters(small(), random.Seed(1, "network"), r.ZeroInitResidual)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(official, want.List[0].Value) {
		t.Error("the official weights are not those of package nn")
	}
	r.Initializer = PyTorch
	if want.DrawAsPyTorch(); !slices.Equal(first(), want.List[0].Value) ||
		slices.Equal(first(), official) {
		t.Error("PyTorch's weights are not those of package nn")
	}
}

func ExampleRun() {
	result, err := Run(context.Background(), job(), func(p Progress) {})
	fmt.Println(err, result.Examples, result.Top1 > .25) // chance is a quarter
	// Output: <nil> 130 true
}
