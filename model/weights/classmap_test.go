package weights

import (
	"math"
	"strings"
	"testing"

	"gridsearch/dataset"
	"gridsearch/internal/random"
	"gridsearch/internal/safetensors"
)

// noisy is an image of random bytes.
func noisy(size, channels int) *dataset.Images {
	s := random.New(3, "image")
	im := &dataset.Images{N: 1, Size: size, Channels: channels,
		Pixels: make([]uint8, size*size*channels), Labels: []int32{0}}
	for i := range im.Pixels {
		im.Pixels[i] = uint8(s.IntN(256))
	}
	return im
}

// TestClassMaps: maps are of the class that the logits name, or of the one asked for, and add up to
// its logit.
func TestClassMaps(t *testing.T) {
	n := imported(t)
	n.Mean, n.Deviation = []float32{.4, .5, .6}, []float32{.2, .3, .25}
	a, im := n.Architecture, noisy(n.Architecture.Pixels, 3)
	values := make([]float32, 3*a.Pixels*a.Pixels) // channels first
	for i, v := range im.Pixels {
		c, p := i%3, i/3
		values[c*a.Pixels*a.Pixels+p] = (float32(v)/255 - n.Mean[c]) / n.Deviation[c]
	}
	logits, err := n.Logits(safetensors.Float32s("images", []int{1, 3, a.Pixels, a.Pixels}, values), 1)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.
	for _, v := range logits[0] {
		sum += math.Exp(float64(v))
	}
	bias := n.Parameters.List[len(n.Parameters.List)-1].Value
	for class := Predicted; class < a.Classes; class++ {
		maps, err := n.ClassMaps([]*dataset.Images{noisy(2*a.Pixels, 3), im}, class)
		if err != nil {
			t.Fatal(err)
		}
		m := maps[1]
		if class != Predicted && m.Class != class || m.Size != a.FinalMap() ||
			len(m.Evidence) != m.Size*m.Size {
			t.Fatalf("asked for class %d: %+v", class, m)
		}
		logit, mean := float64(logits[0][m.Class]), float64(bias[m.Class])
		for _, v := range m.Evidence {
			mean += float64(v) / float64(len(m.Evidence))
		}
		if math.Abs(mean-logit) > 1e-5*(1+math.Abs(logit)) ||
			math.Abs(m.Probability-math.Exp(logit)/sum) > 1e-6 {
			t.Errorf("class %d: mean and bias are %v, probability %v; the logit is %v, softmax %v",
				m.Class, mean, m.Probability, logit, math.Exp(logit)/sum)
		}
		for _, v := range logits[0] {
			if class == Predicted && float64(v) > logit {
				t.Errorf("class %d is named, but another logit is larger: %v", m.Class, logits[0])
			}
		}
	}
}

func TestClassMapsRefused(t *testing.T) {
	n := imported(t)
	plain, broken := n, imported(t)
	n.Mean, n.Deviation = []float32{.4, .5, .6}, []float32{.2, .3, .25}
	broken.Mean, broken.Deviation = n.Mean, n.Deviation
	for _, q := range broken.Parameters.List {
		q.Value[0] = float32(math.NaN())
	}
	size := n.Architecture.Pixels
	for _, c := range []struct {
		network Network
		image   *dataset.Images
		class   int
		want    string
	}{
		{plain, noisy(size, 3), Predicted, "it is not known how the images of"},
		{n, noisy(size, 3), n.Architecture.Classes, "is none"},
		{n, noisy(size, 3), -2, "-2 is none"},
		{n, noisy(size, 1), Predicted, "the image has 1 channel,"},
		{n, noisy(size-1, 3), Predicted, "they are never enlarged"},
		{broken, noisy(size, 3), Predicted, "the logits of image 0 are not finite"},
		{broken, noisy(size, 3), 0, "the logits of image 0 are not finite"},
	} {
		if _, err := c.network.ClassMaps([]*dataset.Images{c.image}, c.class); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
