package picture

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"image"
	"image/draw"
	"image/png"
	"strings"
	"testing"
)

// made by testdata/pillow.py
//
//go:embed testdata/pillow.json
var pillowCases []byte

// pillowCase is a file, and its central square as Pillow sees it.
type pillowCase struct {
	Name      string
	File      []byte
	NotPillow string `json:"not_pillow"` // why the square is that of the specification instead
	Pixels    []byte // PNG
}

func readPillow(t testing.TB) (cases []pillowCase) {
	t.Helper()
	if err := json.Unmarshal(pillowCases, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// square is the red, green and blue of the expected square.
func (c pillowCase) square(t *testing.T) (side int, pixels []uint8) {
	t.Helper()
	im, err := png.Decode(bytes.NewReader(c.Pixels))
	if err != nil {
		t.Fatal(err)
	}
	side = im.Bounds().Dx()
	rgba := image.NewRGBA(im.Bounds())
	draw.Draw(rgba, rgba.Rect, im, image.Point{}, draw.Src)
	for i := 0; i < len(rgba.Pix); i += 4 {
		pixels = append(pixels, rgba.Pix[i:i+3]...)
	}
	return side, pixels
}

// TestPillow holds what Pillow sees: exactly, of formats without loss; of JPEG and lossy WebP, whose
// decoders round, and interpolate colours, each in its own way, to a mean difference of one level.
// Measured: 0.04 levels of JPEG at its own size (0.19 of YCCK); of photographs at half their size,
// where Pillow rounds twice, 0.33 of grey, 0.49 at 4:4:4, 0.68 at 4:2:0, 0.76 of lossy WebP.
func TestPillow(t *testing.T) {
	formats := map[string]int{}
	for _, c := range readPillow(t) {
		formats[strings.Fields(c.Name)[0]]++
		t.Run(c.Name, func(t *testing.T) {
			p, err := Decode(c.File, White)
			if err != nil {
				t.Fatal(err)
			}
			side, want := c.square(t)
			photo := strings.HasSuffix(c.Name, "photograph")
			if !photo && p.Side() != side {
				t.Fatalf("a side of %d, Pillow's is %d", p.Side(), side)
			}
			sum, largest := 0, 0
			for i, got := range p.Square(side, 3) {
				d := max(int(got)-int(want[i]), int(want[i])-int(got))
				sum += d
				largest = max(largest, d)
			}
			mean := float64(sum) / float64(len(want))
			lossy := photo || strings.HasPrefix(c.Name, "jpeg")
			if lossy {
				t.Logf("mean difference %.3f, largest %d", mean, largest)
			}
			if mean > 1 || !lossy && largest > 0 {
				t.Errorf("mean difference %.3f, largest %d", mean, largest)
			}
		})
	}
	for _, k := range []string{"jpeg", "png", "gif", "bmp", "tiff", "webp"} {
		if formats[k] < 5 {
			t.Errorf("%d cases of %s", formats[k], k)
		}
	}
}
