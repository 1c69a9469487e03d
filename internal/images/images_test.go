package images

import (
	"bytes"
	"testing"

	"gridsearch/dataset"
)

// TestViews: images come to a size by the area filter, or stay at the native one where the
// augmentation crops; the middle of validation images is cut out.
func TestViews(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	source, err := dataset.Open(t.Context(), dataset.Spec{Name: "motifs"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Load(t.Context(), source, Split{.001, 32, 1})
	if err != nil {
		t.Fatal(err)
	}
	for v, want := range map[View][2]int{{24, false, 0}: {24, 24}, {24, true, .875}: {72, 24},
		{72, false, 0}: {72, 72}, {72, false, .875}: {72, 72}} {
		got, err := set.At(v)
		if err != nil || got.Train.Size != want[0] || got.Validation.Size != want[1] ||
			got.Train.N != 32 || got.Validation.N != 12 {
			t.Errorf("%+v: %v", v, err)
		}
		if again, _ := set.At(v); again != got {
			t.Errorf("%+v is computed twice", v)
		}
	}
	plain, _ := set.At(View{Pixels: 24})
	cropped, _ := set.At(View{Pixels: 24, Crop: .875})
	if bytes.Equal(plain.Validation.Pixels, cropped.Validation.Pixels) {
		t.Error("the crop changes no validation image")
	}
}
