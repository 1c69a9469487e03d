// Package train trains a network and evaluates it.
//
// The steps of a run are a function of its job alone: the order of the data, the augmentation and
// every mask are drawn from the job's seed by name, so that a run that is stopped and resumed from
// its checkpoint ends with the same bits as one that was not.
//
// References:
//
//	[code] EfficientNet's official code: main.py (flags), utils.py (schedule, optimiser), efficientnet_builder.py (regularisation).
package train

import "gridsearch/model/recipe"

// Recipe is how a network is trained (package recipe); its names are repeated here.
type Recipe = recipe.Recipe

// Optimisers, schedules and initialisers.
const (
	SGD     = recipe.SGD
	RMSProp = recipe.RMSProp
	AdamW   = recipe.AdamW

	Constant    = recipe.Constant
	Cosine      = recipe.Cosine
	Linear      = recipe.Linear
	Exponential = recipe.Exponential

	PyTorch = recipe.PyTorch
)

// Ready recipes, and the lists of names.
var (
	DefaultRecipe      = recipe.DefaultRecipe
	EfficientNetRecipe = recipe.EfficientNetRecipe

	Optimizers = recipe.Optimizers
	Schedules  = recipe.Schedules
)
