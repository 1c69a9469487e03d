package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Reasons why something is left out, in the order of Listing.Skipped; what Options.Advice says of a
// name is a reason too, after ReasonNoImage.
const (
	ReasonHidden       = "hidden"
	ReasonMac          = "macOS metadata (._*, __MACOSX)"
	ReasonThumbnails   = "thumbnails (@eaDir, Thumbs.db)"
	ReasonSystem       = "files of a system or a tool (desktop.ini, $RECYCLE.BIN, ...)"
	ReasonBroken       = "broken links"
	ReasonCycle        = "links to a folder that they are in"
	ReasonIrregular    = "not regular files"
	ReasonNoPart       = "images outside the parts"
	ReasonNoClass      = "images outside the folders of the classes"
	ReasonUnknownClass = "class without training images"
	ReasonNoImage      = "no image by its name"
)

var reasons = []string{ReasonHidden, ReasonMac, ReasonThumbnails, ReasonSystem, ReasonBroken,
	ReasonCycle, ReasonIrregular, ReasonNoPart, ReasonNoClass, ReasonUnknownClass, ReasonNoImage}

// foreign are names, in lower case, of what systems and tools put into folders of images.
var foreign = map[string]string{
	"__macosx":    ReasonMac,
	"@eadir":      ReasonThumbnails,
	"thumbs.db":   ReasonThumbnails,
	"ehthumbs.db": ReasonThumbnails, "ehthumbs_vista.db": ReasonThumbnails,
	"desktop.ini": ReasonSystem, "$recycle.bin": ReasonSystem,
	"system volume information": ReasonSystem,
	"#recycle":                  ReasonSystem, "#snapshot": ReasonSystem, "@recycle": ReasonSystem,
	"@recently-snapshot": ReasonSystem, "lost+found": ReasonSystem, "__pycache__": ReasonSystem,
	"network trash folder": ReasonSystem, "temporary items": ReasonSystem,
}

// unwanted is why a name, of a file or a folder, is passed over; empty for others.
func unwanted(name string) string {
	switch {
	case strings.HasPrefix(name, "._"):
		return ReasonMac
	case strings.HasPrefix(name, "."):
		return ReasonHidden
	}
	return foreign[strings.ToLower(name)]
}

// skips are what is left out, by reason.
type skips map[string]*Skipped

// mostExamples is how many paths are kept for a reason.
const mostExamples = 3

func (s skips) add(reason, path string) {
	if s[reason] == nil {
		s[reason] = &Skipped{Reason: reason}
	}
	s[reason].Count++
	if len(s[reason].Examples) < mostExamples {
		s[reason].Examples = append(s[reason].Examples, spell(path))
	}
}

func (s skips) list() []Skipped {
	var list []Skipped
	for _, one := range s {
		list = append(list, *one)
	}
	rank := func(reason string) int { // -1 + len for advice, which is the last
		if i := slices.Index(reasons, reason); i >= 0 {
			return i
		}
		return len(reasons)
	}
	slices.SortFunc(list, func(a, b Skipped) int {
		return cmp.Or(cmp.Compare(rank(a.Reason), rank(b.Reason)), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

// String is what was left out, in brackets after an error; empty if that is nothing.
func (s skips) String() string {
	var b strings.Builder
	for _, one := range s.list() {
		fmt.Fprintf(&b, ", %d %s, such as %s", one.Count, one.Reason, one.Examples[0])
	}
	if b.Len() == 0 {
		return ""
	}
	return " (left out: " + b.String()[len(", "):] + ")"
}

// quote is a name in a message: what does not print is escaped, and the end of one that is longer
// than a path may be is cut off.
func quote(name string) string { return fmt.Sprintf("%.4096q", name) }

// spell is a name as it is, or quoted if it does not print.
func spell(name string) string {
	if q := quote(name); q != `"`+name+`"` {
		return q
	}
	return name
}

// named is an error of a file with its name quoted, which errors of package os do not.
func named(path string, err error) error {
	var one *fs.PathError
	if errors.As(err, &one) {
		err = one.Err
	}
	return fmt.Errorf("%s: %w", quote(path), err)
}

// names lists quoted names, the first 10 of them.
func names(folders []*folder) string {
	const most = 10
	var quoted []string
	for _, f := range folders[:min(most, len(folders))] {
		quoted = append(quoted, quote(f.path))
	}
	text := strings.Join(quoted, ", ")
	if more := len(folders) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
