package pack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"gridsearch/internal/files"
	"gridsearch/internal/mapped"
	"gridsearch/internal/safetensors"
)

// What the names of our files end in.
const (
	packEnd  = ".safetensors"
	splitEnd = ".split"
	lockEnd  = ".lock"
)

// place is the path of a file. There is none in the empty folder.
func place(dir, name, end string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if dir == "" {
		return "", &fs.PathError{Op: "open", Path: name + end, Err: errNowhere{}}
	}
	return filepath.Join(dir, name+end), nil
}

// errNowhere is where the user has no cache directory: nothing exists there.
type errNowhere struct{}

func (errNowhere) Error() string        { return "there is no cache directory" }
func (errNowhere) Is(target error) bool { return target == fs.ErrNotExist }

// Unusable reports whether an error of Create or Acquire says that the folder cannot be written at
// all, by this user or by anybody: packs in memory (InMemory) do then. A full disk is no such
// error.
func Unusable(err error) bool {
	var nowhere errNowhere
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) ||
		errors.Is(err, syscall.EROFS) || errors.As(err, &nowhere)
}

// Probe writes to a folder, and leaves nothing in it. The error is what the system has against that.
func Probe(dir string) error {
	if dir == "" {
		return errNowhere{}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "probe.gridsearch-tmp-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// Entry is a pack in a folder.
type Entry struct {
	ID, Path            string
	Bytes               int64     // of the file
	N, Pixels, Channels int       // 0 if the header is damaged
	Used                time.Time // to a day: when it was last opened
}

// Exists says whether there is a pack of this ID, damaged or not.
func Exists(dir, id string) bool {
	path, err := place(dir, id, packEnd)
	if err == nil {
		_, err = os.Stat(path)
	}
	return err == nil
}

// List lists the packs of a folder by ID; none where there is no folder.
func List(dir string) ([]Entry, error) {
	found, err := entries(dir)
	if err != nil {
		return nil, err
	}
	var list []Entry
	for _, f := range found {
		id, ok := strings.CutSuffix(f.Name(), packEnd)
		if !ok || checkName(id) != nil {
			continue
		}
		info, err := f.Info()
		if err != nil { // removed meanwhile
			continue
		}
		e := Entry{ID: id, Path: filepath.Join(dir, f.Name()), Bytes: info.Size(),
			Used: info.ModTime()}
		if c, err := describe(e.Path); err == nil {
			e.N, e.Pixels, e.Channels = c.N, c.Pixels, c.Channels
		}
		list = append(list, e)
	}
	return list, nil
}

// entries are the files of a folder.
func entries(dir string) ([]fs.DirEntry, error) {
	if dir == "" {
		return nil, nil
	}
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return found, err
}

// describe reads a pack's header alone.
func describe(path string) (c Config, err error) {
	text, err := mapped.Open(path)
	if err != nil {
		return c, err
	}
	defer mapped.Close(text)
	err = mapped.Guard(func() error {
		file, err := safetensors.Decode(text)
		if err == nil {
			c, err = configOf(file)
		}
		return err
	})
	return c, err
}

// Discard removes a pack if any of it is damaged. Other processes that have it open keep what they
// have; on Windows it stays where they do.
func Discard(path string) {
	id, ok := strings.CutSuffix(filepath.Base(path), packEnd)
	if !ok {
		return
	}
	p, err := Open(filepath.Dir(path), id)
	if err == nil {
		for i := 0; i < p.N && err == nil; i++ {
			_, err = p.Image(i)
		}
		_ = p.Close()
	}
	var damaged *Damaged
	if errors.As(err, &damaged) {
		_ = os.Remove(path)
	}
}

// FolderEnd is the ending of files in which others keep what is known of folders of images, under
// names as packs have.
const FolderEnd = ".folder"

// Prune removes packs, splits, what is known of folders and what killed processes have left, and
// says how many files of how
// many bytes those were. What another process writes stays, and so do files that are not ours. What
// another process has mapped stays there for it; Windows does not remove such a file at all.
func Prune(dir string) (removed int, bytes int64, err error) {
	found, err := entries(dir)
	if err != nil || dir == "" {
		return 0, 0, err
	}
	removed, bytes = files.Clean(dir)
	var failed []error
	for _, f := range found {
		path, end := filepath.Join(dir, f.Name()), filepath.Ext(f.Name())
		info, err := f.Info()
		if err != nil || checkName(strings.TrimSuffix(f.Name(), end)) != nil {
			continue
		}
		switch end {
		case lockEnd:
			if l, err := take(path); err == nil && l != nil { // nobody has it
				l.release()
			}
		case packEnd, splitEnd, FolderEnd:
			if err := os.Remove(path); err == nil {
				removed, bytes = removed+1, bytes+info.Size()
			} else if runtime.GOOS != "windows" && !errors.Is(err, fs.ErrNotExist) {
				failed = append(failed, err)
			}
		}
	}
	return removed, bytes, errors.Join(failed...)
}
