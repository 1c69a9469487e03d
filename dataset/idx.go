package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// idxFile is a parsed IDX file of bytes: the format of MNIST and its kin (magic 0x00 0x00 0x08 and
// the number of dimensions, the dimensions as big-endian 32-bit numbers, the data).
type idxFile struct {
	dims []int
	data []uint8
}

// maxIDX limits the size that a file may claim: no known set of this format comes near.
const maxIDX = 1 << 32

// readIDX reads an IDX file, gzipped or plain. Errors name the file and the offset in the
// uncompressed bytes.
func readIDX(path string) (idxFile, []byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return idxFile{}, nil, err
	}
	defer file.Close()
	var stream io.Reader = bufio.NewReader(file)
	if head, _ := stream.(*bufio.Reader).Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		if stream, err = gzip.NewReader(stream); err != nil {
			return idxFile{}, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	idx, sum, err := parseIDX(stream)
	if err != nil {
		return idxFile{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	return idx, sum, nil
}

// parseIDX reads the uncompressed bytes and their SHA-256. It never allocates more than about twice
// the size of the input.
func parseIDX(r io.Reader) (idxFile, []byte, error) {
	hash := sha256.New()
	r = io.TeeReader(r, hash)
	header := make([]byte, 4)
	if n, err := io.ReadFull(r, header); err != nil {
		return idxFile{}, nil, fmt.Errorf("not an IDX file: it ends at offset %d, inside the "+
			"first 4 bytes", n)
	}
	if header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] < 1 || header[3] > 4 {
		return idxFile{}, nil, fmt.Errorf("not an IDX file of bytes: offset 0 has % x, want 00 "+
			"00 08 and 1 to 4 dimensions", header)
	}
	dims := make([]byte, 4*int(header[3]))
	if n, err := io.ReadFull(r, dims); err != nil {
		return idxFile{}, nil, fmt.Errorf("truncated at offset %d, inside the dimensions", 4+n)
	}
	idx, size := idxFile{}, uint64(1)
	for i := 0; i < len(dims); i += 4 {
		d := binary.BigEndian.Uint32(dims[i:])
		idx.dims = append(idx.dims, int(d))
		if size *= uint64(d); d == 0 || size > maxIDX {
			return idxFile{}, nil, fmt.Errorf("offset %d: dimensions %v make no data of a "+
				"sensible size", 4+i, idx.dims)
		}
	}
	var data bytes.Buffer
	n, err := io.Copy(&data, io.LimitReader(r, int64(size)))
	switch {
	case err != nil:
		return idxFile{}, nil, fmt.Errorf("at offset %d: %w", 4+len(dims)+int(n), err)
	case n < int64(size):
		return idxFile{}, nil,
			fmt.Errorf("truncated at offset %d: dimensions %v want %d bytes more", 4+len(dims)+
				int(n), idx.dims, int64(size)-n)
	}
	idx.data = data.Bytes()
	if more, _ := io.Copy(io.Discard, r); more > 0 {
		return idxFile{}, nil, fmt.Errorf("%d bytes too many after offset %d", more, 4+len(dims)+
			int(size))
	}
	return idx, hash.Sum(nil), nil
}

// idxSet is a data set in the four files of MNIST.
type idxSet struct {
	info   Info
	images [2]idxFile
	labels [2][]int
}

// idxNames are the files of the two parts, each with and without .gz.
var idxNames = [2][2]string{{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
	{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}}

// fashionSums are the SHA-256 of the uncompressed files of Fashion-MNIST, as packagers recompress
// them.
var fashionSums = map[string]string{
	"t10k-images-idx3-ubyte":  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
	"t10k-labels-idx1-ubyte":  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
	"train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
	"train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
}

// fashionClasses as published by Zalando Research.
var fashionClasses = []string{"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal",
	"shirt", "sneaker", "bag", "ankle boot"}

func openFashionMNIST(spec Spec) (Source, error) {
	folders := []string{"/usr/share/datasets/fashion-mnist"}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(cache, "gridsearch", "fashion-mnist"))
	}
	if spec.Path != "" {
		folders = []string{spec.Path}
	}
	for _, folder := range folders {
		if _, err := findIDX(folder, idxNames[Train][0]); err == nil {
			set, err := readIDXSet(folder, fashionSums)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("data set fashion-mnist: %w\nget all four files with: "+
					"apt-get install dataset-fashion-mnist", err)
			}
			if err != nil {
				return nil, err
			}
			set.info.Name, set.info.Classes = "fashion-mnist", fashionClasses
			set.info.Origin, set.info.Licence = "Zalando Research", "MIT"
			return set, nil
		}
	}
	return nil, fmt.Errorf("data set fashion-mnist is not in %q\nget it with: apt-get install "+
		"dataset-fashion-mnist\nor put its four .gz files into a folder and set [data] path to it",
		folders)
}

