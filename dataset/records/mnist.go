package records

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"gridsearch/internal/plural"
)

// idxNames are the files of the two parts, each with and without .gz.
var idxNames = [2][2]string{{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
	{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}}

// FashionSums are the SHA-256 of the uncompressed files of Fashion-MNIST by name, in hexadecimal
// digits: packagers recompress them.
var FashionSums = map[string]string{
	"t10k-images-idx3-ubyte":  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
	"t10k-labels-idx1-ubyte":  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
	"train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
	"train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
}

// fashionClasses as published by Zalando Research.
var fashionClasses = []string{"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal",
	"shirt", "sneaker", "bag", "ankle boot"}

// FashionMNIST reads Fashion-MNIST from the first of these folders that has it. Errors say that the
// command fetching downloads it where it is missing, and name a file that is not the published one.
func FashionMNIST(folders []string, fetching string) (*Set, error) {
	for _, folder := range folders {
		if _, err := findIDX(folder, idxNames[Train][0]); err == nil {
			set, err := readIDXSet(folder, FashionSums)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("data set fashion-mnist: %w\nget all four files with: %s\nor: "+
					"apt-get install dataset-fashion-mnist", err, fetching)
			}
			if err != nil {
				return nil, err
			}
			set.Name, set.Classes = "fashion-mnist", slices.Clone(fashionClasses)
			set.Origin, set.Licence = "Zalando Research", "MIT"
			return set, nil
		}
	}
	return nil, fmt.Errorf("data set fashion-mnist is not in %q: %w\nget it with: %s\nor: apt-get "+
		"install dataset-fashion-mnist\nor put its four .gz files into a folder and set [data] path "+
		"to it", folders, fs.ErrNotExist, fetching)
}

// IDX reads a set in the four files of MNIST, whose test part may be absent, from a folder. The
// labels of the training part are its classes. Errors name a file, and the offset in its
// uncompressed bytes.
func IDX(folder string) (*Set, error) {
	if folder == "" {
		return nil, errors.New("data set idx needs a folder: set [data] path to where " +
			"train-images-idx3-ubyte and its kin are")
	}
	set, err := readIDXSet(folder, nil)
	if err == nil {
		set.Origin, set.Licence = folder, "not known"
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("data set idx: %w\nthe folder must hold train-images-idx3-ubyte "+
			"and train-labels-idx1-ubyte, and may hold t10k-images-idx3-ubyte with "+
			"t10k-labels-idx1-ubyte, plain or as .gz", err)
	}
	return set, err
}

// findIDX returns the path of a file or of its .gz.
func findIDX(folder, name string) (string, error) {
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path + ".gz"); !errors.Is(err, fs.ErrNotExist) {
		return path + ".gz", err
	}
	_, err := os.Stat(path)
	return path, err
}

// readIDXSet reads the four files. Where sums has the SHA-256 that they must have, all must be
// there; otherwise the test part may be absent.
func readIDXSet(folder string, sums map[string]string) (*Set, error) {
	set := &Set{Name: "idx", Channels: 1}
	images, labels, err := set.readPart(Train, folder, sums)
	if err != nil {
		return nil, err
	}
	classes := set.classify(labels)
	set.take(Train, classes, images, labels)
	if sums != nil || !absent(folder, idxNames[Test]) {
		if images, labels, err = set.readPart(Test, folder, sums); err != nil {
			return nil, err
		}
		set.take(Test, classes, images, labels)
	}
	return set, nil
}

