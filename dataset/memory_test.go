package dataset

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

// idxBytes makes an IDX file.
func idxBytes(data []byte, dims ...uint32) []byte {
	text := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		text = binary.BigEndian.AppendUint32(text, d)
	}
	return append(text, data...)
}

// TestInMemory: a set that is read whole gives the images that it is asked for, in that order.
func TestInMemory(t *testing.T) {
	folder := t.TempDir()
	pixels := noisy(3, 4, 1, 1).Pixels
	writeAll(t, folder, map[string][]byte{
		"train-images-idx3-ubyte": idxBytes(pixels, 3, 4, 4),
		"train-labels-idx1-ubyte": idxBytes([]byte{3, 0, 1}, 3),
		"t10k-images-idx3-ubyte":  idxBytes(pixels[:16], 1, 4, 4),
		"t10k-labels-idx1-ubyte":  idxBytes([]byte{1}, 1),
	})
	src, err := Open(t.Context(), Spec{Name: "idx", Path: folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	im, err := src.Load(t.Context(), Train, []int{2, 0})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(im.image(0), pixels[32:48]) || !bytes.Equal(im.image(1), pixels[:16]) ||
		!slices.Equal(im.Labels, []int32{1, 2}) {
		t.Error("not the images of the file")
	}
	if info := src.Info(); info.Name != "idx" || info.Native != 4 || info.Channels != 1 ||
		info.Train != 3 || info.Test != 1 || !slices.Equal(info.Classes, []string{"0", "1", "3"}) ||
		len(info.Notes) != 1 || info.Origin != folder || info.Licence != "not known" {
		t.Errorf("%+v", info)
	}
	if train, test := src.Labels(Train), src.Labels(Test); !slices.Equal(train, []int{2, 0, 1}) ||
		!slices.Equal(test, []int{1}) {
		t.Errorf("labels %v and %v", train, test)
	}
	for _, i := range []int{-1, 1} {
		if _, err := src.Load(t.Context(), Test, []int{0, i}); err == nil ||
			!strings.Contains(err.Error(), "data set idx has no image") {
			t.Errorf("image %d of 1: %v", i, err)
		}
	}
}

func TestFashionMNIST(t *testing.T) {
	src, err := Open(t.Context(), Spec{Name: "fashion-mnist"}, nil)
	if err != nil {
		if !strings.Contains(err.Error(), "apt-get install") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	im, err := src.Load(t.Context(), Train, []int{0, 59999})
	if err != nil {
		t.Fatal(err)
	}
	if info := src.Info(); info.Train != 60000 || info.Test != 10000 || info.Native != 28 ||
		info.Classes[im.Labels[0]] != "ankle boot" {
		t.Errorf("%+v, first label %d", info, im.Labels[0])
	}
}
