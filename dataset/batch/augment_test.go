package batch

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/dataset"
	"gridsearch/dataset/resample"
	"gridsearch/internal/random"
	"gridsearch/model/recipe"
)

// TestOperationsArePillows compares every operation and the resampler with Pillow's results
// (testdata/pillow.py), bit for bit.
func TestOperationsArePillows(t *testing.T) {
	text, err := os.ReadFile("testdata/pillow.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Images map[string][]byte
		Cases  []struct {
			Image, Function string
			Numbers         []float64
			CRC32           uint32
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	const size = 24
	for _, g := range golden.Cases {
		image := golden.Images[g.Image]
		c := newCanvas(size, len(image)/size/size)
		copy(c.pixels, image)
		n := append(g.Numbers, 0, 0, 0)
		factor := float32(n[0])
		switch g.Function {
		case "autoContrast":
			c.autoContrast()
		case "equalize":
			c.equalize()
		case "invert":
			c.invert()
		case "posterize":
			c.posterize(int(n[0]))
		case "solarize":
			c.solarize(int(n[0]))
		case "solarizeAdd":
			c.solarizeAdd(int(n[0]))
		case "color":
			c.color(factor)
		case "contrast":
			c.contrast(factor)
		case "brightness":
			c.brightness(factor)
		case "sharpness":
			c.sharpness(factor)
		case "rotate":
			c.rotate(n[0])
		case "shearX":
			c.shearX(n[0])
		case "shearY":
			c.shearY(n[0])
		case "translate":
			c.translate(n[0], n[1])
		case "cutout":
			c.cutout(int(n[0]), int(n[1]), int(n[2]))
		case "resize":
			c.pixels = make([]uint8, int(n[4])*int(n[4])*c.channels)
			resample.NewBicubic(int(n[4]), c.channels).Run(c.pixels, image, size,
				resample.Rectangle{X: int(n[0]), Y: int(n[1]), Width: int(n[2]), Height: int(n[3])})
		default:
			t.Fatalf("%s is not tested", g.Function)
		}
		if got := crc32.ChecksumIEEE(c.pixels); got != g.CRC32 {
			t.Errorf("%s %s%v: the checksum is %d, Pillow's %d", g.Image, g.Function, g.Numbers,
				got, g.CRC32)
		}
	}
}

// TestCropKeepsEnough: rectangles lie in the image, keep the share that they must, and have a shape
// between 3:4 and 4:3, to within half a pixel a side.
func TestCropKeepsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := augmentation{Crop: rapid.Float64Range(.01, .75).Draw(t, "crop")}
		side, example := rapid.IntRange(8, 500).Draw(t, "side"), rapid.IntRange(0, 1000).Draw(t,
			"example")
		r := a.rectangle(1, 2, example, side)
		if r.X < 0 || r.Y < 0 || r.Width < 1 || r.Height < 1 || r.X+r.Width > side || r.Y+
			r.Height > side {
			t.Fatalf("%+v is not in an image of %d", r, side)
		}
		w, h := float64(r.Width), float64(r.Height)
		if (w+.5)*(h+.5) < a.Crop*float64(side*side) || (w+.5)/(h-.5) < 3./4 || (w-.5)/(h+.5) > 4./3 {
			t.Fatalf("%+v of %d keeps too little for %v, or is too long", r, side, a.Crop)
		}
	})
	if r := (augmentation{Crop: 1}).rectangle(1, 2, 3, 100); max(r.Width, r.Height) != 100 {
		t.Errorf("a crop that may keep all keeps %+v", r)
	}
}

