// Package pack keeps decoded images in files that several processes map.
//
// A pack is one published part of a data set at one size, in the order of its source. It is a
// safetensors file, DIR/ID.safetensors, with the tensors
//
//	moments  uint64 [n, channels, 2]             sum, and sum of squares, of each channel's bytes
//	labels   int32  [n]
//	digests  uint8  [n, 32]                      SHA-256 of each image's bytes
//	images   uint8  [n, pixels, pixels, channels]
//
// in this order. Its metadata are version, id, channels, classes (a JSON list), filter, and index:
// the SHA-256 of everything before the images with 64 zeros in the index's own place. The same
// images give the same bytes, whoever writes them and when. ID stands for the content of the files
// that the images were decoded from: a file of that name is right or damaged, never outdated.
//
// A split, DIR/CHECKSUM.split, says which images of which packs a study trains and validates on.
//
// Opening a pack checks all but the pixels. An image is checked when a process first reads it. A
// page that cannot be read then, because the file was cut short or the disk fails, makes the image
// damaged. If that happens to an image that was checked before, the process dies of the fault and
// reads nothing wrong; its successor finds the damage.
package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"gridsearch/internal/mapped"
	"gridsearch/internal/safetensors"
)

// Pack is one part of a data set at one size. What it holds is shared: it must not be changed.
type Pack struct {
	Config
	Path    string // of its file; empty for a pack in memory
	Digests [][sha256.Size]byte

	moments []uint64 // [N, Channels, 2]
	images  []uint8  // [N, Pixels, Pixels, Channels]
	checked []atomic.Uint64
	text    []byte // the mapped file; nil in memory, and once it is closed
}

// Damaged says that a file is not what was written. Whoever gets it takes the lock of the pack
// (Acquire), opens the pack again, as another process may have written it anew meanwhile, and
// otherwise writes it anew: Commit replaces the damaged file.
type Damaged struct {
	Path string // empty for a pack in memory
	What error
}

// Error names the file and what is wrong with it.
func (d *Damaged) Error() string {
	return fmt.Sprintf("%s is damaged: %v; it can be removed, and is then written anew", d.Path,
		d.What)
}

// Unwrap is what is wrong.
func (d *Damaged) Unwrap() error { return d.What }

// Open maps a pack. The error is fs.ErrNotExist where there is none, and a *Damaged where labels,
// digests or moments are not what was written, or the file has another length.
func Open(dir, id string) (*Pack, error) {
	path, err := place(dir, id, packEnd)
	if err != nil {
		return nil, err
	}
	text, err := mapped.Open(path)
	if err != nil {
		return nil, err
	}
	p, err := view(text, path, id)
	if err == nil {
		touch(path)
	}
	return p, err
}

// touch makes the file's time that of its last use, to a day.
func touch(path string) {
	info, err := os.Stat(path)
	if now := time.Now(); err == nil && now.Sub(info.ModTime()) > 24*time.Hour {
		_ = os.Chtimes(path, now, now) // in a folder that is only read it stays as it is
	}
}

// view is the pack in a mapped file, which it gives back if there is none.
func view(text []byte, path, id string) (p *Pack, err error) {
	err = mapped.Guard(func() (err error) {
		p, err = decode(text, id)
		return err
	})
	if err != nil {
		_ = mapped.Close(text)
		return nil, &Damaged{path, err}
	}
	p.Path, p.text = path, text
	return p, nil
}

// decode reads all but the images of a pack.
func decode(text []byte, id string) (*Pack, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, err
	}
	c, err := configOf(file)
	if err != nil {
		return nil, err
	}
	if c.ID != id {
		return nil, fmt.Errorf("it is pack %.80q under another's name", c.ID)
	}
	images, _ := file.Tensor("images") // configOf has read it
	start := len(text) - len(images.Data) - c.indexSize()
	if start < 0 {
		return nil, errors.New("it has no room for labels, digests and moments")
	}
	// The copy is what is checked, so that later changes of the file do not reach it.
	index := bytes.Clone(text[start:][:c.indexSize()])
	head, err := c.head(index)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(text[:start], head) {
		return nil, errors.New("its header, labels, digests or moments do not match their SHA-256")
	}
	p := newPack(c, index, images.Data)
	return p, p.check()
}

func newPack(c Config, index, images []byte) *Pack {
	p := &Pack{Config: c, images: images, checked: make([]atomic.Uint64, (c.N+63)/64)}
	p.Labels, p.Digests, p.moments = c.readIndex(index)
	return p
}

// Image is the pixels of image i, [Pixels, Pixels, Channels]. The first reading in this process
// compares them with their digest, and the error is a *Damaged if they differ. They are a part of
// the mapped file: writing to them ends the process, and they are gone after Close. Several
// goroutines may read at once.
func (p *Pack) Image(i int) ([]uint8, error) {
	if i < 0 || i >= p.N {
		return nil, p.noImage(i)
	}
	if p.images == nil {
		return nil, &fs.PathError{Op: "read", Path: p.Path, Err: fs.ErrClosed}
	}
	size := p.imageSize()
	image := p.images[i*size : (i+1)*size : (i+1)*size]
	if p.checked[i/64].Load()>>(i%64)&1 != 0 {
		return image, nil
	}
	err := mapped.Guard(func() error {
		if sha256.Sum256(image) != p.Digests[i] {
			return errors.New("its pixels do not match their SHA-256")
		}
		return nil
	})
	if err != nil {
		return nil, &Damaged{p.Path, fmt.Errorf("image %d of %d: %w", i, p.N, err)}
	}
	p.checked[i/64].Or(1 << (i % 64))
	return image, nil
}

// Moments are the sum, and the sum of squares, of each channel's bytes in image i, [Channels, 2].
func (p *Pack) Moments(i int) []uint64 {
	size := 2 * p.Channels
	return p.moments[i*size : (i+1)*size : (i+1)*size]
}

// Close gives the mapping back; images that Image has returned must not be read any more. Closing
// again does nothing.
func (p *Pack) Close() error {
	text := p.text
	p.text, p.images = nil, nil
	return mapped.Close(text)
}
