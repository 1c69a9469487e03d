package pack

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"gridsearch/internal/safetensors"
)

// version of the format. A pack of another one counts as damaged, so that it is written anew.
const version = "1"

// Unnamed is the ID of a pack whose ID is not known yet: it gets one of the same length by Name.
var Unnamed = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// NoClass is the label of an image that no split may use: its file could not be read.
const NoClass = -1

// Config is what is known of a pack before its images are.
type Config struct {
	ID       string // hexadecimal, lower case; the file's name
	N        int    // images
	Pixels   int    // on a side
	Channels int
	Classes  []string
	Labels   []int32 // [N], of 0 to len(Classes)-1, or NoClass
	Filter   string  // version of the filter that brought the images to their size
}

// check says what is wrong with a description.
func (c *Config) check() error {
	if err := checkName(c.ID); err != nil {
		return err
	}
	if err := c.checkShape(); err != nil {
		return err
	}
	if len(c.Labels) != c.N {
		return fmt.Errorf("pack %s: %d labels for %d images", c.ID, len(c.Labels), c.N)
	}
	for i, label := range c.Labels {
		if label < NoClass || int(label) >= len(c.Classes) {
			return fmt.Errorf("pack %s: image %d is of class %d, there are classes 0 to %d", c.ID, i,
				label, len(c.Classes)-1)
		}
	}
	for _, text := range append([]string{c.Filter}, c.Classes...) {
		if !utf8.ValidString(text) {
			return fmt.Errorf("pack %s: %q is no UTF-8: name the class otherwise", c.ID, text)
		}
	}
	return nil
}

// checkShape finds numbers that would overflow.
func (c *Config) checkShape() error {
	if c.N < 0 || c.Pixels < 1 || c.Channels < 1 || c.Pixels > math.MaxInt32/c.Pixels/c.Channels ||
		c.N > math.MaxInt/8/(c.imageSize()+c.indexRow()) {
		return fmt.Errorf("pack %s: there are no %d images of %d pixels on a side and %d channels",
			c.ID, c.N, c.Pixels, c.Channels)
	}
	return nil
}

// longestName of a pack or split, in hexadecimal digits.
const longestName = 128

func checkName(name string) error {
	if name == "" || len(name) > longestName || strings.Trim(name, "0123456789abcdef") != "" {
		return fmt.Errorf("%.40q is no name of a pack or split: those have 1 to %d hexadecimal "+
			"digits, in lower case", name, longestName)
	}
	return nil
}

// imageSize is the bytes of an image.
func (c *Config) imageSize() int { return c.Pixels * c.Pixels * c.Channels }

// indexRow is the bytes that an image has before the images.
func (c *Config) indexRow() int { return 16*c.Channels + 4 + sha256.Size }

// Bytes is the size of the pack's file, but for its header.
func (c *Config) Bytes() int64 { return int64(c.N) * int64(c.indexRow()+c.imageSize()) }

func (c *Config) indexSize() int { return c.N * c.indexRow() }

func (c *Config) noImage(i int) error {
	return fmt.Errorf("pack %s has no image %d: it has %d, from 0", c.ID, i, c.N)
}

// header is the beginning of the file, up to the moments.
func (c *Config) header(index string) ([]byte, error) {
	classes, err := json.Marshal(append([]string{}, c.Classes...))
	if err != nil {
		return nil, err
	}
	return safetensors.File{
		Metadata: map[string]string{"version": version, "id": c.ID, "filter": c.Filter,
			"channels": strconv.Itoa(c.Channels), "classes": string(classes), "index": index},
		Tensors: []safetensors.Tensor{
			{Name: "moments", Type: "U64", Shape: []int{c.N, c.Channels, 2}},
			{Name: "labels", Type: "I32", Shape: []int{c.N}},
			{Name: "digests", Type: "U8", Shape: []int{c.N, sha256.Size}},
			{Name: "images", Type: "U8", Shape: []int{c.N, c.Pixels, c.Pixels, c.Channels}},
		}}.Header()
}

// configOf reads the header of a file, labels aside.
func configOf(file *safetensors.File) (c Config, err error) {
	images, err := file.Tensor("images")
	if err != nil {
		return c, err
	}
	if v := file.Metadata["version"]; v != version {
		return c, fmt.Errorf("it has version %.20q of the format, this program writes %s", v,
			version)
	}
	if len(images.Shape) != 4 {
		return c, fmt.Errorf("its images have the shape %v, not [n, pixels, pixels, channels]",
			images.Shape)
	}
	c = Config{ID: file.Metadata["id"], N: images.Shape[0], Pixels: images.Shape[1],
		Channels: images.Shape[3], Filter: file.Metadata["filter"]}
	if err := c.checkShape(); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(file.Metadata["classes"]), &c.Classes)
}

// noSum stands in the place of the index while its sum is taken.
var noSum = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// head is the beginning of the file, up to the index, whose sum it has.
func (c *Config) head(index []byte) ([]byte, error) {
	text, err := c.header(noSum)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	hash.Write(text)
	hash.Write(index)
	return c.header(hex.EncodeToString(hash.Sum(nil)))
}

// writeIndex is moments, labels and digests as bytes.
func (c *Config) writeIndex(digests [][sha256.Size]byte, moments []uint64) []byte {
	index := make([]byte, 0, c.indexSize())
	for _, v := range moments {
		index = binary.LittleEndian.AppendUint64(index, v)
	}
	for _, v := range c.Labels {
		index = binary.LittleEndian.AppendUint32(index, uint32(v))
	}
	for i := range digests {
		index = append(index, digests[i][:]...)
	}
	return index
}

func (c *Config) readIndex(index []byte) (labels []int32, digests [][sha256.Size]byte,
	moments []uint64) {
	labels, digests = make([]int32, c.N), make([][sha256.Size]byte, c.N)
	moments = make([]uint64, 2*c.N*c.Channels)
	for i := range moments {
		moments[i] = binary.LittleEndian.Uint64(index[8*i:])
	}
	index = index[8*len(moments):]
	for i := range labels {
		labels[i] = int32(binary.LittleEndian.Uint32(index[4*i:]))
	}
	index = index[4*c.N:]
	for i := range digests {
		copy(digests[i][:], index[sha256.Size*i:])
	}
	return labels, digests, moments
}

// momentsOf adds up an image's bytes, channel by channel.
func momentsOf(moments []uint64, image []uint8) {
	for at := 0; at < len(image); {
		for c := 0; c < len(moments); c += 2 {
			v := uint64(image[at])
			moments[c] += v
			moments[c+1] += v * v
			at++
		}
	}
}
