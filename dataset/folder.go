package dataset

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// folderSet is a data set of JPEG and PNG files, one folder per class. Images are cropped to their
// central square and resized to the native size, which is the shortest side of all.
type folderSet struct {
	info   Info
	files  [2][]string
	labels [2][]int
}

// maxNative limits the native size: a study of larger images needs a downsampled copy.
const maxNative = 512

// openFolder accepts train/CLASS/... with test/ or val/ beside it, or CLASS/... alone, which are
// all training images.
func openFolder(spec Spec) (Source, error) {
	if spec.Path == "" {
		return nil, errors.New("data set image-folder needs a folder: set [data] path to one " +
			"that holds train/CLASS/*.jpg (or CLASS/*.jpg)")
	}
	if _, err := os.Stat(spec.Path); err != nil {
		return nil, fmt.Errorf("data set image-folder: %w", err)
	}
	set := &folderSet{info: Info{Name: "image-folder", Channels: 1, Native: math.MaxInt,
		Origin: spec.Path, Licence: "not known"}}
	roots := [2]string{filepath.Join(spec.Path, "train"), filepath.Join(spec.Path, "test")}
	if _, err := os.Stat(roots[Train]); err != nil {
		roots = [2]string{spec.Path}
	} else if _, err := os.Stat(roots[Test]); err != nil {
		roots[Test] = filepath.Join(spec.Path, "val")
	}
	if err := set.scan(Train, roots[Train]); err != nil {
		return nil, err
	}
	if _, err := os.Stat(roots[Test]); roots[Test] != "" && err == nil {
		if err := set.scan(Test, roots[Test]); err != nil {
			return nil, err
		}
	}
	set.info.Native = min(set.info.Native, maxNative)
	set.info.Train, set.info.Test = len(set.files[Train]), len(set.files[Test])
	return set, nil
}

// scan lists the images of a part; the classes are those of the training part.
func (s *folderSet) scan(part Part, root string) error {
	entries, err := os.ReadDir(root) // sorted by name
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		class := slices.Index(s.info.Classes, e.Name())
		if class < 0 && part == Test {
			return fmt.Errorf("%s has the class %q, which has no training images", root, e.Name())
		}
		if class < 0 {
			class = len(s.info.Classes)
			s.info.Classes = append(s.info.Classes, e.Name())
		}
		before := len(s.files[part])
		if err := s.class(part, class, filepath.Join(root, e.Name())); err != nil {
			return err
		}
		if part == Train && len(s.files[part]) == before {
			return fmt.Errorf("%s holds no JPEG or PNG image: remove it, or put the images of "+
				"the class into it", filepath.Join(root, e.Name()))
		}
	}
	if len(s.files[part]) == 0 {
		return fmt.Errorf("%s holds no folders with JPEG or PNG images", root)
	}
	return nil
}

func (s *folderSet) class(part Part, class int, folder string) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".jpg", ".jpeg", ".png":
		default:
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		config, err := readHeader(file)
		if err != nil {
			return err
		}
		if config.ColorModel != color.GrayModel && config.ColorModel != color.Gray16Model {
			s.info.Channels = 3
		}
		s.info.Native = min(s.info.Native, config.Width, config.Height)
		s.files[part] = append(s.files[part], path)
		s.labels[part] = append(s.labels[part], class)
		return nil
	})
}

func (s *folderSet) Info() Info             { return s.info }
func (s *folderSet) Labels(part Part) []int { return s.labels[part] }

func (s *folderSet) Load(part Part, indices []int) (*Images, error) {
	im := NewImages(len(indices), s.info.Native, s.info.Channels)
	for place, i := range indices {
		if i < 0 || i >= len(s.files[part]) {
			return nil, fmt.Errorf("%s has no %s image %d: there are %d", s.info.Origin, part, i,
				len(s.files[part]))
		}
		if err := s.decode(im.image(place), s.files[part][i]); err != nil {
			return nil, err
		}
		im.Labels[place] = int32(s.labels[part][i])
	}
	return im, nil
}

// decode reads one file as a square of the native size.
func (s *folderSet) decode(to []uint8, path string) error {
	whole, err := ReadFile(path, s.info.Channels)
	if err != nil {
		return err
	}
	small, err := whole.Resize(s.info.Native)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	copy(to, small.Pixels)
	return nil
}

// ReadFile reads the central square of a JPEG or PNG file, as grey for one channel and in colour
// for three.
func ReadFile(path string, channels int) (*Images, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := readHeader(file); err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(file)
	if err != nil {
		offset, _ := file.Seek(0, io.SeekCurrent)
		return nil, fmt.Errorf("%s: corrupt image at or before offset %d: %w", path, offset, err)
	}
	return square(picture, channels), nil
}

// maxArea limits the pixels of an image file, whose header alone decides how much memory is
// allocated.
const maxArea = 1 << 27

// readHeader reads the format and size of an image, before memory for its pixels is allocated.
func readHeader(file *os.File) (image.Config, error) {
	config, _, err := image.DecodeConfig(file)
	switch {
	case err != nil:
		offset, _ := file.Seek(0, io.SeekCurrent)
		return config, fmt.Errorf("%s: not a readable image, at or before offset %d: %w",
			file.Name(), offset, err)
	case config.Width < 1 || config.Height < 1 || config.Height > maxArea/config.Width:
		return config, fmt.Errorf("%s: %d x %d pixels are none, or more than the %d of the "+
			"largest image that is read", file.Name(), config.Width, config.Height, maxArea)
	}
	return config, nil
}

// square is the central square of a picture.
func square(picture image.Image, channels int) *Images {
	b := picture.Bounds()
	side := min(b.Dx(), b.Dy())
	left, top := b.Min.X+(b.Dx()-side)/2, b.Min.Y+(b.Dy()-side)/2
	im := NewImages(1, side, channels)
	for y := range side {
		for x := range side {
			at := (y*side + x) * channels
			if channels == 1 {
				im.Pixels[at] = color.GrayModel.Convert(picture.At(left+x, top+y)).(color.Gray).Y
				continue
			}
			r, g, b, _ := picture.At(left+x, top+y).RGBA()
			im.Pixels[at], im.Pixels[at+1], im.Pixels[at+2] = uint8(r>>8), uint8(g>>8), uint8(b>>8)
		}
	}
	return im
}
