package study

import (
	"context"
	"fmt"
	"strings"

	"gridsearch/dataset"
	"gridsearch/internal/plural"
)

// shares count the images of every class in the split.
type shares struct {
	classes           []string
	train, validation []int // by class
}

func sharesOf(source dataset.Source, train, validation []int, of dataset.Part) shares {
	classes := source.Info().Classes
	s := shares{classes, make([]int, len(classes)), make([]int, len(classes))}
	labels, other := source.Labels(dataset.Train), source.Labels(of)
	for _, i := range train {
		s.train[labels[i]]++
	}
	for _, i := range validation {
		s.validation[other[i]]++
	}
	return s
}

// without names the classes that have no image there.
func (s shares) without(count []int) (names []string) {
	for class, n := range count {
		if n == 0 {
			names = append(names, dataset.Quote(s.classes[class]))
		}
	}
	return names
}

// fewImages is less than a class needs for its accuracy to mean anything.
const fewImages = 5

// warnings say what the split cannot answer.
func (s shares) warnings() (list []string) {
	if none := s.without(s.validation); len(none) > 0 {
		list = append(list, fmt.Sprintf("%s no validation image, so top-1 does not say how well %s "+
			"told apart: %s", plural.Verb(len(none), "this class has", "these classes have"),
			plural.Verb(len(none), "it is", "they are"), few(none)))
	}
	var rare []string
	for class, n := range s.validation {
		if n > 0 && n < fewImages {
			rare = append(rare, fmt.Sprintf("%s %d", dataset.Quote(s.classes[class]), n))
		}
	}
	if len(rare) > 0 {
		list = append(list, fmt.Sprintf("%s fewer than %d validation images: %s", plural.Verb(len(rare),
			"this class has", "these classes have"), fewImages, few(rare)))
	}
	return list
}

// Largest is the class with the most validation images: its share is the top-1 of a network that
// names it always.
type Largest struct {
	Class string  `json:"class"`
	Share float64 `json:"share"` // of the validation images
}

// uneven is how many times its equal share a class has before it is worth a word.
const uneven = 1.5

// largest is nil where no class has many more images than the others.
func (s shares) largest() *Largest {
	total, most := 0, 0
	for i, n := range s.validation {
		if total += n; n > s.validation[most] {
			most = i
		}
	}
	n := s.validation
	if n[most] < fewImages || float64(n[most]*len(n)) < uneven*float64(total) {
		return nil
	}
	return &Largest{s.classes[most], float64(s.validation[most]) / float64(total)}
}

// String says it beside top-1.
func (l Largest) String() string {
	return fmt.Sprintf("the largest class, %s, has %.1f %% of the validation images: so much top-1 has "+
		"a network that names it always", dataset.Quote(l.Class), 100*l.Share)
}

// Remarks are what is to be said of images before anything is trained, a line each.
type Remarks struct {
	Warnings []string // what they cannot answer
	Notes    []string // how they were read
}

// Lines are the remarks with what they are in front.
func (r Remarks) Lines() (lines []string) {
	for _, text := range r.Warnings {
		lines = append(lines, "warning: "+text)
	}
	for _, text := range r.Notes {
		lines = append(lines, "note: "+text)
	}
	return lines
}

// Remarks looks at the images. Files that could be copies of others are read for it.
func (p *Prepared) Remarks(ctx context.Context) (r Remarks, err error) {
	if p.source == nil {
		return r, nil
	}
	r = Remarks{p.shares.warnings(), p.source.Info().Notes}
	if l := p.shares.largest(); l != nil {
		r.Warnings = append(r.Warnings, l.String())
	}
	photos, ok := p.source.(*dataset.Photographs)
	if !ok {
		return r, nil
	}
	if err := photos.Compare(ctx); err != nil {
		return r, inputError(ctx, err)
	}
	split := splitOf(p.Experiment)
	train, validation, of, err := dataset.Choose(photos, split.ValidationFraction,
		split.TrainExamples, split.Seed)
	if err != nil {
		return r, inputError(ctx, err)
	}
	if pairs := photos.Shared(train, validation, of); len(pairs) > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s also trained on, so top-1 is too high: %s; "+
			"deduplicate = true in [data] leaves copies out", plural.Verb(len(pairs), "1 validation image is",
			fmt.Sprint(len(pairs), " validation images are")), few(pairs)))
	}
	if n := photos.Smaller(validation, of, p.largestPixels()); n > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s enlarged to the %d pixels of the largest "+
			"network: they are smaller", plural.Verb(n, "1 validation image is", fmt.Sprint(n, " validation images are")),
			p.largestPixels()))
	}
	if photos.LimitedBySmall() {
		r.Warnings = append(r.Warnings, photos.Smallest())
	}
	if o, _ := p.Outlay(); o.Write > 0 {
		if err := dataset.Unkept(); err != nil {
			r.Warnings = append(r.Warnings, fmt.Sprintf("decoded images cannot be kept, so that every "+
				"process decodes them, at every start: %v; XDG_CACHE_HOME says where they can", err))
		}
	}
	r.Notes = append(r.Notes, p.LeftOut()...)
	return r, nil
}

// LeftOut says in a line each what of a folder of photographs is left out, and why, as far as that is
// known: which files are damaged within shows when Specs reads them.
func (p *Prepared) LeftOut() []string {
	photos, ok := p.source.(*dataset.Photographs)
	switch {
	case !ok:
		return nil
	case p.Experiment.Data.ValidationFraction > 0:
		return photos.LeftOut(dataset.Train)
	}
	return photos.LeftOut(dataset.Train, dataset.Validation)
}

// largestPixels is the side of the images of the largest network that is trained.
func (p *Prepared) largestPixels() (pixels int) {
	for _, trial := range p.Trainable() {
		pixels = max(pixels, trial.Network.Pixels)
	}
	return pixels
}

// few lists names, not more than a line takes.
func few(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
