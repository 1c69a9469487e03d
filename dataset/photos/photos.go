// Package photos reads folders of photographs: it surveys their files, remembers what it has found,
// and decodes each image once, into packs.
//
// What is known of a file is kept in the cache directory, under the folder's path: a file whose size
// and times are as they were is not opened again. A pack is called by the content of its files, so a
// folder that has moved, or two that hold the same, share theirs.
package photos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"gridsearch/dataset/folder"
	"gridsearch/dataset/pack"
)

// Part is a part of the folder.
type Part int

// The parts.
const (
	Train Part = iota
	Test
	Validation
)

// String names a part as people do.
func (p Part) String() string { return [...]string{"train", "test", "validation"}[p] }

// Options say how a folder is read.
type Options struct {
	List   string   // CSV file of paths and labels instead of folders; empty for none
	Ground [3]uint8 // under transparent pixels, which Files decodes with
	Files  Files
	Cache  string // folder of packs and of what is known; empty to keep all in memory
	Watch  Watch  // may be nil

	Unlabelled bool // images without folders for their classes are the test part
}

// Files reads files of images.
type Files interface {
	// IsImage tells by a file's name whether it is taken for an image.
	IsImage(name string) bool
	// Advice says what to do with a file whose name is that of an image that is not read.
	Advice(name string) string
	// Check reads the header of a file of size bytes and looks at its end.
	Check(r io.ReaderAt, size int64) (Header, error)
	Decode(file []byte) (Image, error)
}

// Header is what is known of an image before it is decoded.
type Header struct {
	Width, Height int // in pixels, as a person sees it
	Grey          bool
}

// Side is the shorter side in pixels.
func (h Header) Side() int { return min(h.Width, h.Height) }

// Image is a decoded image.
type Image interface {
	// Square is its central square, [pixels, pixels, channels].
	Square(pixels, channels int) []uint8
}

// Watch is told how far a long reading is: what is done, and how many files of how many.
type Watch func(what string, done, total int)

// Photo is one file with what is known of it.
type Photo struct {
	folder.File
	Header Header // zero where a check of the file finds something against it
	// SHA-256 of the file, once it has been read whole; zero before
	Content [sha256.Size]byte
	Bad     string // why it cannot be read; empty if nothing is known against it

	seen int64 // when the file was opened for what is known of it, in ns since 1970
}

// Set is a folder of photographs.
type Set struct {
	Listing *folder.Listing
	Parts   [3][]Photo // by Part, in the listing's order

	options   Options
	inventory *inventory
	packs     map[packName]*pack.Pack
	checked   [3]bool
}

