package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cifarFormat is one of the two binary formats of CIFAR: records of label bytes and 32 x 32 pixels,
// stored as colour planes.
type cifarFormat struct {
	name       string
	labelBytes int // the last of them is the class
	classes    int
	classFile  string // names, one a line
	files      [2][]string
}

const (
	cifarSize   = 32
	cifarPixels = cifarSize * cifarSize * 3
)

var cifar10 = cifarFormat{name: "cifar-10", labelBytes: 1, classes: 10,
	classFile: "batches.meta.txt", files: [2][]string{
		{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
			"data_batch_5.bin"}, {"test_batch.bin"}}}

var cifar100 = cifarFormat{name: "cifar-100", labelBytes: 2, classes: 100,
	classFile: "fine_label_names.txt", files: [2][]string{{"train.bin"}, {"test.bin"}}}

func openCIFAR10(spec Spec) (Source, error)  { return cifar10.open(spec) }
func openCIFAR100(spec Spec) (Source, error) { return cifar100.open(spec) }

// cifarSet is a data set in memory.
type cifarSet struct {
	info   Info
	pixels [2][]uint8
	labels [2][]int
}

func (f cifarFormat) open(spec Spec) (Source, error) {
	if spec.Path == "" {
		return nil, fmt.Errorf("data set %s needs a folder: set [data] path to where %s of the "+
			"published binary version is", f.name, f.files[Train][0])
	}
	set := &cifarSet{info: Info{Name: f.name, Channels: 3, Native: cifarSize,
		Origin: "A. Krizhevsky, 2009", Licence: "cite the author"}}
	for part, names := range f.files {
		for _, name := range names {
			path := filepath.Join(spec.Path, name)
			text, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("data set %s: %w\nunpack the published binary version "+
					"into that folder", f.name, err)
			}
			if err != nil {
				return nil, err
			}
			pixels, labels, err := f.parse(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			set.pixels[part] = append(set.pixels[part], pixels...)
			set.labels[part] = append(set.labels[part], labels...)
		}
	}
	set.info.Train, set.info.Test = len(set.labels[Train]), len(set.labels[Test])
	set.info.Classes = f.names(filepath.Join(spec.Path, f.classFile))
	return set, nil
}

// parse reads records and converts their colour planes to interleaved pixels.
func (f cifarFormat) parse(text []byte) (pixels []uint8, labels []int, err error) {
	record := f.labelBytes + cifarPixels
	if len(text)%record != 0 || len(text) == 0 {
		return nil, nil, fmt.Errorf("truncated: the record at offset %d has %d bytes of %d",
			len(text)/record*record, len(text)%record, record)
	}
	pixels = make([]uint8, len(text)/record*cifarPixels)
	for i := range len(text) / record {
		r := text[i*record:][:record]
		label := int(r[f.labelBytes-1])
		if label >= f.classes {
			return nil, nil, fmt.Errorf("offset %d: class %d of %s, which has %d", i*record+
				f.labelBytes-1, label, f.name, f.classes)
		}
		labels = append(labels, label)
		planes, image := r[f.labelBytes:], pixels[i*cifarPixels:]
		for p := range cifarSize * cifarSize {
			for c := range 3 {
				image[p*3+c] = planes[c*cifarSize*cifarSize+p]
			}
		}
	}
	return pixels, labels, nil
}

// names reads the class names; without a file of them classes are named by number.
func (f cifarFormat) names(path string) []string {
	text, err := os.ReadFile(path)
	names := strings.Split(string(bytes.TrimSpace(text)), "\n")
	if err == nil && len(names) == f.classes {
		return names
	}
	names = nil
	for class := range f.classes {
		names = append(names, strconv.Itoa(class))
	}
	return names
}

func (s *cifarSet) Info() Info             { return s.info }
func (s *cifarSet) Labels(part Part) []int { return s.labels[part] }

func (s *cifarSet) Load(part Part, indices []int) (*Images, error) {
	return pick(s.info, s.pixels[part], s.labels[part], indices)
}
