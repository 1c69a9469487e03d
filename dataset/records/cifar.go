package records

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gridsearch/internal/plural"
)

// cifarFormat is one of the two binary formats of CIFAR: records of label bytes and 32 x 32 pixels,
// stored as colour planes.
type cifarFormat struct {
	name      string
	labels    []int  // how many values each label byte of a record has; the last is the class
	classFile string // names, one a line
	files     [2][]string
}

// classes is the number of classes.
func (f cifarFormat) classes() int { return f.labels[len(f.labels)-1] }

const (
	cifarSize   = 32
	cifarPixels = cifarSize * cifarSize * 3
	// The published files have up to 50,000 records.
	maxRecords   = 1_000_000
	maxNameBytes = 1 << 16
)

var cifar10 = cifarFormat{name: "cifar-10", labels: []int{10},
	classFile: "batches.meta.txt", files: [2][]string{
		{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
			"data_batch_5.bin"}, {"test_batch.bin"}}}

var cifar100 = cifarFormat{name: "cifar-100", labels: []int{20, 100},
	classFile: "fine_label_names.txt", files: [2][]string{{"train.bin"}, {"test.bin"}}}

// CIFAR10 reads the binary version of CIFAR-10 from the first of these folders that has it. Errors
// say that the command fetching downloads it where it is missing, and name a file and the offset.
func CIFAR10(folders []string, fetching string) (*Set, error) {
	return cifar10.open(folders, fetching)
}

// CIFAR100 reads the binary version of CIFAR-100 as CIFAR10 does its own. The classes are the fine
// ones.
func CIFAR100(folders []string, fetching string) (*Set, error) {
	return cifar100.open(folders, fetching)
}

func (f cifarFormat) open(folders []string, fetching string) (*Set, error) {
	folder, err := f.folder(folders, fetching)
	if err != nil {
		return nil, err
	}
	set := &Set{Name: f.name, Channels: 3, Native: cifarSize,
		Origin: "A. Krizhevsky, 2009", Licence: "cite the author"}
	for part, names := range f.files {
		for _, name := range names {
			path := filepath.Join(folder, name)
			pixels, labels, err := f.read(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("data set %s: %w\nget it with: %s\nor unpack the published "+
					"binary version into that folder", f.name, err, fetching)
			}
			if err != nil {
				return nil, err
			}
			set.Pixels[part] = append(set.Pixels[part], pixels...)
			set.Labels[part] = append(set.Labels[part], labels...)
		}
	}
	if err := set.name(f, filepath.Join(folder, f.classFile)); err != nil {
		return nil, err
	}
	return set, nil
}

// folder is the one that has the first file, of those where the files may be.
func (f cifarFormat) folder(folders []string, fetching string) (string, error) {
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, f.files[Train][0])); err == nil {
			return folder, nil
		}
	}
	return "", fmt.Errorf("data set %s is not in %q: %w\nget it with: %s\nor unpack the published "+
		"binary version into a folder and set [data] path to where %s is", f.name, folders,
		fs.ErrNotExist, fetching, f.files[Train][0])
}

func (f cifarFormat) read(path string) (pixels []uint8, labels []int, err error) {
	file, size, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if pixels, labels, err = f.parse(bufio.NewReader(file), size); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return pixels, labels, nil
}

// parse reads the records of so many bytes and converts their colour planes to interleaved pixels.
func (f cifarFormat) parse(r io.Reader, size int64) (pixels []uint8, labels []int, err error) {
	record := make([]byte, len(f.labels)+cifarPixels)
	length := int64(len(record))
	switch {
	case size > maxRecords*length:
		return nil, nil, fmt.Errorf("%d bytes are more than the %d records of %d bytes that are "+
			"read: this is not a file of %s", size, maxRecords, length, f.name)
	case size%length != 0 || size == 0:
		return nil, nil, fmt.Errorf("truncated: the record at offset %d has %d bytes of %d",
			size/length*length, size%length, length)
	}
	pixels = make([]uint8, size/length*cifarPixels)
	for i := range int(size / length) {
		at := i * len(record)
		if n, err := io.ReadFull(r, record); err != nil {
			return nil, nil, broken(at+n, err, fmt.Sprintf("the file had %d bytes", size))
		}
		for b, values := range f.labels {
			if int(record[b]) >= values {
				return nil, nil, fmt.Errorf("offset %d: label %d of %s, which has 0 to %d there",
					at+b, record[b], f.name, values-1)
			}
		}
		labels = append(labels, int(record[len(f.labels)-1]))
		planes, image := record[len(f.labels):], pixels[i*cifarPixels:]
		for p := range cifarSize * cifarSize {
			for c := range 3 {
				image[p*3+c] = planes[c*cifarSize*cifarSize+p]
			}
		}
	}
	return pixels, labels, nil
}

// name names the classes by a file of names; without one they are named by number.
func (s *Set) name(f cifarFormat, path string) error {
	for class := range f.classes() {
		s.Classes = append(s.Classes, strconv.Itoa(class))
	}
	file, _, err := openRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxNameBytes))
	if err != nil {
		return err
	}
	for _, note := range s.parseNames(string(text)) {
		s.Notes = append(s.Notes, path+": "+note)
	}
	return nil
}

// parseNames takes the names of the classes, one a line. Where there is none that can be printed, a
// class keeps its number as name, and a note says so.
func (s *Set) parseNames(text string) (notes []string) {
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")), "\n")
	if len(lines) != len(s.Classes) {
		return []string{fmt.Sprintf("%s of names, not %d: classes are named by number",
			plural.Of(len(lines), "line"), len(s.Classes))}
	}
	for class, line := range lines {
		if line = strings.TrimSpace(line); line != "" && !strings.ContainsFunc(line, unprintable) {
			s.Classes[class] = line
		} else {
			notes = append(notes, fmt.Sprintf("name %d cannot be printed: class %d is named by "+
				"its number", class+1, class))
		}
	}
	return notes
}

// unprintable reports whether a character is a control or formatting character, or no character.
func unprintable(r rune) bool { return !unicode.IsGraphic(r) || r == utf8.RuneError }
