package experiments

import (
	"cmp"

	"gridsearch/internal/tomlform"
	"gridsearch/model"
	"gridsearch/model/recipe"
)

// Names of recipes.
const (
	plainRecipe = "default" // recipe.DefaultRecipe
	// recipe.EfficientNetRecipe, and what belongs to it in other tables
	efficientNetRecipe = "efficientnet"
)

// manner holds what a way of training gives the keys that a file leaves out.
type manner struct {
	train                               recipe.Recipe
	scaledRate                          bool // the learning rate is in proportion to the batch
	dropout, dropConnect                Strength
	batchNormMomentum, batchNormEpsilon float64 // 0: the preset's
	augmentation                        recipe.Augmentation
	validationCrop                      float64
}

// readRecipe reads which one a file follows.
func readRecipe(root *tomlform.Table) manner {
	if root.Table("train").Choice("recipe", plainRecipe, plainRecipe,
		efficientNetRecipe) == plainRecipe {
		return manner{train: recipe.DefaultRecipe(),
			augmentation: recipe.Augmentation{Flip: recipe.FlipNone}}
	}
	r := recipe.EfficientNetRecipe()
	return manner{
		train: r, scaledRate: true,
		// To 0.5 for B7, which is at about 7 ([effnet] section 5.2).
		dropout: Strength{From: r.Dropout, To: .5, Phi: 7}, dropConnect: Strength{From: r.DropConnect},
		// [code]: efficientnet_builder.py and preprocessing.py.
		batchNormMomentum: .99, batchNormEpsilon: 1e-3,
		augmentation: recipe.Augmentation{Flip: recipe.FlipRandom, Crop: .08}, validationCrop: .875,
	}
}

// over is the recipe for a network: a published one begins with the dropout that it was published
// with, if that is more.
func (r manner) over(preset model.Architecture) manner {
	if r.dropout.Phi > 0 {
		r.dropout.From = max(r.dropout.From, preset.Dropout)
	}
	r.batchNormMomentum, r.batchNormEpsilon = cmp.Or(r.batchNormMomentum, preset.BatchNormMomentum),
		cmp.Or(r.batchNormEpsilon, preset.BatchNormEpsilon)
	return r
}

// Recipe is how a trial at a φ is trained.
func (e *Experiment) Recipe(phi float64) recipe.Recipe {
	r := *e.Train
	r.Dropout, r.DropConnect = e.Model.Dropout.At(phi), e.Model.DropConnect.At(phi)
	return r
}

// Augmentation is that of a trial at a φ.
func (e *Experiment) Augmentation(phi float64) recipe.Augmentation {
	a := e.Data.Augmentation
	a.Magnitude = e.Data.Magnitude.At(phi)
	return a
}
