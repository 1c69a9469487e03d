package folder

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"gridsearch/dataset/folder/table"
)

// noClass are names, beside those of parts, of the one folder of a test part that is no class.
var noClass = []string{"unknown", "images", "image", "imgs", "img", "all", "unlabelled",
	"unlabeled"}

// parts are the folders of each part, without those that hold no image.
type parts [3][]*folder

// readFolders fills the rows from folders.
func (l *lister) readFolders() error {
	root, err := l.walk("", "", nil)
	if err != nil {
		return err
	}
	if root.total == 0 {
		return fmt.Errorf("%s holds no image: expected are train/CLASS/*.jpg or CLASS/*.jpg%s",
			quote(l.Root), l.skips)
	}
	if len(root.filled()) == 0 && l.Unlabelled {
		l.Layout = "images without classes"
		l.take(table.Test, -1, root.images)
		return l.measureFolders()
	}
	if len(root.filled()) == 0 {
		return l.noLabels(root, quote(l.Root)+" holds images, but no folder for each class")
	}
	at, found, err := l.unwrap(root)
	if err != nil {
		return err
	}
	if at != root {
		l.skips.addAll(ReasonNoClass, root.images)
	}
	if found == nil {
		l.Layout = "a folder for each class"
		l.doubt(at)
		err = l.takeTraining(at)
	} else {
		err = l.takeParts(at, found)
	}
	if err != nil {
		return err
	}
	if at != root {
		l.Layout = "in " + spell(at.path) + ": " + l.Layout
	}
	return l.measureFolders()
}

func (s skips) addAll(reason string, images []image) {
	for _, one := range images {
		s.add(reason, one.path)
	}
}

// mostWraps is how many folders, each alone in the one above, may be around the parts or classes.
const mostWraps = 3

// unwrap finds the folder of the parts or classes: the root, or one that it wraps. Without parts,
// found is nil.
func (l *lister) unwrap(root *folder) (at *folder, found *parts, err error) {
	at = root
	for depth := 0; depth <= mostWraps; depth++ {
		found, err := l.findParts(at)
		bare := len(at.images) == 0 || depth == 0 // else it is rather a class
		switch {
		case found != nil || err != nil && bare:
			return at, found, err
		case !bare:
			return root, nil, nil
		case len(at.folders) == 1:
			at = at.folders[0]
		case depth > 0 && len(at.filled()) < 2:
			return root, nil, nil
		default:
			return at, nil, nil
		}
	}
	return root, nil, nil
}

// findParts tells parts from classes with such names. It returns nil where the folders are classes,
// and an error where they are neither. Names of parts with another word count, as training_set and
// test_set, where no folder has such a name alone.
func (l *lister) findParts(at *folder) (*parts, error) {
	var found parts
	var parted []*folder
	for _, f := range at.filled() {
		if part, ok := table.PartOf(f.name); ok {
			parted = append(parted, f)
			found[part] = append(found[part], f.inner(part))
		}
	}
	held := slices.ContainsFunc(found[table.Validation], (*folder).holdsClasses) ||
		slices.ContainsFunc(found[table.Test], (*folder).holdsClasses)
	switch {
	case slices.ContainsFunc(found[table.Train], (*folder).holdsClasses):
		return l.once(at, found)
	case len(found[table.Train]) > 0 && (held || len(parted) == len(at.filled())):
		return nil, l.noLabels(at, fmt.Sprintf("%s: the training images are in %s, but not in a "+
			"folder for each class", quote(l.place(at.path)), names(found[table.Train])))
	case held || len(parted) > 0 && len(parted) == len(at.filled()):
		return nil, fmt.Errorf("%s has the part %s, but no training part: move the folders of the "+
			"training classes into a folder train", quote(l.place(at.path)), names(parted))
	}
	return l.likeParts(at)
}

// likeParts are parts whose names have another word besides, the same in each.
func (l *lister) likeParts(at *folder) (*parts, error) {
	var found parts
	for _, some := range at.alike() {
		if slices.ContainsFunc(some[table.Train], (*folder).holdsClasses) {
			for part := range found {
				found[part] = append(found[part], some[part]...)
			}
		}
	}
	if len(found[table.Train]) == 0 {
		return nil, nil
	}
	for _, same := range found {
		slices.SortFunc(same, func(a, b *folder) int { return strings.Compare(a.path, b.path) })
	}
	return l.once(at, found)
}

// once are parts, of which there is one of each.
func (l *lister) once(at *folder, found parts) (*parts, error) {
	for _, same := range found {
		if len(same) > 1 {
			return nil, fmt.Errorf("%s: the folders %s are the same part: keep one, or merge "+
				"them", quote(l.place(at.path)), names(same))
		}
	}
	return &found, nil
}

// alike are the folders whose names have a word for a part, by what is left of the name, of which
// there are two parts or more.
func (f *folder) alike() map[string]*parts {
	alike := map[string]*parts{}
	for _, sub := range f.filled() {
		if part, rest, ok := table.PartIn(sub.name); ok {
			if alike[rest] == nil {
				alike[rest] = &parts{}
			}
			alike[rest][part] = append(alike[rest][part], sub.inner(part))
		}
	}
	maps.DeleteFunc(alike, func(_ string, some *parts) bool {
		n := 0
		for _, same := range some {
			n += min(len(same), 1)
		}
		return n < 2
	})
	return alike
}

