package picture

import (
	"hash/crc32"
	"image"
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"gridsearch/dataset/picture/formats"
)

// areaMean is the definition: the mean over the new pixel (x, y) of a square, by the area of every
// old pixel that it covers.
func areaMean(square image.Rectangle, pixels, x, y int, at func(x, y int) float64) float64 {
	size := float64(square.Dx()) / float64(pixels)
	left, top := float64(x)*size, float64(y)*size
	sum := 0.0
	for j := int(top); float64(j) < top+size-1e-9; j++ {
		high := math.Min(top+size, float64(j+1)) - math.Max(top, float64(j))
		for i := int(left); float64(i) < left+size-1e-9; i++ {
			wide := math.Min(left+size, float64(i+1)) - math.Max(left, float64(i))
			sum += wide * high * at(square.Min.X+i, square.Min.Y+j)
		}
	}
	return sum / (size * size)
}

// TestFilterIsTheMeanOfAreas compares layers of every sampling with the definition, smaller and
// larger.
func TestFilterIsTheMeanOfAreas(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		width, height := 1+random.IntN(40), 1+random.IntN(40)
		l := layer{step: 1 + random.IntN(4), wide: 1 << random.IntN(3), high: 1 << random.IntN(2)}
		l.at = []int{random.IntN(l.step)}
		l.stride = ((width-1)/l.wide+1)*l.step + random.IntN(3)
		l.pix = make([]uint8, l.stride*((height-1)/l.high+1))
		for i := range l.pix {
			l.pix[i] = uint8(random.Uint32())
		}
		square := squareOf(image.Pt(width, height), 1+random.IntN(8))
		pixels := 1 + random.IntN(50)
		values := make([]int64, pixels*pixels)
		l.filter(values, 1, square, pixels)
		for i, got := range values {
			want := 256 * areaMean(square, pixels, i%pixels, i/pixels, func(x, y int) float64 {
				return float64(l.pix[y/l.high*l.stride+x/l.wide*l.step+l.at[0]])
			})
			if float64(got) > want+1e-6 || float64(got) < want-1-1e-6 {
				t.Fatalf("%d x %d at %d pixels, samples of %d x %d: value %d is %d/256, not %.3f",
					width, height, pixels, l.wide, l.high, i, got, want)
			}
		}
	}
}

// TestSamplings compares JPEG's planes of every sampling with the definition: the means of the
// planes, in colour.
func TestSamplings(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for ratio := image.YCbCrSubsampleRatio444; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		im := image.NewYCbCr(image.Rect(0, 0, 23, 17), ratio)
		for _, plane := range [][]uint8{im.Y, im.Cb, im.Cr} {
			for i := range plane {
				plane[i] = uint8(64 + random.IntN(128))
			}
		}
		p := &Picture{file: formats.File{Format: "jpeg", Orientation: 1, Stored: im.Rect.Max}}
		p.layers, p.colour = layersOf(im, p.file, White)
		const pixels = 7
		square := p.Square(pixels, 3)
		for i := range pixels * pixels {
			mean := func(at func(x, y int) uint8) float64 {
				return areaMean(image.Rect(3, 0, 20, 17), pixels, i%pixels, i/pixels,
					func(x, y int) float64 { return float64(at(x, y)) })
			}
			y := mean(func(x, y int) uint8 { return im.Y[im.YOffset(x, y)] })
			cb := mean(func(x, y int) uint8 { return im.Cb[im.COffset(x, y)] }) - 128
			cr := mean(func(x, y int) uint8 { return im.Cr[im.COffset(x, y)] }) - 128
			for c, v := range []float64{y + 1.402*cr, y - .344136*cb - .714136*cr, y + 1.772*cb} {
				if got := float64(square[3*i+c]); math.Abs(got-min(max(v, 0), 255)) > .51 {
					t.Fatalf("%v: pixel %d, channel %d is %v, not %.2f", ratio, i, c, got, v)
				}
			}
		}
	}
}

