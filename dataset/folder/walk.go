package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// folder is what is wanted of a folder on disk, sorted by name.
type folder struct {
	name, path string // path is relative to the root, with slashes; "" for the root
	images     []image
	folders    []*folder
	lists      []string // paths of CSV files
	total      int      // images here and below
}

// image is a file that is one by its name.
type image struct {
	path  string
	entry fs.DirEntry // of the file that a link leads to
}

// all are the images here and below.
func (f *folder) all() []image {
	images := slices.Clone(f.images)
	for _, sub := range f.folders {
		images = append(images, sub.all()...)
	}
	return images
}

// filled are the folders that hold images, or do below.
func (f *folder) filled() []*folder {
	return slices.DeleteFunc(slices.Clone(f.folders), func(sub *folder) bool {
		return sub.total == 0
	})
}

// mostEntries bounds a walk: folders that link to one another can seem to hold any number of files.
const mostEntries = 20_000_000

// errCycle: the folder is one of those on the way to it.
var errCycle = errors.New("the folder is in itself")

// walk reads the folder at a path, which is below those of above.
func (l *lister) walk(name, path string, above []fs.FileInfo) (*folder, error) {
	info, entries, err := l.readEntries(l.place(path), above)
	if err != nil {
		return nil, err
	}
	if l.entries += len(entries); l.entries > mostEntries {
		return nil, fmt.Errorf("%s holds more than %d files and folders, with linked ones: do "+
			"folders link to one another?", quote(l.Root), mostEntries)
	}
	above = append(slices.Clip(above), info)
	f := &folder{name: name, path: path}
	for _, entry := range entries {
		place := entry.Name()
		if path != "" {
			place = path + "/" + entry.Name()
		}
		if err := l.enter(f, entry, place, above); err != nil {
			return nil, err
		}
	}
	f.total = len(f.images)
	for _, sub := range f.folders {
		f.total += sub.total
	}
	return f, nil
}

// readEntries lists a folder, sorted by name.
func (l *lister) readEntries(place string, above []fs.FileInfo) (fs.FileInfo, []fs.DirEntry,
	error) {
	if err := l.cancelled(); err != nil {
		return nil, nil, err
	}
	file, err := os.Open(place)
	if err != nil {
		return nil, nil, named(place, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, named(place, err)
	}
	for _, other := range above {
		if os.SameFile(info, other) {
			return nil, nil, errCycle
		}
	}
	var entries []fs.DirEntry
	for {
		some, err := file.ReadDir(block)
		entries = append(entries, some...)
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, named(place, err)
		}
		if err := l.cancelled(); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return strings.Compare(a.Name(), b.Name())
	})
	return info, entries, nil
}

// enter adds an entry to its folder, or to what is left out.
func (l *lister) enter(f *folder, entry fs.DirEntry, path string, above []fs.FileInfo) error {
	name := entry.Name()
	if reason := unwanted(name); reason != "" {
		l.skips.add(reason, path)
		return nil
	}
	kind := entry.Type()
	if kind&(fs.ModeSymlink|fs.ModeIrregular) != 0 { // junctions of Windows are irregular
		info, err := os.Stat(l.place(path))
		switch {
		case errors.Is(err, fs.ErrPermission):
			return named(l.place(path), err)
		case err != nil:
			l.skips.add(ReasonBroken, path)
			return nil
		}
		entry, kind = fs.FileInfoToDirEntry(info), info.Mode().Type()
	}
	switch {
	case kind.IsDir():
		sub, err := l.walk(name, path, above)
		if err == errCycle {
			l.skips.add(ReasonCycle, path)
			return nil
		} else if err != nil {
			return err
		}
		f.folders = append(f.folders, sub)
	case !kind.IsRegular():
		l.skips.add(ReasonIrregular, path)
	case l.IsImage(name):
		f.images = append(f.images, image{path, entry})
	default:
		l.skipFile(f, name, path)
	}
	return nil
}

// skipFile leaves out a file that is no image by its name.
func (l *lister) skipFile(f *folder, name, path string) {
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		f.lists = append(f.lists, path)
	}
	if l.Advice != nil {
		if advice := l.Advice(name); advice != "" {
			l.skips.add(advice, path)
			return
		}
	}
	l.skips.add(ReasonNoImage, path)
}