// crop crops images to their centre.
func crop(t rapid.TB, im *dataset.Images, share float64, pixels int) *dataset.Images {
	t.Helper()
	cropped, err := im.CentreCrop(share, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return cropped
}

// TestCropOfTheWholeImage leaves it, and one colour stays that colour at every size.
func TestCropOfTheWholeImage(t *testing.T) {
	im := noisy(2, 9, 3, 1)
	if got := crop(t, im, 1, 9); !bytes.Equal(got.Pixels, im.Pixels) {
		t.Error("a crop of everything changes the images")
	}
	rapid.Check(t, func(t *rapid.T) {
		flat, colour := dataset.NewImages(1, rapid.IntRange(1, 40).Draw(t, "size"), 1),
			rapid.Byte().Draw(t, "colour")
		for i := range flat.Pixels {
			flat.Pixels[i] = colour
		}
		got := crop(t, flat, rapid.Float64Range(.1, 1).Draw(t, "share"),
			rapid.IntRange(1, 40).Draw(t, "pixels"))
		for _, v := range got.Pixels {
			if v != colour {
				t.Fatalf("%d becomes %d", colour, v)
			}
		}
	})
	// [code], _decode_and_center_crop: int(224 * 0.875) from (224 - 196 + 1) / 2 on, and odd
	// remainders.
	for size, want := range map[int][2]int{224: {14, 196}, 72: {5, 63}, 28: {2, 24},
		33: {3, 28}} {
		at, side := want[0], want[1]
		want := resample.Rectangle{X: at, Y: at, Width: side, Height: side}
		if got := resample.Centre(size, .875); got != want {
			t.Errorf("the centre of %d is %+v, want %+v", size, got, want)
		}
	}
}

// TestPolicies: every operation occurs as often as it should, does something, and draws as many
// numbers at one size as at another.
func TestPolicies(t *testing.T) {
	for _, a := range []augmentation{{Policy: recipe.RandAugment, Layers: 2, Magnitude: 9},
		{Policy: recipe.AutoAugment}} {
		changed := 0
		for i := range 400 {
			small, large := random.New(1, "policy", i), random.New(1, "policy", i)
			c := newCanvas(12, 3)
			copy(c.pixels, noisy(1, 12, 3, 1).Pixels)
			before := slices.Clone(c.pixels)
			a.distort(c, small)
			a.distort(newCanvas(20, 1), large)
			if small.Uint64() != large.Uint64() {
				t.Fatalf("%s: example %d draws unlike numbers at unlike sizes", a.Policy, i)
			}
			if !bytes.Equal(before, c.pixels) {
				changed++
			}
		}
		if changed < 240 {
			t.Errorf("%s changes %d images of 400", a.Policy, changed)
		}
	}
	signs := 0.
	for i := range 400 {
		signs += drawPlace(random.New(1, "sign", i)).sign
	}
	if math.Abs(signs) > 80 {
		t.Errorf("the signs of 400 operations add up to %v", signs)
	}
}

// TestEveryOperation: all of recipe.RandAugment are known, change an image at magnitudes that the authors
// use, and differ from one another.
func TestEveryOperation(t *testing.T) {
	im, seen := noisy(1, 24, 3, 1), map[uint32]string{}
	for _, name := range operations {
		c := newCanvas(24, 3)
		copy(c.pixels, im.Pixels)
		for i := range c.pixels { // without the darkest and the lightest, so that contrast can grow
			c.pixels[i] = 40 + c.pixels[i]/2
		}
		before := crc32.ChecksumIEEE(c.pixels)
		c.apply(name, .6, randAugmentShift, place{1, .5, .5})
		sum := crc32.ChecksumIEEE(c.pixels)
		if other, ok := seen[sum]; ok || sum == before {
			t.Errorf("%s does what %q does", name, other)
		}
		seen[sum] = name
	}
	for _, pair := range autoAugment {
		for _, o := range pair {
			if !slices.Contains(operations, o.operation) {
				t.Errorf("%s is not known", o.operation)
			}
		}
	}
}

// TestLoaderCrops: a cropping loader makes batches of another size, the same from any start, and
// other ones in every epoch.
func TestLoaderCrops(t *testing.T) {
	im := noisy(12, 20, 3, 5)
	mean, deviation := im.Moments()
	for _, policy := range append([]string{""}, recipe.Policies...) {
		config := Config{Images: im, Pixels: 9, Batch: 4, Seed: 3, Mean: mean,
			Deviation: deviation, Steps: 9,
			Augmentation: recipe.Augmentation{Flip: recipe.FlipRandom, Crop: .08, Policy: policy, Layers: 2,
				Magnitude: 10}}
		images, labels := read(t, config)
		config.Start = 5
		if tail, _ := read(t, config); !slices.Equal(tail, images[5*4*9*9*3:]) {
			t.Errorf("%q: a loader that starts at step 5 gives other batches", policy)
		}
		config.Start = 0
		if again, same := read(t, config); !slices.Equal(images, again) || !slices.Equal(labels, same) {
			t.Errorf("%q: two loaders differ", policy)
		}
		config.Augmentation = recipe.Augmentation{}
		if _, err := NewLoader(config); err == nil {
			t.Error("a loader brings images to another size without a crop")
		}
	}
}

// TestEditMeansTheSamePictures: trials of different resolution see the same part of the image.
func TestEditMeansTheSamePictures(t *testing.T) {
	im := dataset.NewImages(1, 64, 1)
	for i := range im.Pixels {
		im.Pixels[i] = uint8(2 * (i%64 + i/64))
	}
	for epoch := range 20 {
		mean := func(pixels int) float64 {
			e := newEditor(Config{Images: im, Pixels: pixels, Seed: 1,
				Augmentation: recipe.Augmentation{Crop: .08}})
			sum := 0
			image, err := e.edit(epoch, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range image {
				sum += int(v)
			}
			return float64(sum) / float64(pixels*pixels)
		}
		if small, large := mean(16), mean(48); math.Abs(small-large) > 1 {
			t.Errorf("epoch %d: the mean is %.2f at 16 pixels and %.2f at 48", epoch, small, large)
		}
	}
}

// BenchmarkEdit measures an image of a loader: crop of 72 pixels to 64, recipe.RandAugment.
func BenchmarkEdit(b *testing.B) {
	for name, a := range map[string]recipe.Augmentation{"crop": {Crop: .08},
		"randaugment": {Policy: recipe.RandAugment, Layers: 2, Magnitude: 10}} {
		b.Run(name, func(b *testing.B) {
			native := 72
			if a.Crop == 0 {
				native = 64
			}
			e := newEditor(Config{Images: noisy(64, native, 3, 1), Pixels: 64, Seed: 1,
				Augmentation: a})
			for i := 0; b.Loop(); i++ {
				if _, err := e.edit(i, i%64); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
