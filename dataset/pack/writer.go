package pack

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"

	"gridsearch/internal/files"
	"gridsearch/internal/machine"
	"gridsearch/internal/mapped"
	"gridsearch/internal/si"
)

// Writer writes a pack, image by image in any order.
type Writer struct {
	Config
	dir     string // "" in memory, as the next two
	path    string
	draft   *files.Draft
	start   int64   // of the images in the file
	images  []uint8 // in memory
	bad     error   // what is wrong with the description of a pack in memory
	digests [][sha256.Size]byte
	moments []uint64
	begun   []atomic.Uint64 // a bit for each image
	done    atomic.Int64    // images that are written
}

// Create begins the file of a pack, beside its place, and reserves its room: a full disk is told
// here, on Linux, before anything is decoded, by an error that wraps syscall.ENOSPC. It makes the
// folder, and removes what killed writers have left in it. Unusable tells the errors of a folder
// that cannot be written.
func Create(dir string, c Config) (*Writer, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	path, err := place(dir, c.ID, packEnd)
	if err != nil {
		return nil, err
	}
	head, err := c.header(noSum)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	files.Clean(dir)
	w := newWriter(c)
	w.dir, w.path, w.start = dir, path, int64(len(head)+c.indexSize())
	size, free := w.start+int64(c.N)*int64(c.imageSize()), machine.DiskFree(dir)
	if w.draft, err = files.Begin(path); err != nil {
		return nil, err
	}
	if err := reserve(w.draft.File, size); err != nil {
		w.Abort()
		return nil, noRoom(path, err, size, free)
	}
	return w, nil
}

// noRoom is a failed reservation, with what is needed and what there is.
func noRoom(path string, err error, size, free int64) error {
	var about *fs.PathError
	if errors.As(err, &about) {
		err = about.Err
	}
	err = &fs.PathError{Op: "write", Path: path, Err: err}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: the pack takes %sB, %sB are free", err, si.Text(float64(size)),
			si.Text(float64(free)))
	}
	return err
}

// InMemory is a writer without a file, for where no folder can be written: what Commit returns
// lives in this process alone. Put and Commit say what is wrong with a description.
func InMemory(c Config) *Writer {
	if err := c.check(); err != nil {
		return &Writer{bad: err}
	}
	w := newWriter(c)
	w.images = make([]uint8, c.N*c.imageSize())
	return w
}

func newWriter(c Config) *Writer {
	c.Labels, c.Classes = slices.Clone(c.Labels), slices.Clone(c.Classes)
	return &Writer{Config: c, digests: make([][sha256.Size]byte, c.N),
		moments: make([]uint64, 2*c.N*c.Channels), begun: make([]atomic.Uint64, (c.N+63)/64)}
}

// Put writes image i, [Pixels, Pixels, Channels], once. Several goroutines may put images at once.
// After an error there is nothing left to do but Abort.
func (w *Writer) Put(i int, pixels []uint8) error {
	switch {
	case w.bad != nil:
		return w.bad
	case i < 0 || i >= w.N:
		return w.noImage(i)
	case len(pixels) != w.imageSize():
		return fmt.Errorf("pack %s: image %d has %d bytes, %d pixels on a side and %d channels "+
			"want %d", w.ID, i, len(pixels), w.Pixels, w.Channels, w.imageSize())
	}
	if bit := uint64(1) << (i % 64); w.begun[i/64].Or(bit)&bit != 0 {
		return fmt.Errorf("pack %s: image %d is put a second time", w.ID, i)
	}
	w.digests[i] = sha256.Sum256(pixels)
	momentsOf(w.moments[2*w.Channels*i:][:2*w.Channels], pixels)
	if w.draft == nil {
		copy(w.images[i*len(pixels):], pixels)
	} else if _, err := w.draft.WriteAt(pixels, w.start+int64(i)*int64(len(pixels))); err != nil {
		return err
	}
	w.done.Add(1)
	return nil
}

// Name gives a pack that was begun as Unnamed its ID, and labels, which are known once all files have
// been read.
func (w *Writer) Name(id string, labels []int32) error {
	if w.bad != nil {
		return w.bad
	}
	c := w.Config
	c.ID, c.Labels = id, slices.Clone(labels)
	if err := c.check(); err != nil {
		return err
	}
	if len(id) != len(Unnamed) || w.ID != Unnamed {
		return fmt.Errorf("pack %s cannot be called %s", w.ID, id)
	}
	w.Config = c
	if w.draft == nil {
		return nil
	}
	path, err := place(w.dir, id, packEnd)
	if err == nil {
		w.path = path
		w.draft.Move(path)
	}
	return err
}

// Commit puts the file onto the disk and into its place, and opens it. If another process has done
// so meanwhile, either file stays: both have the same bytes. It is an error if an image was not
// put. After an error there is nothing left to do but Abort.
func (w *Writer) Commit() (*Pack, error) {
	if w.bad != nil {
		return nil, w.bad
	}
	if done := w.done.Load(); done != int64(w.N) {
		return nil, fmt.Errorf("pack %s: %d of its %d images were put", w.ID, done, w.N)
	}
	index := w.writeIndex(w.digests, w.moments)
	if w.draft == nil {
		return newPack(w.Config, index, w.images), nil
	}
	head, err := w.head(index)
	if err != nil {
		return nil, err
	}
	if _, err := w.draft.WriteAt(append(head, index...), 0); err != nil {
		return nil, err
	}
	return w.publish()
}

// publish puts the file into its place. It maps it before, so that it is there even if it is pruned
// at once. Windows cannot: it moves no file that is mapped, nor replaces one, but then what another
// process has put there is as good.
func (w *Writer) publish() (p *Pack, err error) {
	if runtime.GOOS == "windows" {
		failed := w.draft.Commit(true)
		w.Abort()
		p, err = Open(w.dir, w.ID)
		if failed != nil && err != nil {
			err = failed
		}
		return p, err
	}
	text, err := mapped.File(w.draft.File)
	if err != nil {
		return nil, err
	}
	if p, err = view(text, w.path, w.ID); err != nil {
		return nil, err
	}
	if err = w.draft.Commit(true); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Abort removes what has been written; after Commit it does nothing.
func (w *Writer) Abort() {
	if w.draft != nil {
		w.draft.Abort()
	}
}