func openIDX(spec Spec) (Source, error) {
	if spec.Path == "" {
		return nil, errors.New("data set idx needs a folder: set [data] path to where " +
			"train-images-idx3-ubyte and its kin are")
	}
	set, err := readIDXSet(spec.Path, nil)
	if err == nil {
		set.info.Origin, set.info.Licence = spec.Path, "not known"
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data set idx: %w\nthe folder must hold train-images-idx3-ubyte, "+
			"train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain "+
			"or as .gz", err)
	}
	return set, err
}

// findIDX returns the path of a file or of its .gz.
func findIDX(folder, name string) (string, error) {
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path + ".gz"); err == nil {
		return path + ".gz", nil
	}
	_, err := os.Stat(path)
	return path, err
}

// readIDXSet reads the four files; sums holds the SHA-256 that some must have.
func readIDXSet(folder string, sums map[string]string) (*idxSet, error) {
	set := &idxSet{}
	for part, names := range idxNames {
		var files [2]idxFile
		for k, name := range names {
			path, err := findIDX(folder, name)
			if err != nil {
				return nil, err
			}
			file, sum, err := readIDX(path)
			if err != nil {
				return nil, err
			}
			if want, ok := sums[name]; ok && hex.EncodeToString(sum) != want {
				return nil, fmt.Errorf("%s is not the published file: the SHA-256 of its "+
					"uncompressed bytes is %x, want %s", path, sum, want)
			}
			files[k] = file
		}
		if err := set.take(Part(part), files[0], files[1]); err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
	}
	set.info.Train, set.info.Test = len(set.labels[Train]), len(set.labels[Test])
	return set, nil
}

// take checks that images and labels match.
func (s *idxSet) take(part Part, images, labels idxFile) error {
	switch {
	case len(images.dims) != 3 || images.dims[1] != images.dims[2]:
		return fmt.Errorf("%s images have dimensions %v, want a number of square images", part,
			images.dims)
	case len(labels.dims) != 1 || labels.dims[0] != images.dims[0]:
		return fmt.Errorf("%s labels have dimensions %v for %d images", part, labels.dims, images.dims[0])
	case part == Test && images.dims[1] != s.info.Native:
		return fmt.Errorf("test images have %d pixels, training images %d", images.dims[1], s.info.Native)
	}
	s.info.Native, s.info.Channels, s.info.Name = images.dims[1], 1, "idx"
	s.images[part] = images
	for _, label := range labels.data {
		s.labels[part] = append(s.labels[part], int(label))
		for len(s.info.Classes) <= int(label) {
			s.info.Classes = append(s.info.Classes, strconv.Itoa(len(s.info.Classes)))
		}
	}
	return nil
}

func (s *idxSet) Info() Info             { return s.info }
func (s *idxSet) Labels(part Part) []int { return s.labels[part] }

func (s *idxSet) Load(part Part, indices []int) (*Images, error) {
	return pick(s.info, s.images[part].data, s.labels[part], indices)
}

// pick copies images out of a whole part in memory.
func pick(info Info, pixels []uint8, labels []int, indices []int) (*Images, error) {
	im := NewImages(len(indices), info.Native, info.Channels)
	for place, i := range indices {
		if i < 0 || i >= len(labels) {
			return nil, fmt.Errorf("data set %s has no image %d: there are %d", info.Name, i, len(labels))
		}
		copy(im.image(place), pixels[i*im.Bytes():])
		im.Labels[place] = int32(labels[i])
	}
	return im, nil
}
