package training

import (
	"strings"
	"testing"

	"gridsearch/internal/tomlform"
	"gridsearch/model/recipe"
)

// read reads [train] of a text over the default recipe.
func read(text string, scaled bool) (*recipe.Recipe, error) {
	root, errs := tomlform.Form{}.Open("file.toml", []byte(text), nil)
	if root == nil {
		return nil, errs
	}
	r := Read(root, recipe.DefaultRecipe(), scaled)
	return r, errs.Err()
}

// TestRate: a rate for recipe.RateImages images is in proportion to the batch, whether the file or
// the other recipe has it; a plain one is as it is.
func TestRate(t *testing.T) {
	otherwise := recipe.DefaultRecipe().LearningRate
	for text, want := range map[string][2]float64{ // not scaled, scaled
		"batch_size = 64": {otherwise, otherwise * 64 / recipe.RateImages},
		"batch_size = 64\nlearning_rate_per_256 = 0.5": {.5 * 64 / recipe.RateImages,
			.5 * 64 / recipe.RateImages},
		"batch_size = 64\nlearning_rate = 0.3": {.3, .3},
	} {
		for i, scaled := range []bool{false, true} {
			r, err := read("[train]\n"+text+"\n", scaled)
			if err != nil || r.LearningRate != want[i] {
				t.Errorf("%q, scaled %v: got %v (%v), want %v", text, scaled, r, err, want[i])
			}
		}
	}
}

// TestNone: no table is no recipe.
func TestNone(t *testing.T) {
	if r, err := read("", true); r != nil || err != nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestForeignOptions: an option of another optimiser is refused with who has it, at its place.
func TestForeignOptions(t *testing.T) {
	_, err := read("[train]\noptimizer = \"sgd\"\nbeta1 = 0.9\nepochs = [1, 2]\n", false)
	for _, want := range []string{"file.toml:3:1: beta1 belongs to ", " means nothing to sgd: ",
		"file.toml:4:1: epochs must be one whole number: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got\n%v\nwithout %q", err, want)
		}
	}
}