// Open lists a folder and checks header and end of every file of the training and validation parts
// that is new or has changed. Errors are those of folder.List and of an ended context; files that
// cannot be read are none (Photo.Bad).
func Open(ctx context.Context, root string, o Options) (*Set, error) {
	if o.Watch == nil {
		o.Watch = func(string, int, int) {}
	}
	listing, err := folder.List(ctx, root, folder.Options{List: o.List,
		IsImage: o.Files.IsImage, Advice: o.Files.Advice,
		Unlabelled: o.Unlabelled})
	if err != nil {
		return nil, err
	}
	s := &Set{Listing: listing, options: o, packs: map[packName]*pack.Pack{},
		inventory: openInventory(o.Cache, absolute(listing.Root), o.List)}
	for part, files := range [3][]folder.File{listing.Train, listing.Test, listing.Validation} {
		s.Parts[part] = make([]Photo, len(files))
		for i, f := range files {
			s.Parts[part][i] = Photo{File: f}
		}
	}
	s.inventory.forget(s.Parts)
	for _, part := range []Part{Train, Validation} {
		if err := s.Check(ctx, part); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Check fills in what is known of a part's files and looks at those that are new or have changed.
func (s *Set) Check(ctx context.Context, part Part) error {
	if s.checked[part] {
		return nil
	}
	photos := s.Parts[part]
	var unknown []int
	for i := range photos {
		if !s.inventory.fill(&photos[i]) {
			unknown = append(unknown, i)
		}
	}
	if err := s.each(ctx, "checking images", part, unknown, s.check); err != nil {
		return err
	}
	s.checked[part] = true
	return nil
}

// unopened stands for the content of files that cannot be opened or read. It is not remembered:
// whether they can be is asked again every time.
var unopened = sha256.Sum256([]byte("not read"))

// lose notes that a file cannot be opened or read, without the path, which whoever tells it adds.
func (p *Photo) lose(err error) {
	if cause := errors.Unwrap(err); cause != nil {
		err = cause
	}
	p.Header, p.Bad, p.Content = Header{}, err.Error(), unopened
}

// absolute is a path from the root, if the system can tell.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// check reads the header of a file and looks at its end.
func (s *Set) check(_ int, p *Photo) {
	p.seen = time.Now().UnixNano()
	file, err := s.Listing.Open(p.File)
	if err != nil {
		p.lose(err)
		return
	}
	defer file.Close()
	disk := &watched{ReaderAt: file}
	if s.judge(p, disk); disk.err != nil {
		p.lose(disk.err)
	}
}

// judge notes what a check says of a file.
func (s *Set) judge(p *Photo, file io.ReaderAt) {
	var err error
	if p.Header, err = s.options.Files.Check(file, p.Size); err != nil {
		p.Header, p.Bad = Header{}, err.Error()
	} else {
		p.Bad = ""
	}
}

// watched remembers what a disk has refused: it says nothing about the content of the file.
type watched struct {
	io.ReaderAt
	err error
}

// ReadAt is that of io.ReaderAt.
func (w *watched) ReadAt(b []byte, at int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(b, at)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// each looks at some photos of a part, on all cores, and remembers what has been found, even where
// the context ends it. What is under way then is never taken over.
func (s *Set) each(ctx context.Context, what string, part Part, which []int,
	look func(i int, p *Photo)) error {
	photos := s.Parts[part]
	found, done := make([]Photo, len(which)), make([]atomic.Bool, len(which))
	for k, i := range which {
		found[k] = photos[i]
	}
	err := Each(ctx, len(which), func(n int) { s.options.Watch(what, n, len(which)) }, func(k int) {
		look(which[k], &found[k])
		done[k].Store(true)
	})
	for k, i := range which {
		if !done[k].Load() {
			continue
		}
		if photos[i] = found[k]; photos[i].Content != unopened {
			s.inventory.learn(photos[i])
		}
	}
	s.inventory.save()
	return err
}

// Each does something for every i below n, on all cores. Now and then tell is called with how many
// are done. When the context ends, Each returns its cause at once: what is still under way is left
// to end by itself, so the caller is to give up what it writes to.
func Each(ctx context.Context, n int, tell func(done int), do func(i int)) error {
	var next, done atomic.Int64
	var wait sync.WaitGroup
	finished := make(chan struct{})
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
				done.Add(1)
			}
		})
	}
	go func() { wait.Wait(); close(finished) }()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-finished:
			if ctx.Err() == nil && n > 0 {
				tell(n)
			}
			return context.Cause(ctx)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			tell(int(done.Load()))
		}
	}
}

const watchEvery = 200 * time.Millisecond

// Square decodes one file: its central square at pixels on a side.
func (s *Set) Square(p Photo, pixels, channels int) ([]uint8, error) {
	text, err := s.read(&p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path(p), err)
	}
	decoded, err := s.options.Files.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path(p), err)
	}
	return decoded.Square(pixels, channels), nil
}

// tries are how often a file that changes while it is read is read again.
const tries = 3

// take reads a whole file, and notes what it is now if it is not what was checked. The text is nil
// if it cannot be read.
func (s *Set) take(p *Photo) (text []byte) {
	before := p.File
	text, err := s.read(p)
	switch {
	case err != nil:
		p.lose(err)
		return nil
	case p.File != before || p.Bad != "":
		s.judge(p, bytes.NewReader(text))
	}
	return text
}

// read reads a whole file and its SHA-256. Size and times are those that the file has then.
func (s *Set) read(p *Photo) ([]byte, error) {
	for range tries {
		text, same, err := s.readOnce(p)
		if err != nil || same {
			return text, err
		}
	}
	return nil, errors.New("it changes while it is read: wait until it is written")
}

// readOnce reads a file, and says whether it was the same before and afterwards.
func (s *Set) readOnce(p *Photo) (text []byte, same bool, err error) {
	p.seen = time.Now().UnixNano()
	file, err := s.Listing.Open(p.File)
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return nil, false, err
	}
	if before.Size() > maxFile {
		return nil, false, fmt.Errorf("it has %d bytes, more than the %d of the largest file that "+
			"is read", before.Size(), int64(maxFile))
	}
	text = make([]byte, before.Size())
	if _, err := io.ReadFull(file, text); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, false, nil // it is shorter now
		}
		return nil, false, err
	}
	after, err := file.Stat()
	if err != nil {
		return nil, false, err
	}
	p.Note(before)
	first := p.File
	p.Note(after)
	p.Content = sha256.Sum256(text)
	return text, p.File == first, nil
}

// maxFile limits the bytes of an image file: the largest image that is read has 1 GiB of pixels.
const maxFile = 1 << 30
