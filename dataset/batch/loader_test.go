package batch

import (
	"math"
	"slices"
	"testing"

	"gridsearch/dataset"
	"gridsearch/internal/random"
	"gridsearch/model/recipe"
)

// noisy are images with random pixels, of as many classes as labels say.
func noisy(n, size, channels, classes int) *dataset.Images {
	im := dataset.NewImages(n, size, channels)
	s := random.New(1, "noisy")
	for i := range im.Pixels {
		im.Pixels[i] = uint8(s.IntN(256))
	}
	for i := range im.Labels {
		im.Labels[i] = int32(i % classes)
	}
	return im
}

// TestAugmentationIsInUnitsOfTheImage: the same shift at every resolution, within its bounds.
func TestAugmentationIsInUnitsOfTheImage(t *testing.T) {
	a := augmentation{Shift: .125, Flip: recipe.FlipRandom, Cutout: .25}
	flips := 0
	for example := range 400 {
		small, large := a.draw(1, 2, example, 16), a.draw(1, 2, example, 160)
		if math.Abs(float64(small.dx)-float64(large.dx)/10) > .55 || small.flip != large.flip ||
			small.side != 4 || large.side != 40 {
			t.Fatalf("example %d: %+v and %+v", example, small, large)
		}
		if max(small.dx, -small.dx, small.dy, -small.dy) > 2 {
			t.Fatalf("example %d is shifted by more than an eighth: %+v", example, small)
		}
		if small.flip {
			flips++
		}
		if a.draw(1, 3, example, 160) == large || a.draw(2, 2, example, 160) == large {
			t.Fatalf("example %d: another epoch or seed changes nothing", example)
		}
	}
	if flips < 140 || flips > 260 {
		t.Errorf("%d of 400 are flipped", flips)
	}
	alternate := augmentation{Flip: recipe.FlipAlternate}
	for example := range 50 {
		if alternate.draw(1, 0, example, 8).flip == alternate.draw(1, 1, example, 8).flip {
			t.Error("alternating flips do not alternate")
		}
	}
}

// TestWriteAppliesTheChange compares with a direct rendering of shift, flip and cutout.
func TestWriteAppliesTheChange(t *testing.T) {
	const size = 5
	im := noisy(1, size, 2, 1)
	table := newNormaliser([]float32{.5, .25}, []float32{.5, .5})
	c := change{dx: 2, dy: -1, flip: true, cutX: 1, cutY: 2, cutHalf: 1, side: 2}
	got := make([]float32, im.Bytes())
	table.write(got, im.Pixels, size, c)
	mirror := []int{2, 1, 0, 1, 2, 3, 4, 3, 2} // index 2 + i for i from -2 to 6
	for place, v := range got {
		ch, x, y := place%2, place/2%size, place/2/size
		want := float32(im.Pixels[(mirror[2+y-1]*size+mirror[2+size-1-x+2])*2+
			ch])/255 - []float32{.5, .25}[ch]
		want /= .5
		if y >= 1 && y < 3 && x >= 0 && x < 2 {
			want = 0
		}
		if v != want {
			t.Fatalf("pixel %d, %d, channel %d is %v, want %v", x, y, ch, v, want)
		}
	}
}

// TestLoader: every epoch shows every image at most once, two loaders agree, and a later start
// gives the same batches.
func TestLoader(t *testing.T) {
	im := noisy(23, 6, 1, 5)
	for i := range im.Labels {
		im.Labels[i] = int32(i)
	}
	mean, deviation := im.Moments()
	config := Config{Images: im, Batch: 4, Seed: 3, Pixels: 6,
		Augmentation: recipe.Augmentation{Shift: .2, Flip: recipe.FlipRandom}, Mean: mean, Deviation: deviation,
		Steps: 15}
	images, labels := read(t, config)
	for epoch := range 3 {
		seen := slices.Sorted(slices.Values(labels[epoch*20:][:20]))
		if len(slices.Compact(seen)) != 20 {
			t.Errorf("epoch %d repeats an image: %v", epoch, seen)
		}
	}
	if slices.Equal(labels[:20], labels[20:40]) {
		t.Error("two epochs have one order")
	}
	config.Start = 7
	tail, _ := read(t, config)
	if !slices.Equal(tail, images[7*4*36:]) {
		t.Error("a loader that starts at step 7 gives other batches")
	}
	config.Batch = 24
	if _, err := NewLoader(config); err == nil {
		t.Error("a batch larger than the data is accepted")
	}
}

func read(t *testing.T, c Config) (images []float32, labels []int32) {
	l, err := NewLoader(c)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	x, y := make([]float32, c.Batch*c.Pixels*c.Pixels*c.Images.Channels), make([]int32, c.Batch)
	for range c.Steps - c.Start {
		if _, err := l.Next(x, y); err != nil {
			t.Fatal(err)
		}
		images, labels = append(images, x...), append(labels, y...)
	}
	return images, labels
}

func TestFillPadsTheLast(t *testing.T) {
	im := noisy(5, 4, 1, 5)
	mean, deviation := im.Moments()
	x, y := make([]float32, 3*16), make([]int32, 3)
	if n, err := Fill(x, y, im, 3, mean, deviation); err != nil || n != 2 || !slices.Equal(y, []int32{3, 4, 4}) {
		t.Errorf("%d images, labels %v", n, y)
	}
	var sum, square float64
	for from := range 5 {
		if _, err := Fill(x[:16], y[:1], im, from, mean, deviation); err != nil {
			t.Fatal(err)
		}
		for _, v := range x[:16] {
			sum += float64(v)
			square += float64(v) * float64(v)
		}
	}
	if math.Abs(sum/80) > 1e-5 || math.Abs(square/80-1) > 1e-3 {
		t.Errorf("mean %v and variance %v after normalisation", sum/80, square/80)
	}
}
