// Package training reads how a study's networks are trained: [train] of an experiment file.
package training

import (
	"gridsearch/internal/tomlform"
	"gridsearch/model/recipe"
)

// Read reads [train] below the root of a file, and notes its mistakes; nil where there is none.
// What the table leaves out is that of another recipe. With scaledRate its learning rate is for
// recipe.RateImages images and in proportion to the batch. Dropout and DropConnect are keys of
// [model], and stay the other recipe's.
func Read(root *tomlform.Table, otherwise recipe.Recipe, scaledRate bool) *recipe.Recipe {
	if _, ok := root.Take("train"); !ok {
		return nil
	}
	t := root.Table("train")
	defer t.Finish()
	r := readOptimizer(t, otherwise)
	r.Epochs = readEpochs(t, r.Epochs)
	r.BatchSize = t.Integer("batch_size", r.BatchSize, 2, 1<<20)
	r.LearningRate = readRate(t, r, scaledRate)
	r.Momentum = t.Number("momentum", r.Momentum, 0, .9999)
	r.Nesterov = t.Flag("nesterov", r.Nesterov)
	r.RMSDecay = t.Number("rms_decay", r.RMSDecay, 0, .9999)
	r.RMSEpsilon = t.Positive("rms_epsilon", r.RMSEpsilon)
	r.Schedule = t.Choice("schedule", r.Schedule, recipe.Schedules...)
	r.Warmup, r.WarmupEpochs = readWarmup(t, r)
	r.DecayRate = t.Number("decay_rate", r.DecayRate, 0, 1)
	r.DecayEpochs = t.Positive("decay_epochs", r.DecayEpochs)
	r.WeightDecay = t.Number("weight_decay", r.WeightDecay, 0, 1)
	r.DecayBiases = t.Flag("decay_biases", r.DecayBiases)
	r.LabelSmoothing = t.Number("label_smoothing", r.LabelSmoothing, 0, .99)
	r.EMA = t.Number("ema", r.EMA, 0, .999999)
	r.ClipNorm = t.Number("clip_norm", r.ClipNorm, 0, 1e9)
	r.ZeroInitResidual = t.Flag("zero_init_residual", r.ZeroInitResidual)
	if t.Choice("initializer", recipe.Official, recipe.Initializers...) == recipe.PyTorch {
		r.Initializer = recipe.PyTorch
	}
	return &r
}

// readRate reads the highest learning rate: as it is, or for recipe.RateImages images and then in
// proportion to the batch.
func readRate(t *tomlform.Table, r recipe.Recipe, scaled bool) float64 {
	rate := r.LearningRate
	each := t.Positive("learning_rate_per_256", rate)
	t.Rule("learning_rate_per_256").Default = nil // learning_rate's stands for it
	if scaled || t.Has("learning_rate_per_256") {
		rate = each * float64(r.BatchSize) / recipe.RateImages
	}
	t.Exclude("learning_rate", "learning_rate_per_256")
	return t.Positive("learning_rate", rate)
}

// readWarmup reads the share of all steps or the epochs that the rate rises in.
func readWarmup(t *tomlform.Table, r recipe.Recipe) (share, epochs float64) {
	share, epochs = t.Number("warmup", r.Warmup, 0, 1), t.Number("warmup_epochs", r.WarmupEpochs, 0,
		1<<20)
	t.Exclude("warmup", "warmup_epochs")
	t.Rule("warmup").Default, t.Rule("warmup_epochs").Default = nil, nil // each leaves out the other
	if t.Has("warmup") {
		return share, 0
	}
	if t.Has("warmup_epochs") {
		return 0, epochs
	}
	return share, epochs
}

// readEpochs takes one budget: a list of them would be several studies.
func readEpochs(t *tomlform.Table, otherwise int) int {
	if _, isList := tomlform.List(t.Value("epochs")); isList {
		t.Take("epochs")
		t.Fail("epochs", "epochs must be one whole number: give each training budget a study of "+
			"its own, as with --set train.epochs=20 --set study.name=long")
		return otherwise
	}
	return t.Integer("epochs", otherwise, 1, 1<<20)
}
