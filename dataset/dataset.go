// Package dataset reads labelled images, brings them to the size that a network takes and splits
// them. Package batch augments them and feeds them.
//
// Every size is made from the native one by an area filter, never by enlarging, so that a higher
// resolution carries more information; only crops are resized by a bicubic filter, which enlarges
// small ones.
package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"gridsearch/dataset/pack"
	"gridsearch/dataset/photos"
	"gridsearch/dataset/records"
	"gridsearch/internal/cache"
	"gridsearch/internal/nearest"
)

// Part is one of the published parts of a data set.
type Part int

// The published parts. Where there is no validation part, validation images are taken from the
// training part (Split).
const (
	Train Part = iota
	Test
	Validation
)

// String is "train", "test" or "validation".
func (p Part) String() string { return [...]string{"train", "test", "validation"}[p] }

// Info describes a data set.
type Info struct {
	Name     string   `json:"name"`
	Classes  []string `json:"classes"`
	Channels int      `json:"channels"`
	Native   int      `json:"native"` // pixels on a side; no trial may be larger
	Train    int      `json:"train"`  // number of published training images
	Test     int      `json:"test"`
	// number of images of a part of their own; 0 where there is none
	Validation int    `json:"validation,omitempty"`
	Origin     string `json:"origin"`
	Licence    string `json:"licence"`
	// What a reader should know of how the files were taken, a sentence each.
	Notes []string `json:"notes,omitempty"`
}

// Source is a data set whose images are read on demand.
type Source interface {
	Info() Info
	// Labels lists the class of every image of a part, without reading pixels where the format
	// allows it.
	Labels(Part) []int
	// Load reads the images with these indices at the native size. It ends early, with the cause,
	// when the context does.
	Load(ctx context.Context, part Part, indices []int) (*Images, error)
}

// Watch is told how far a long reading is: what is done, and how many images of how many; 0 of 0
// where that is not known.
type Watch = photos.Watch

// Spec names a data set as an experiment file does.
type Spec struct {
	// "motifs", "fashion-mnist", "idx", "cifar-10", "cifar-100" or "image-folder"
	Name string `json:"name"`
	Path string `json:"path,omitempty"` // folder of its files, where there is no usual place

	Reading
}

// Folders are where Open looks for the files of a data set that has no path: the system's folder
// where packagers put one, then the set's own in the user's cache directory, if there is such a
// directory.
func Folders(name string) (folders []string) {
	if name == "fashion-mnist" {
		folders = append(folders, "/usr/share/datasets/fashion-mnist")
	}
	if own := cache.User(name); own != "" {
		folders = append(folders, string(own))
	}
	return folders
}

// folders are where the files of a data set may be.
func (s Spec) folders() []string {
	if s.Path != "" {
		return []string{s.Path}
	}
	return Folders(s.Name)
}

// fetching is the command that downloads the data set to where Open looks for it.
func (s Spec) fetching() string {
	command := "gridsearch dataset " + s.Name + " --fetch"
	if s.Path != "" {
		command += " --path " + s.Path
	}
	return command
}

// opener opens a data set.
type opener func(context.Context, Spec, Watch) (Source, error)

// openers open the data sets by name.
var openers = map[string]opener{
	"motifs":        func(_ context.Context, _ Spec, w Watch) (Source, error) { return openMotifs(w), nil },
	"fashion-mnist": published(records.FashionMNIST),
	"idx":           inMemory(func(s Spec) (*records.Set, error) { return records.IDX(s.Path) }),
	"cifar-10":      published(records.CIFAR10),
	"cifar-100":     published(records.CIFAR100),
	ImageFolder:     openFolder,
}

// ImageFolder is the name of the data set of a folder of photographs.
const ImageFolder = "image-folder"

// Names lists the data sets that Open can open.
func Names() []string {
	return []string{"motifs", "fashion-mnist", "idx", "cifar-10", "cifar-100", ImageFolder}
}

// Open opens a data set. If its files are missing, the error says how to get them. Long readings,
// those of Load too, are told to watch, which may be nil; the context ends them, with its cause.
func Open(ctx context.Context, spec Spec, watch Watch) (Source, error) {
	open, ok := openers[spec.Name]
	if !ok {
		return nil, fmt.Errorf("data set %q is not known: did you mean %q?", spec.Name,
			nearest.Word(spec.Name, Names()))
	}
	if watch == nil {
		watch = func(string, int, int) {}
	}
	return open(ctx, spec, watch)
}

// Images is square images of one size, in memory or in a pack.
type Images struct {
	N        int
	Size     int // pixels on a side
	Channels int
	Pixels   []uint8 // [N, Size, Size, Channels] in memory; nil where they lie in a pack
	Labels   []int32

	pack  *pack.Pack
	order []int32 // their places in the pack
}

// NewImages are n black images of class 0.
func NewImages(n, size, channels int) *Images {
	return &Images{N: n, Size: size, Channels: channels,
		Pixels: make([]uint8, n*size*size*channels), Labels: make([]int32, n)}
}

// Bytes is the number of bytes of one image.
func (im *Images) Bytes() int { return im.Size * im.Size * im.Channels }

// Image is the pixels of image i, [Size, Size, Channels]. It is not to be changed. The error is that
// of a damaged pack.
func (im *Images) Image(i int) ([]uint8, error) {
	if im.pack != nil {
		return im.pack.Image(int(im.order[i]))
	}
	return im.image(i), nil
}

// image is the pixels of image i of images in memory.
func (im *Images) image(i int) []uint8 { return im.Pixels[i*im.Bytes():][:im.Bytes()] }

// Checksum is the SHA-256 of sizes, labels and pixels of images in memory, in hexadecimal digits.
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
	for _, place := range im.order {
		for i, v := range im.pack.Moments(int(place)) { // [channels, 2]
			[2][]uint64{sum, square}[i%2][i/2] += v
		}
	}
	n := float64(im.N * im.Size * im.Size)
	for c := range sum {
		m := float64(sum[c]) / n
		// rounded by itself: fused, another processor would have other bits
		variance := float64(square[c])/n - float64(m*m)
		mean = append(mean, float32(m/255))
		// A constant channel keeps its scale instead of being divided by zero.
		deviation = append(deviation, float32(math.Sqrt(max(variance, 1))/255))
	}
	return mean, deviation
}
