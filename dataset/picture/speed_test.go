package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// photograph is a JPEG of broad shapes, edges and a sensor's noise, 4:2:0 at quality 88.
func photograph(tb testing.TB, width, height int) []byte {
	tb.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	im := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		down := math.Cos(float64(y) / float64(height) * 7)
		for x := range width {
			v := 110 + 60*math.Sin(float64(x)/float64(width)*11)*down + 5*random.NormFloat64()
			if (x/97+y/61)%5 == 0 {
				v += 45
			}
			im.Y[im.YOffset(x, y)] = uint8(min(max(v, 0), 255))
			im.Cb[im.COffset(x, y)] = uint8(118 + 30*x/width + random.IntN(5))
			im.Cr[im.COffset(x, y)] = uint8(140 - 35*y/height + random.IntN(5))
		}
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, im, &jpeg.Options{Quality: 88}); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

// BenchmarkPhotograph is what a photograph of 12 megapixels costs: all of it, its parts, and the
// standard library's decoder alone.
func BenchmarkPhotograph(b *testing.B) {
	file := photograph(b, 4000, 3000)
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			p, err := Decode(file, White)
			if err != nil {
				b.Fatal(err)
			}
			p.Square(64, 3)
		}
	})
	b.Run("decoder", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(file)); err != nil {
				b.Fatal(err)
			}
		}
	})
	p, err := Decode(file, White)
	if err != nil {
		b.Fatal(err)
	}
	for _, pixels := range []int{64, 224, 512} {
		b.Run(fmt.Sprintf("square of %d", pixels), func(b *testing.B) {
			for b.Loop() {
				p.Square(pixels, 3)
			}
		})
	}
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if _, err := Check(bytes.NewReader(file), int64(len(file))); err != nil {
				b.Fatal(err)
			}
		}
	})
}