// doubt notes classes that may have been meant for parts.
func (l *lister) doubt(at *folder) {
	alike := at.alike()
	var doubtful []*folder
	for _, f := range at.filled() {
		_, rest, ok := table.PartIn(f.name)
		if _, part := table.PartOf(f.name); part || ok && alike[rest] != nil {
			doubtful = append(doubtful, f)
		}
	}
	if len(doubtful) > 0 {
		l.Notes = append(l.Notes, fmt.Sprintf("taken for classes, not for parts: %s; a training "+
			"part holds a folder for each class", names(doubtful)))
	}
}

// inner is the folder that a part is: itself, or one of its name that is alone in it, as archives
// of a folder often have it.
func (f *folder) inner(part table.Part) *folder {
	for {
		filled := f.filled()
		if len(f.images) > 0 || len(filled) != 1 {
			return f
		}
		if p, _, ok := table.PartIn(filled[0].name); !ok || p != part {
			return f
		}
		f = filled[0]
	}
}

// holdsClasses reports whether a folder with the name of a part is one: it holds several folders
// with images, or one and no images beside it.
func (f *folder) holdsClasses() bool {
	n := len(f.filled())
	return n > 1 || n == 1 && len(f.images) == 0
}

// noLabels is an error for images whose classes no folder names.
func (l *lister) noLabels(at *folder, what string) error {
	what += ": labels are missing. Put the images into folders named by class, or give a CSV " +
		"file with the columns path,label"
	if len(at.lists) > 0 {
		what += " (is it " + quote(l.place(at.lists[0])) + "?)"
	}
	return errors.New(what)
}

// takeParts adds the images of the parts.
func (l *lister) takeParts(at *folder, found *parts) error {
	var words []string
	for _, same := range found {
		for _, f := range same {
			words = append(words, spell(strings.TrimPrefix(f.path, at.path+"/")))
		}
	}
	what := "parts "
	if len(words) == 1 {
		what = "part "
	}
	if last := len(words) - 1; last > 0 {
		words = append(words[:last-1], words[last-1]+" and "+words[last])
	}
	l.Layout = what + strings.Join(words, ", ") + ", a folder for each class"
	l.skips.addAll(ReasonNoPart, at.images)
	for _, f := range at.filled() {
		if !slices.ContainsFunc(found[:], func(same []*folder) bool {
			return len(same) > 0 && strings.HasPrefix(same[0].path+"/", f.path+"/")
		}) {
			l.skips.addAll(ReasonNoPart, f.all())
		}
	}
	if err := l.takeTraining(found[table.Train][0]); err != nil {
		return err
	}
	for _, f := range found[table.Validation] {
		l.skips.addAll(ReasonNoClass, f.images)
		l.takeClasses(table.Validation, f)
	}
	for _, f := range found[table.Test] {
		l.take(table.Test, -1, f.images)
		if only := f.filled(); len(only) == 1 && l.isNoClass(only[0].name) {
			l.take(table.Test, -1, only[0].all())
		} else {
			l.takeClasses(table.Test, f)
		}
	}
	return nil
}

// isNoClass reports whether the one folder of a test part holds images without labels.
func (l *lister) isNoClass(name string) bool {
	if _, class := l.byLabel[norm.NFC.String(name)]; class {
		return false
	}
	_, part := table.PartOf(name)
	return part || slices.Contains(noClass, strings.ToLower(name))
}

// takeTraining adds the images of the training part, whose folders are all classes.
func (l *lister) takeTraining(f *folder) error {
	var empty []*folder
	for _, sub := range f.folders {
		if sub.total == 0 {
			empty = append(empty, sub)
		}
	}
	if len(empty) > 0 {
		return fmt.Errorf("%s: no image is in %s: remove the folder, or put the images of the "+
			"class into it%s", quote(l.Root), names(empty), l.skips)
	}
	l.skips.addAll(ReasonNoClass, f.images)
	l.takeClasses(table.Train, f)
	return nil
}

// takeClasses adds the images of folders that are classes.
func (l *lister) takeClasses(part table.Part, f *folder) {
	for _, sub := range f.filled() {
		l.take(part, l.label(sub.name), sub.all())
	}
}

func (l *lister) take(part table.Part, label int, images []image) {
	for _, one := range images {
		l.rows = append(l.rows, row{File: File{Path: one.path}, part: part,
			label: label, entry: one.entry})
	}
}

// measureFolders asks for sizes and times.
func (l *lister) measureFolders() error {
	err := l.each(func(r *row) {
		info, err := r.entry.Info()
		if r.err = err; err == nil {
			r.measure(info)
		}
	})
	if err != nil {
		return err
	}
	for _, r := range l.rows {
		if r.err != nil {
			return named(l.place(r.Path), r.err)
		}
	}
	return nil
}
