// Package folder lists the images of a folder as a person would: parts by their usual names, a
// folder for each class, what systems and tools leave beside images left out and counted. It reads
// names and sizes, never the content of an image.
package folder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"gridsearch/dataset/folder/table"
)

// Listing is what a folder holds.
type Listing struct {
	Root    string   // the folder, as it was given; the folder of the list, if that was given
	Classes []string // of the training part, in Unicode NFC, sorted by bytes
	// Train, Validation and Test are sorted by class, then by the bytes of the path. The last two
	// are empty where there is no such part.
	Train, Validation, Test []File
	Skipped                 []Skipped // in a fixed order of reasons
	Layout                  string    // how the folder was read, for people
	Notes                   []string  // what may be otherwise than it was read, for people
}

// File is an image, by its name.
type File struct {
	Path    string // relative to Root if it is below, with slashes, as the disk spells it
	Class   int    // index of Classes; -1 in Test where there is no label of a class
	Size    int64  // bytes
	ModTime int64  // ns since 1970
	// Changed tells, as ModTime does not, that another file has come to this path with the size and
	// time of the old one, as those of archives do: ns since 1970, 0 where the system has no such time.
	Changed int64
}

// Note notes size and times of a file.
func (f *File) Note(info fs.FileInfo) {
	f.Size, f.ModTime, f.Changed = info.Size(), info.ModTime().UnixNano(), changed(info)
}

// Skipped is what was left out for one reason; of ReasonUnknownClass, images of the test part stay
// as unlabelled ones.
type Skipped struct {
	Reason   string
	Count    int      // entries: a folder is one, as it was not entered
	Examples []string // the first 3 paths at most; with escapes where they do not print
}

// Options of List. List is a CSV file with the columns path, label and perhaps split, which says
// what is where instead of folders; relative to the root. IsImage tells by the name whether a file
// is an image. Advice, which may be nil, says of a name what to do with files of this kind so that
// they become images, and is empty for most. With Unlabelled, images that no folder of the root has,
// but the root itself, are the test part, without labels, instead of an error.
type Options struct {
	List       string
	IsImage    func(name string) bool
	Advice     func(name string) string
	Unlabelled bool
}

// row is an image on its way into the listing.
type row struct {
	File
	part  table.Part
	label int         // index of lister.labels, -1 without one
	entry fs.DirEntry // in folders: where size and time come from
	err   error       // of the file's size and time

	line, column int // in a list
}

// lister collects the rows of a listing.
type lister struct {
	Listing
	Options
	ctx     context.Context
	skips   skips
	labels  []string // in NFC
	byLabel map[string]int
	rows    []row
	entries int // in all folders so far
}

// List lists a folder, or a CSV file (Options.List, or the root itself if that is a file whose name
// ends in .csv, .tsv or .txt). Every mistake is an error that names the file: a folder that cannot
// be read, classes without images, a part given twice, missing labels, lines of a list. It returns
// the cause of a context that is cancelled.
func List(ctx context.Context, root string, o Options) (*Listing, error) {
	if o.IsImage == nil {
		return nil, errors.New("listing a folder needs IsImage, which tells images by their names")
	}
	l := &lister{Options: o, ctx: ctx, skips: skips{}, byLabel: map[string]int{}}
	if err := l.open(root); err != nil {
		return nil, err
	}
	read := l.readFolders
	if l.Options.List != "" {
		read = l.readList
	}
	if err := read(); err != nil {
		return nil, err
	}
	l.assign()
	l.Skipped = l.skips.list()
	return &l.Listing, nil
}

// open tells a folder from a list.
func (l *lister) open(root string) error {
	if root == "" {
		return errors.New("no folder of images is named")
	}
	root = filepath.Clean(root)
	info, err := os.Stat(root)
	switch {
	case err != nil:
		return named(root, err)
	case info.IsDir():
		l.Root = root
		return nil
	case l.Options.List != "":
		return fmt.Errorf("%s is no folder", quote(root))
	}
	switch strings.ToLower(filepath.Ext(root)) {
	case ".csv", ".tsv", ".txt":
		l.Root, l.Options.List = filepath.Dir(root), filepath.Base(root)
		return nil
	}
	return fmt.Errorf("%s is a file: give a folder of images (unpack an archive first), or a list "+
		"of images whose name ends in .csv", quote(root))
}

// label is the index of a label.
func (l *lister) label(name string) int {
	name = norm.NFC.String(name)
	i, ok := l.byLabel[name]
	if !ok {
		i = len(l.labels)
		l.byLabel[name] = i
		l.labels = append(l.labels, name)
	}
	return i
}

// block is how many files are looked at between two questions whether to go on.
const block = 1000

// each calls do for each row, several at a time: on a network's disk a call waits for its answer.
func (l *lister) each(do func(*row)) error {
	var wait sync.WaitGroup
	slots := make(chan struct{}, 8*runtime.GOMAXPROCS(0))
	for rows := range slices.Chunk(l.rows, block) {
		if l.ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			for i := range rows {
				do(&rows[i])
			}
		})
	}
	wait.Wait()
	return l.cancelled()
}

func (l *lister) cancelled() error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	return nil
}

// measure notes size and time of a row's file, which must be a regular one.
func (r *row) measure(info fs.FileInfo) {
	if !info.Mode().IsRegular() {
		r.err = errIrregular
		return
	}
	r.Note(info)
}

var errIrregular = errors.New("not a regular file")

// assign sorts the rows into parts and gives them their classes, which are the labels of the
// training part.
func (l *lister) assign() {
	class := make([]int, len(l.labels))
	for _, r := range l.rows {
		if r.part == table.Train && class[r.label] == 0 {
			class[r.label] = 1
			l.Classes = append(l.Classes, l.labels[r.label])
		}
	}
	slices.Sort(l.Classes)
	for i, name := range l.labels {
		at, ok := slices.BinarySearch(l.Classes, name)
		if class[i] = at; !ok {
			class[i] = -1
		}
	}
	parts := [...]*[]File{table.Train: &l.Train, table.Validation: &l.Validation,
		table.Test: &l.Test}
	for _, r := range l.rows {
		if r.Class = -1; r.label >= 0 {
			r.Class = class[r.label]
		}
		if r.Class < 0 && r.label >= 0 {
			l.skips.add(ReasonUnknownClass, r.Path)
		}
		if r.Class >= 0 || r.part == table.Test {
			*parts[r.part] = append(*parts[r.part], r.File)
		}
	}
	for _, files := range parts {
		slices.SortFunc(*files, func(a, b File) int {
			return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Path, b.Path))
		})
	}
}

// Open opens a file of the listing. It must still be a regular file: one that has become a pipe or
// a folder is an error, and is not waited for.
func (l *Listing) Open(f File) (*os.File, error) { return openRegular(l.place(f.Path)) }

// place is where a path of the listing is on disk. The steps back at its start are left to the
// system, which knows where a linked root is.
func (l *Listing) place(path string) string {
	path = filepath.FromSlash(path)
	switch {
	case path == "":
		return l.Root
	case filepath.IsAbs(path):
		return path
	}
	return strings.TrimSuffix(l.Root, string(filepath.Separator)) +
		string(filepath.Separator) + path
}

func openRegular(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, named(path, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errIrregular
	}
	if err != nil {
		file.Close()
		return nil, named(path, err)
	}
	return file, nil
}
