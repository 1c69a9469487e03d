package forecast

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gridsearch/internal/study"
)

// experiment is a study of a folder beside it.
const experiment = `schema_version = 1
[model]
baseline = "efficientnet-b0"
resolution = 8
stem = 8
head = 16
stages = [[1, 8, 3, 1, 1]]
channel_divisor = 2
[search]
gamma = { low = "1", high = "1.5", step = "0.25" }
controls = ["width"]
[[constraint]]
quantity = "nominal"
target = 2
tolerance = 0.5
[data]
dataset = "image-folder"
path = %q
validation_fraction = 0.2
[train]
epochs = 1
batch_size = 4
`

// TestRead: photographs are to be decoded until their packs are there; one that is damaged does not
// matter; the end of the context does. Other data are not read so.
func TestRead(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", filepath.Join(t.TempDir(), "none", "yet"))
	folder := t.TempDir()
	for i := range 20 {
		im := image.NewRGBA(image.Rect(0, 0, 30, 20))
		im.Set(i, 3, color.White)
		path := filepath.Join(folder, fmt.Sprint("class", i%2), fmt.Sprint(i, ".png"))
		var text bytes.Buffer
		at := time.Now().Add(-time.Hour)
		if err := errors.Join(png.Encode(&text, im), os.MkdirAll(filepath.Dir(path), 0o755),
			os.WriteFile(path, text.Bytes(), 0o644), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "folder.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, experiment, folder), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := study.Prepare(t.Context(), study.Access{}, file)
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancelCause(t.Context())
	stop(os.ErrProcessDone)
	if _, err := Read(stopped, p); err != os.ErrProcessDone {
		t.Errorf("a context that has ended gives %v", err)
	}
	first, err := Read(t.Context(), p)
	if err != nil || first.Decode != 20 || first.Seconds <= 0 || first.Write != first.Bytes ||
		first.Largest >= first.Bytes || first.Sizes < 2 {
		t.Fatalf("%+v (%v)", first, err)
	}
	if _, err := p.Specs(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, err := Read(t.Context(), p)
	if err != nil || second.Decode != 0 || second.Seconds != 0 || second.Write != 0 ||
		second.Bytes != first.Bytes {
		t.Errorf("%+v (%v)", second, err)
	}
	other, err := study.Prepare(t.Context(), study.Access{}, "../../cmd/gridsearch/testdata/small.toml")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Read(t.Context(), other); r != nil || err != nil {
		t.Errorf("drawn images: %+v (%v)", r, err)
	}
}