// TestEveryImage makes one picture of every type that decoders return, and of one that none does.
func TestEveryImage(t *testing.T) {
	bounds := image.Rect(0, 0, 2, 2)
	fill := func(pix []uint8, pixel ...uint8) {
		for i := range pix {
			pix[i] = pixel[i%len(pixel)]
		}
	}
	rgba, nrgba, alpha := image.NewRGBA(bounds), image.NewNRGBA(bounds), image.NewAlpha(bounds)
	rgba64, nrgba64 := image.NewRGBA64(bounds), image.NewNRGBA64(bounds)
	gray, gray16, cmyk := image.NewGray(bounds), image.NewGray16(bounds), image.NewCMYK(bounds)
	fill(rgba.Pix, 10, 20, 30, 100)
	fill(nrgba.Pix, 100, 200, 250, 51)
	fill(rgba64.Pix, 10, 255, 20, 255, 30, 255, 100, 0)
	fill(nrgba64.Pix, 100, 255, 200, 255, 250, 255, 51, 255)
	fill(gray.Pix, 77)
	fill(gray16.Pix, 77, 255)
	fill(cmyk.Pix, 0, 51, 255, 51)
	fill(alpha.Pix, 51) // white of that alpha
	for _, c := range []struct {
		im   image.Image
		want [3]uint8
	}{
		{rgba, [3]uint8{10 + 61, 20 + 122, 30 + 12}}, // 155/255 of the ground
		{nrgba, [3]uint8{20 + 80, 40 + 160, 50 + 16}},
		{rgba64, [3]uint8{10 + 61, 20 + 122, 30 + 12}},
		{nrgba64, [3]uint8{20 + 80, 40 + 160, 50 + 16}},
		{gray, [3]uint8{77, 77, 77}},
		{gray16, [3]uint8{77, 77, 77}},
		{cmyk, [3]uint8{204, 163, 0}},
		{alpha, [3]uint8{51 + 80, 51 + 160, 51 + 16}},
	} {
		p := &Picture{file: formats.File{Orientation: 1, Stored: bounds.Max}}
		p.layers, p.colour = layersOf(c.im, p.file, Ground{100, 200, 20})
		if got := [3]uint8(p.Square(1, 3)); got != c.want {
			t.Errorf("%T is %v, not %v", c.im, got, c.want)
		}
	}
}

// TestSquaresAreTheSameEverywhere pins the bytes of squares by format, which must not depend on the
// processor, nor change with a decoder's version unseen.
func TestSquaresAreTheSameEverywhere(t *testing.T) {
	got := map[string]uint32{}
	for _, c := range readPillow(t) {
		p, err := Decode(c.File, Ground{200, 100, 50})
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{1, 5, 30} {
			for _, channels := range []int{1, 3} {
				square := p.Square(size, channels)
				got[p.file.Format] = crc32.Update(got[p.file.Format], crc32.IEEETable, square)
			}
		}
	}
	want := map[string]uint32{"bmp": 0x4d25e8af, "gif": 0x2a58e203, "jpeg": 0xa6a5d3d1,
		"png": 0x4db5921d, "tiff": 0xce321b8a, "webp": 0xaef584ee}
	if !maps.Equal(got, want) {
		t.Errorf("checksums are %#v, not %#v", got, want)
	}
}

// TestGreyIsTheLumaOfColours holds that one channel is the grey of the three, and grey of greys.
func TestGreyIsTheLumaOfColours(t *testing.T) {
	for _, c := range readPillow(t) {
		p, err := Decode(c.File, White)
		if err != nil {
			t.Fatal(err)
		}
		colours, greys := p.Square(6, 3), p.Square(6, 1)
		for i, grey := range greys {
			colour := [3]uint8(colours[3*i:])
			if grey != luma(colour) {
				t.Errorf("%s: grey %d of %v", c.Name, grey, colour)
			}
			if p.file.Grey && colour != [3]uint8{grey, grey, grey} {
				t.Errorf("%s says that it is grey, and has %v", c.Name, colour)
			}
		}
	}
}
