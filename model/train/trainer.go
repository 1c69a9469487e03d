package train

import (
	"gridsearch/internal/kernel/thread"
	"gridsearch/internal/random"
	"gridsearch/model"
	"gridsearch/model/layer"
	"gridsearch/model/nn"
)

// Trainer runs the steps of a training: it owns the parameters, the network and the optimiser. It
// is not safe for concurrent use.
type Trainer struct {
	arch      model.Architecture // with the recipe's regularisation
	params    *layer.Parameters
	network   *nn.Network
	optimizer *optimizer
	average   *average // nil for none
}

// NewTrainer builds the network, optimiser and average of a recipe. The seed is that of
// initialisation and masks. 0 threads means one; the bits of a result depend on the number. It is
// an error if the architecture cannot be built.
func NewTrainer(arch model.Architecture, recipe Recipe, seed uint64,
	threads int) (*Trainer, error) {
	arch.Dropout, arch.DropConnect = recipe.Dropout, recipe.DropConnect
	t := &Trainer{arch: arch}
	var err error
	if t.params, err = nn.NewParameters(arch, random.Seed(seed, "network"),
		recipe.ZeroInitResidual); err != nil {
		return nil, err
	}
	if recipe.Initializer == PyTorch {
		t.params.DrawAsPyTorch()
	}
	if t.optimizer, err = newOptimizer(recipe, t.params.List); err != nil {
		return nil, err
	}
	if recipe.EMA > 0 {
		t.average = &average{kernels: t.optimizer.kernels, decay: recipe.EMA, to: t.params.Clone(),
			from: t.params}
	}
	options := nn.Options{Batch: recipe.BatchSize, Seed: random.Seed(seed, "masks"),
		LabelSmoothing: recipe.LabelSmoothing, Threads: threads}
	if t.network, err = nn.NewTrainer(arch, t.params, options); err != nil {
		return nil, err
	}
	return t, nil
}

// Images is the input [batch, pixels, pixels, channels], to be written before a step.
func (t *Trainer) Images() []float32 { return t.network.Images() }

// Labels are the classes of the batch, to be written before a step.
func (t *Trainer) Labels() []int32 { return t.network.Labels() }

// Step runs step number step, counted from 0, with learning rate rate: forward, loss, backward,
// optimiser, moving average. It returns the mean loss of the batch; one that is NaN or infinite
// gives a *DivergedError and leaves the weights unchanged.
func (t *Trainer) Step(step int, rate float64) (loss float64, err error) {
	if loss, err = t.network.Step(step); err != nil {
		return 0, err
	}
	if diverged(loss) {
		return 0, &DivergedError{Step: step, LearningRate: rate, Loss: loss}
	}
	defer thread.FlushDenormals()()
	t.optimizer.step(step, rate)
	if t.average != nil {
		t.average.update(step)
	}
	return loss, nil
}

// Close frees the network.
func (t *Trainer) Close() error { return t.network.Close() }

// evaluated are the parameters to evaluate: the moving average, or the weights themselves.
func (t *Trainer) evaluated() *layer.Parameters {
	if t.average != nil {
		return t.average.to
	}
	return t.params
}
