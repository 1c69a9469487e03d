package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"gridsearch/dataset/folder"
	"gridsearch/dataset/photos"
)

// Survey is what an image folder holds, for people.
type Survey struct {
	Layout  string // how the folder was read
	Parts   []PartSurvey
	Skipped []folder.Skipped
	// identical files, in two parts or as two classes, and how many of each kind there are
	AcrossParts, AcrossClasses [][]string
	Copies                     int // files that are copies of an earlier one
}

// PartSurvey describes one part.
type PartSurvey struct {
	Part       Part
	Images     int   // that can be read
	Count      []int // of each class; nil for a part without labels
	Unlabelled int
	Sides      Sides
	Grey       int      // images without colour
	Unreadable []string // "path: reason"
}

// Classes is the number of classes that have images.
func (p PartSurvey) Classes() (n int) {
	for _, images := range p.Count {
		if images > 0 {
			n++
		}
	}
	return n
}

// Survey describes the folder. It looks at the test part too, and reads the files that could be
// copies of others.
func (p *Photographs) Survey(ctx context.Context) (*Survey, error) {
	all := []photos.Part{photos.Train, photos.Validation, photos.Test}
	if err := p.set.Compare(ctx, all...); err != nil {
		return nil, err
	}
	p.survey()
	s := &Survey{Layout: p.set.Listing.Layout, Skipped: p.set.Listing.Skipped}
	for _, part := range []Part{Train, Validation, Test} {
		if len(p.set.Parts[part]) > 0 {
			s.Parts = append(s.Parts, p.part(part))
		}
	}
	for _, group := range p.set.Duplicates(all...) {
		s.Copies += len(group) - 1
		parts, classes, paths := p.kinds(group)
		if parts > 1 {
			s.AcrossParts = append(s.AcrossParts, paths)
		}
		if classes > 1 {
			s.AcrossClasses = append(s.AcrossClasses, paths)
		}
	}
	return s, nil
}

// kinds counts the parts and classes of identical files, and names them.
func (p *Photographs) kinds(group []photos.Place) (parts, classes int, paths []string) {
	part, class := map[photos.Part]bool{}, map[int]bool{}
	for _, place := range group {
		photo := p.set.Parts[place.Part][place.Index]
		part[place.Part] = true
		if photo.Class >= 0 {
			class[photo.Class] = true
		}
		paths = append(paths, Quote(photo.Path))
	}
	return len(part), len(class), paths
}

// part describes one part.
func (p *Photographs) part(part Part) PartSurvey {
	s := PartSurvey{Part: part, Sides: p.sides(part)}
	for _, photo := range p.set.Parts[part] {
		if photo.Bad != "" {
			s.Unreadable = append(s.Unreadable, fmt.Sprintf("%s: %s", Quote(photo.Path), photo.Bad))
			continue
		}
		s.Images++
		if photo.Header.Grey {
			s.Grey++
		}
		if photo.Class < 0 {
			s.Unlabelled++
			continue
		}
		if s.Count == nil {
			s.Count = make([]int, len(p.info.Classes))
		}
		s.Count[photo.Class]++
	}
	return s
}

// Shared names validation images that are also training images, as "path = path", of those whose
// content is known. The indices are those of Choose.
func (p *Photographs) Shared(train, validation []int, of Part) (pairs []string) {
	trained := map[[sha256.Size]byte]string{}
	for _, i := range train {
		photo := p.set.Parts[Train][p.used[Train][i]]
		trained[photo.Content] = Quote(photo.Path)
	}
	delete(trained, [sha256.Size]byte{})
	for _, i := range validation {
		photo := p.set.Parts[of][p.used[of][i]]
		if other, ok := trained[photo.Content]; ok {
			pairs = append(pairs, fmt.Sprintf("%s = %s", Quote(photo.Path), other))
		}
	}
	return pairs
}

// Smaller counts the images of a part with these indices, of Choose, whose shorter side is less than
// so many pixels.
func (p *Photographs) Smaller(indices []int, of Part, pixels int) (n int) {
	for _, i := range indices {
		if p.set.Parts[of][p.used[of][i]].Header.Side() < pixels {
			n++
		}
	}
	return n
}

// Compare reads the files of the training and validation parts that could be copies of others.
func (p *Photographs) Compare(ctx context.Context) error {
	err := p.set.Compare(ctx, photos.Train, photos.Validation)
	p.survey() // files may be gone
	return err
}

// LeftOut says in a line each what of the folder was not taken for images, and why, which images
// of some parts cannot be read and are skipped, and which training images are copies that are left
// out: as far as they are known now.
func (p *Photographs) LeftOut(parts ...Part) (lines []string) {
	for _, s := range p.set.Listing.Skipped {
		lines = append(lines, Skipped(s))
	}
	var bad []string
	for _, part := range parts {
		for _, photo := range p.set.Parts[part] {
			if photo.Bad != "" {
				bad = append(bad, Quote(photo.Path))
			}
		}
	}
	for _, s := range []folder.Skipped{{Reason: "cannot be read", Examples: bad},
		{Reason: "copies of images that are used", Examples: p.copies}} {
		if s.Count = len(s.Examples); s.Count > 0 {
			s.Examples = s.Examples[:min(3, s.Count)]
			lines = append(lines, Skipped(s))
		}
	}
	return lines
}

// Skipped is a line for people.
func Skipped(s folder.Skipped) string {
	examples := slices.Clone(s.Examples)
	if s.Count > len(examples) {
		examples = append(examples, "...")
	}
	return fmt.Sprintf("%d left out, %s: %s", s.Count, s.Reason, strings.Join(examples, ", "))
}