// absent reports whether there is none of the files of a part.
func absent(folder string, names [2]string) bool {
	for _, name := range names {
		if _, err := findIDX(folder, name); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// readPart reads images and labels whose numbers match.
func (s *Set) readPart(part int, folder string,
	sums map[string]string) (images, labels []uint8, err error) {
	n := 0
	images, err = readNamed(folder, idxNames[part][0], sums, func(dims []int) error {
		n = dims[0]
		return s.size(part, dims)
	})
	if err != nil {
		return nil, nil, err
	}
	labels, err = readNamed(folder, idxNames[part][1], sums, func(dims []int) error {
		if len(dims) != 1 || dims[0] != n {
			return fmt.Errorf("offset 3: labels have dimensions %v, want [%d], one for each of "+
				"the images of %s", dims, n, idxNames[part][0])
		}
		return nil
	})
	return images, labels, err
}

// readNamed reads the data of one file.
func readNamed(folder, name string, sums map[string]string,
	check func([]int) error) ([]uint8, error) {
	path, err := findIDX(folder, name)
	if err != nil {
		return nil, err
	}
	file, sum, err := readIDX(path, check)
	if err != nil {
		return nil, err
	}
	if want, ok := sums[name]; ok && hex.EncodeToString(sum) != want {
		return nil, fmt.Errorf("%s is not the published file: the SHA-256 of its uncompressed "+
			"bytes is %x, want %s", path, sum, want)
	}
	return file.data, nil
}

// size checks the dimensions of a part's images, before their pixels are read.
func (s *Set) size(part int, dims []int) error {
	const other = "data set image-folder reads JPEG or PNG files"
	switch {
	case len(dims) == 4:
		return fmt.Errorf("offset 3: 4 dimensions %v, as of colour images, want 3: %s in colour, "+
			"one folder per class", dims, other)
	case len(dims) != 3:
		return fmt.Errorf("offset 3: images have dimensions %v, want their number, rows and "+
			"columns", dims)
	case dims[1] != dims[2]:
		side := min(dims[1], dims[2])
		return fmt.Errorf("offset 8: images of %d rows and %d columns are not square: crop them "+
			"to %d x %d (%s and takes their central square)", dims[1], dims[2], side, side, other)
	case part == Test && dims[1] != s.Native:
		return fmt.Errorf("offset 8: test images have %d x %d pixels, training images %d x %d",
			dims[1], dims[2], s.Native, s.Native)
	}
	s.Native = dims[1]
	return nil
}

// noClass is the class of labels that the training part does not have.
const noClass = -1

// classify makes the labels of the training part the classes, named by their label and numbered in
// their order without gaps, and returns the class of each label.
func (s *Set) classify(labels []uint8) (classes [256]int) {
	for label := range classes {
		classes[label] = noClass
	}
	for _, label := range labels {
		classes[label] = 0
	}
	var found []int
	for label := range classes {
		if classes[label] != noClass {
			classes[label] = len(found)
			found = append(found, label)
			s.Classes = append(s.Classes, strconv.Itoa(label))
		}
	}
	const order = "classes are numbered in their order"
	switch n, first, last := len(found), found[0], found[len(found)-1]; {
	case last == n-1: // 0, 1, 2...
	case n == 1:
		s.note("the only label is %d, not 0: %s", first, order)
	case last-first == n-1:
		s.note("the labels are %d to %d, not from 0: %s", first, last, order)
	default:
		s.note("the labels are %d of those from %d to %d: %s", n, first, last, order)
	}
	return classes
}

// take keeps the images whose label is a class, and notes how many it leaves out.
func (s *Set) take(part int, classes [256]int, images, labels []uint8) {
	size, kept := s.Native*s.Native, make([]int, 0, len(labels))
	var strange []int // labels
	for i, label := range labels {
		if classes[label] != noClass {
			copy(images[len(kept)*size:][:size], images[i*size:])
			kept = append(kept, classes[label])
		} else if !slices.Contains(strange, int(label)) {
			strange = append(strange, int(label))
		}
	}
	s.Pixels[part], s.Labels[part] = images[:len(kept)*size], kept
	if len(strange) > 0 {
		slices.Sort(strange)
		n := len(labels) - len(kept)
		s.note("%s %s left out: no training image has the label %s",
			plural.Of(n, partNames[part]+" image"), plural.Verb(n, "is", "are"), list(strange))
	}
}

// list names a few labels: 5, 7 or 9.
func list(labels []int) string {
	const most = 5
	text := strconv.Itoa(labels[0])
	for i, label := range labels[1:] {
		switch {
		case i+1 == most && len(labels) > most+1:
			return fmt.Sprintf("%s or %d others", text, len(labels)-most)
		case i+2 == len(labels):
			text += " or "
		default:
			text += ", "
		}
		text += strconv.Itoa(label)
	}
	return text
}
