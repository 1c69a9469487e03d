package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"gridsearch/dataset/photos"
	"gridsearch/dataset/picture"
)

// Single is one image, which can be given at several sizes: exactly as training reads it.
type Single struct {
	Side  int // of its central square, in pixels
	Label int

	square func(pixels int) (*Images, error)
}

// Square is the image at pixels on a side, which must not be more than its own.
func (s *Single) Square(pixels int) (*Images, error) {
	if pixels < 1 || pixels > s.Side {
		return nil, fmt.Errorf("an image of %d pixels cannot be made %d: it is never enlarged", s.Side,
			pixels)
	}
	return s.square(pixels)
}

// ReadFile decodes an image file of any size, as grey for one channel and in colour for three, with
// transparent pixels on a ground as ParseGround reads it.
func ReadFile(path string, channels int, ground string) (*Single, error) {
	under, err := ParseGround(ground)
	if err == nil {
		err = checkChannels(channels)
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errors.New("it is no regular file")}
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	whole, err := picture.Decode(text, under)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Single{Side: whole.Side(), square: func(pixels int) (*Images, error) {
		im := NewImages(1, pixels, channels)
		copy(im.Pixels, whole.Square(pixels, channels))
		return im, nil
	}}, nil
}

// One reads an image of a part by its index.
func One(ctx context.Context, source Source, part Part, index int) (*Single, error) {
	if p, ok := source.(*Photographs); ok {
		return p.one(ctx, part, index)
	}
	im, err := source.Load(ctx, part, []int{index})
	if err != nil {
		return nil, err
	}
	return &Single{Side: im.Size, Label: int(im.Labels[0]), square: im.Resize}, nil
}

// one is a photograph, whose file is decoded for every size.
func (p *Photographs) one(ctx context.Context, part Part, index int) (*Single, error) {
	if err := p.set.Check(ctx, photos.Part(part)); err != nil {
		return nil, err
	}
	if index < 0 || index >= len(p.used[part]) {
		return nil, fmt.Errorf("%s has no %s image %d: there are %d", p.info.Origin, part, index,
			len(p.used[part]))
	}
	photo := p.set.Parts[part][p.used[part][index]]
	return &Single{Side: photo.Header.Side(), Label: photo.Class,
		square: func(pixels int) (*Images, error) {
			square, err := p.set.Square(photo, pixels, p.info.Channels)
			if err != nil {
				return nil, err
			}
			im := NewImages(1, pixels, p.info.Channels)
			copy(im.Pixels, square)
			im.Labels[0] = int32(photo.Class)
			return im, nil
		}}, nil
}

// checkChannels says of which kinds of images files can be read.
func checkChannels(n int) error {
	if n != 1 && n != 3 {
		return fmt.Errorf("files are read as images of 1 or 3 channels, the network takes %d", n)
	}
	return nil
}
