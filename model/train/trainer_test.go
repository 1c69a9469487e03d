package train

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// TestTrainer runs steps on one batch until it is learned, the same twice; a loss of NaN leaves the
// weights unchanged.
func TestTrainer(t *testing.T) {
	recipe := DefaultRecipe()
	recipe.BatchSize = 16
	images := quadrants(16, 1)
	var losses [2][]float64
	for i := range losses {
		trainer, err := NewTrainer(small(), recipe, 5, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer trainer.Close()
		for p, v := range images.Pixels {
			trainer.Images()[p] = float32(v)/128 - 1
		}
		copy(trainer.Labels(), images.Labels)
		for step := range 30 {
			loss, err := trainer.Step(step, .05)
			if err != nil {
				t.Fatal(err)
			}
			losses[i] = append(losses[i], loss)
		}
		before := slices.Clone(trainer.params.List[0].Value)
		trainer.Images()[0] = float32(math.NaN())
		var diverged *DivergedError
		if _, err := trainer.Step(30, .05); !errors.As(err, &diverged) || diverged.Step != 30 ||
			!slices.Equal(before, trainer.params.List[0].Value) {
			t.Errorf("an image of NaN gives %v", err)
		}
	}
	if !slices.Equal(losses[0], losses[1]) || losses[0][29] > .7*losses[0][0] {
		t.Errorf("the losses are %v and %v", losses[0], losses[1])
	}
}
