package recall

import (
	"errors"
	"testing"

	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/model/nn"
	"gridsearch/model/weights"
)

// TestEvaluateRefuses what does not fit a study's data.
func TestEvaluateRefuses(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	p, err := study.Prepare(t.Context(), study.Access{}, "../../cmd/gridsearch/testdata/small.toml")
	if err != nil {
		t.Fatal(err)
	}
	folder := study.Folder(t.TempDir())
	if err := folder.WritePlan(p, nil); err != nil {
		t.Fatal(err)
	}
	small := p.Base.Scale(.1, .1, 1, model.Rounding{})
	for want, spoil := range map[string]func(*model.Architecture){
		"the network tells 3 classes apart on images of 3 channels, data set motifs has 16 " +
			"classes and 3 channels": func(a *model.Architecture) { a.Classes = 3 },
		"the network tells 16 classes apart on images of 1 channel, data set motifs has 16 " +
			"classes and 3 channels": func(a *model.Architecture) { a.InChannels = 1 },
		"the network takes images of 73 pixels, data set motifs has 72: they are not enlarged": func(
			a *model.Architecture) {
			a.Pixels = 73
		},
	} {
		a := small
		spoil(&a)
		var input *study.InputError
		if _, err := Evaluate(t.Context(), study.Access{}, folder, weights.Network{Architecture: a}); !errors.As(err, &input) ||
			err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	params, err := nn.NewParameters(small, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Evaluate(t.Context(), study.Access{}, folder, weights.Network{Architecture: small,
		Parameters: params}); err != nil || r.Examples != p.Validation {
		t.Errorf("%d images are named (%v), want %d", r.Examples, err, p.Validation)
	}
}
