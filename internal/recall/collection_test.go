package recall

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/dataset"
	"gridsearch/dataset/collection"
	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/model/nn"
	"gridsearch/model/weights"
)

// TestMatch: folders are classes of the same name in NFC; without names they go by number, or by
// their order where there are as many.
func TestMatch(t *testing.T) {
	const cafe, decomposed = "caf\u00e9", "cafe\u0301"
	for _, c := range []struct {
		names, folders []string
		classes        int
		want           []int
		note, err      string
	}{
		{[]string{"b", "a", cafe}, []string{"a", decomposed}, 3, []int{1, 2}, "", ""},
		{[]string{"b", "a", decomposed}, []string{cafe}, 3, []int{2}, "", ""},
		{[]string{"cat", "dog"}, []string{"catt", "dog", "o\n"}, 2, nil, "",
			`no class of the name of these folders: catt (is it cat?), "o\n" (is it dog?)`},
		{[]string{"cat", "dog"}, []string{"cat"}, 3, nil, "", "tells 3 classes apart, the study names 2"},
		{nil, []string{"10", "2"}, 11, []int{10, 2}, "taken for their numbers", ""},
		{nil, []string{"1", "2"}, 2, []int{0, 1}, "taken for classes 0 to 1", ""},
		{nil, []string{"00", "01"}, 2, []int{0, 1}, "taken for classes 0 to 1", ""},
		{nil, []string{"a"}, 2, nil, "", "there is 1 folder: name a study"},
	} {
		got, note, err := Shown{Classes: c.names}.match(c.folders, c.classes)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q as %q: %v, want %s", c.folders, c.names, err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.want) || !strings.Contains(note, c.note) ||
			(note == "") != (c.note == "") {
			t.Errorf("%q as %q: %d, %q (%v)", c.folders, c.names, got, note, err)
		}
	}
	many := make([]string, 10000)
	for i := range many {
		many[i] = fmt.Sprint("x", i)
	}
	if _, _, err := (Shown{Classes: []string{"cat", "dog"}}).match(many, 2); err == nil ||
		len(err.Error()) > 1000 || !strings.HasSuffix(err.Error(), "and 9990 more") {
		t.Errorf("many folders: %v", err)
	}
}

// tiny is a network of three classes for grey images of 16 pixels.
func tiny(t *testing.T) weights.Network {
	t.Helper()
	base, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	a := base.Scale(.1, .1, 1, model.Rounding{})
	a.Pixels, a.Classes, a.InChannels = 17, 3, 1
	params, err := nn.NewParameters(a, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	return weights.Network{Architecture: a, Parameters: params, Mean: []float32{.5},
		Deviation: []float32{.25}}
}

// draw makes grey pictures of 20 x 24 pixels with these paths.
func draw(t *testing.T, paths ...string) (folder string) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	folder = t.TempDir()
	for i, path := range paths {
		im := image.NewGray(image.Rect(0, 0, 20, 24))
		for p := range im.Pix {
			im.Pix[p] = uint8(p * (5 + 2*i))
		}
		var text bytes.Buffer
		path = filepath.Join(folder, path)
		if err := errors.Join(png.Encode(&text, im), os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, text.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func open(t *testing.T, folder string) *collection.Collection {
	t.Helper()
	c, err := collection.Open(t.Context(), folder, dataset.Reading{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCollection: what a network names in folders by class is what it names in the same images
// without them, and the classes' shares make up top-1.
func TestCollection(t *testing.T) {
	n := tiny(t)
	paths := []string{"dog/a.png", "dog/b.png", "cat/a.png", "cat/b.png", "cat/c.png"}
	folder := draw(t, paths...)
	s := Shown{Classes: []string{"bird", "dog", "cat"}}
	score, note, err := OnCollection(t.Context(), n, open(t, folder), s)
	if err != nil || note != "" || score.Examples != 5 {
		t.Fatalf("%d images, %q (%v)", score.Examples, note, err)
	}
	named := map[string]string{} // classes by path
	for _, class := range []string{"cat", "dog"} {
		list, err := Name(t.Context(), n, open(t, filepath.Join(folder, class)), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			named[class+"/"+one.File] = one.Class
			if one.Probability <= 1./3 || one.Probability > 1 {
				t.Errorf("%+v is the likeliest of 3", one)
			}
		}
	}
	right := map[string]int{}
	for _, path := range paths {
		if class, _, _ := strings.Cut(path, "/"); named[path] == class {
			right[class]++
		}
	}
	want := []ClassScore{{"dog", 2, float64(right["dog"]) / 2}, {"cat", 3, float64(right["cat"]) / 3}}
	if len(named) != 5 || !slices.Equal(score.Classes, want) ||
		score.Top1 != float64(right["dog"]+right["cat"])/5 {
		t.Errorf("%+v, top-1 %v, want %+v", score.Classes, score.Top1, want)
	}
	if list, err := Name(t.Context(), n, open(t, filepath.Join(folder, "cat")), Shown{}); err != nil ||
		!strings.HasPrefix(list[0].Class, "class ") {
		t.Errorf("without names: %v (%v)", list, err)
	}
}

// TestCollectionRefused: what cannot be evaluated is a mistake of the input.
func TestCollectionRefused(t *testing.T) {
	n := tiny(t)
	folder := draw(t, "cat/a.png")
	large, bare := n, n
	large.Architecture.Pixels = 21
	bare.Mean = nil
	for want, network := range map[string]weights.Network{
		"1 image smaller than the 21 pixels that the network takes:\n  cat/a.png: 20 x 24": large,
		"it is not known how the network's images were normalised":                         bare,
	} {
		var input *study.InputError
		if _, _, err := OnCollection(t.Context(), network, open(t, folder), Shown{Classes: []string{
			"a", "b", "cat"}}); !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	var input *study.InputError
	if _, err := Name(t.Context(), n, open(t, filepath.Join(folder, "cat")),
		Shown{Classes: []string{"a"}}); !errors.As(err, &input) {
		t.Errorf("names of other classes: %v", err)
	}
}
