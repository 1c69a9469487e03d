// Package dataset reads labelled images, brings them to the size that a network takes and splits
// them. Package batch augments them and feeds them.
//
// Every size is made from the native one by an area filter, never by enlarging, so that a higher
// resolution carries more information; only crops are resized by a bicubic filter, which enlarges
// small ones.
package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"gridsearch/internal/nearest"
)

// Part is one of the two published parts of a data set.
type Part int

// The published parts. Validation images are taken from the training part (Split).
const (
	Train Part = iota
	Test
)

// String is "train" or "test".
func (p Part) String() string { return [...]string{"train", "test"}[p] }

// Info describes a data set.
type Info struct {
	Name     string   `json:"name"`
	Classes  []string `json:"classes"`
	Channels int      `json:"channels"`
	Native   int      `json:"native"` // pixels on a side; no trial may be larger
	Train    int      `json:"train"`  // number of published training images
	Test     int      `json:"test"`
	Origin   string   `json:"origin"`
	Licence  string   `json:"licence"`
}

// Source is a data set whose images are read on demand.
type Source interface {
	Info() Info
	// Labels lists the class of every image of a part, without reading pixels where the format
	// allows it.
	Labels(Part) []int
	// Load reads the images with these indices at the native size.
	Load(part Part, indices []int) (*Images, error)
}

// Spec names a data set as an experiment file does.
type Spec struct {
	// "motifs", "fashion-mnist", "idx", "cifar-10", "cifar-100" or "image-folder"
	Name string `json:"name"`
	Path string `json:"path,omitempty"` // folder of its files, where there is no usual place
}

// openers open the data sets by name.
var openers = map[string]func(Spec) (Source, error){
	"motifs":        func(Spec) (Source, error) { return openMotifs(), nil },
	"fashion-mnist": openFashionMNIST,
	"idx":           openIDX,
	"cifar-10":      openCIFAR10,
	"cifar-100":     openCIFAR100,
	"image-folder":  openFolder,
}

// Names lists the data sets that Open can open.
func Names() []string {
	return []string{"motifs", "fashion-mnist", "idx", "cifar-10", "cifar-100", "image-folder"}
}

// Open opens a data set. If its files are missing, the error says how to get them.
func Open(spec Spec) (Source, error) {
	open, ok := openers[spec.Name]
	if !ok {
		return nil, fmt.Errorf("data set %q is not known: did you mean %q?", spec.Name,
			nearest.Word(spec.Name, Names()))
	}
	return open(spec)
}

// Images is square images of one size in memory.
type Images struct {
	N        int
	Size     int // pixels on a side
	Channels int
	Pixels   []uint8 // [N, Size, Size, Channels]
	Labels   []int32
}

// NewImages are n black images of class 0.
func NewImages(n, size, channels int) *Images {
	return &Images{N: n, Size: size, Channels: channels,
		Pixels: make([]uint8, n*size*size*channels), Labels: make([]int32, n)}
}

// Bytes is the number of bytes of one image.
func (im *Images) Bytes() int { return im.Size * im.Size * im.Channels }

// Image is the pixels of image i, [Size, Size, Channels]. It is not to be changed.
func (im *Images) Image(i int) ([]uint8, error) { return im.image(i), nil }

// image is the pixels of image i of images in memory.
func (im *Images) image(i int) []uint8 { return im.Pixels[i*im.Bytes():][:im.Bytes()] }

// Checksum is the SHA-256 of sizes, labels and pixels, in hexadecimal digits.
func (im *Images) Checksum() string {
	hash := sha256.New()
	for _, v := range []int{im.N, im.Size, im.Channels} {
		_ = binary.Write(hash, binary.LittleEndian, int64(v)) // a hash takes every write
	}
	_ = binary.Write(hash, binary.LittleEndian, im.Labels)
	hash.Write(im.Pixels)
	return hex.EncodeToString(hash.Sum(nil))
}

// Moments are the mean and standard deviation of each channel, of pixels as 0..1.
func (im *Images) Moments() (mean, deviation []float32) {
	sum, square := make([]uint64, im.Channels), make([]uint64, im.Channels)
	for i := 0; i < len(im.Pixels); i += im.Channels {
		for c, v := range im.Pixels[i : i+im.Channels] {
			sum[c] += uint64(v)
			square[c] += uint64(v) * uint64(v)
		}
	}
	n := float64(len(im.Pixels) / max(1, im.Channels))
	for c := range sum {
		m := float64(sum[c]) / n
		variance := float64(square[c])/n - float64(m*m) // rounded by itself, as in augment.go
		mean = append(mean, float32(m/255))
		// A constant channel keeps its scale instead of being divided by zero.
		deviation = append(deviation, float32(math.Sqrt(max(variance, 1))/255))
	}
	return mean, deviation
}
