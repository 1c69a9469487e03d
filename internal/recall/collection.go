package recall

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"gridsearch/dataset"
	"gridsearch/dataset/collection"
	"gridsearch/internal/nearest"
	"gridsearch/internal/plural"
	"gridsearch/internal/study"
	"gridsearch/model/train"
	"gridsearch/model/weights"
)

// Shown is how a network is shown images that are not a study's.
type Shown struct {
	Classes []string // names of the network's classes; nil where they are not known
	Crop    float64  // share of the side of the middle that is cut out; 0 for none
	Threads int
}

// Score is the outcome of images of known classes.
type Score struct {
	train.Result
	Classes []ClassScore // of the classes that have images, by number
}

// ClassScore is the outcome of the images of one class.
type ClassScore struct {
	Class  string  `json:"class"`
	Images int     `json:"images"`
	Top1   float64 `json:"top1"` // fraction
}

// Named is the class that a network gives an image, and its probability by softmax.
type Named struct {
	File        string  `json:"file"`
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}

// OnCollection evaluates a network on images in folders by class, which are matched by name. The note
// says how, where the names of the network's classes are not known. Errors are *study.InputError.
func OnCollection(ctx context.Context, n weights.Network, c *collection.Collection, s Shown) (score Score,
	note string, err error) {
	numbers, note, err := s.match(c.Classes, n.Architecture.Classes)
	if err != nil {
		return score, "", &study.InputError{Err: err}
	}
	im, err := s.images(ctx, n, c)
	if err != nil {
		return score, "", err
	}
	for i, label := range im.Labels {
		im.Labels[i] = int32(numbers[label])
	}
	if score.Result, err = s.evaluate(n, im); err != nil {
		return score, "", err
	}
	names := make(map[int]string, len(numbers))
	for folder, class := range numbers {
		names[class] = c.Classes[folder]
	}
	score.Classes = byClass(score.Result, im.Labels, names, n.Architecture.Classes)
	return score, note, nil
}

// byClass counts the images of each class, and those of them that are classified correctly.
func byClass(r train.Result, labels []int32, names map[int]string, classes int) (list []ClassScore) {
	count, correct := make([]int, classes), make([]int, classes)
	for i, label := range labels {
		count[label]++
		correct[label] += int(r.Correct[i/8] >> (i % 8) & 1)
	}
	for class, n := range count {
		if n > 0 {
			list = append(list, ClassScore{names[class], n, float64(correct[class]) / float64(n)})
		}
	}
	return list
}

// Name names the class of each image of a folder. Errors are *study.InputError.
func Name(ctx context.Context, n weights.Network, c *collection.Collection, s Shown) ([]Named, error) {
	classes := n.Architecture.Classes
	if err := s.check(classes); err != nil {
		return nil, &study.InputError{Err: err}
	}
	im, err := s.images(ctx, n, c)
	if err != nil {
		return nil, err
	}
	clear(im.Labels) // there are none
	r, err := s.evaluate(n, im)
	if err != nil {
		return nil, err
	}
	var list []Named
	for i, file := range c.Files() {
		logits := r.Logits[i*classes:][:classes]
		class := slices.Index(logits, slices.Max(logits))
		name := fmt.Sprint("class ", class)
		if s.Classes != nil {
			name = s.Classes[class]
		}
		list = append(list, Named{file, name, probability(logits, class)})
	}
	return list, nil
}

// probability is the softmax of logits at a class.
func probability(logits []float32, class int) float64 {
	sum := 0.
	for _, v := range logits {
		sum += math.Exp(float64(v - logits[class]))
	}
	return 1 / sum
}

// images reads the images at the network's size.
func (s Shown) images(ctx context.Context, n weights.Network, c *collection.Collection) (*dataset.Images,
	error) {
	if n.Mean == nil {
		return nil, &study.InputError{Err: errors.New("it is not known how the network's images were " +
			"normalised: import it with --mean and --deviation, or with --like")}
	}
	im, err := c.At(ctx, n.Architecture.Pixels, s.Crop)
	if err != nil && ctx.Err() == nil {
		err = &study.InputError{Err: err}
	}
	return im, err
}

func (s Shown) evaluate(n weights.Network, im *dataset.Images) (train.Result, error) {
	r, err := train.Evaluate(n.Architecture, n.Parameters, im, n.Mean, n.Deviation, max(1, s.Threads))
	if err != nil {
		return r, err
	}
	return r, finite(r.Logits, n.Architecture.Classes)
}

// check holds the number of names against the network's classes.
func (s Shown) check(classes int) error {
	if s.Classes != nil && len(s.Classes) != classes {
		return fmt.Errorf("the network tells %s apart, the study names %d", plural.Of(classes, "class"),
			len(s.Classes))
	}
	return nil
}

// match gives the number of the network's class of each folder.
func (s Shown) match(folders []string, classes int) (numbers []int, note string, err error) {
	if err := s.check(classes); err != nil {
		return nil, "", err
	}
	if s.Classes != nil {
		numbers, err = s.byName(folders)
		return numbers, "", err
	}
	numbers = make([]int, len(folders))
	counted := true
	for i, name := range folders {
		n, err := strconv.Atoi(name)
		counted = counted && err == nil && n >= 0 && n < classes && strconv.Itoa(n) == name
		numbers[i] = n
	}
	switch {
	case counted:
		return numbers, "the names of the network's classes are not known: folders are taken for their " +
			"numbers", nil
	case len(folders) != classes:
		return nil, "", fmt.Errorf("the names of the network's %s are not known, and %s: "+
			"name a study that has them by --study, or call the folders by number, from 0",
			plural.Of(classes, "class"), plural.Verb(len(folders), "there is 1 folder",
				fmt.Sprintf("there are %d folders", len(folders))))
	}
	for i := range numbers {
		numbers[i] = i
	}
	return numbers, "the names of the network's classes are not known: folders in the order of their " +
		"names are taken for classes 0 to " + strconv.Itoa(classes-1), nil
}

// byName matches folders with classes of the same name.
func (s Shown) byName(folders []string) (numbers []int, err error) {
	known := map[string]int{}
	for i, name := range s.Classes {
		known[norm.NFC.String(name)] = i
	}
	var unknown []string
	for _, name := range folders {
		class, ok := known[norm.NFC.String(name)]
		numbers = append(numbers, class)
		if !ok {
			unknown = append(unknown, fmt.Sprintf("%s (is it %s?)", dataset.Quote(name),
				dataset.Quote(nearest.Word(name, s.Classes))))
		}
	}
	if len(unknown) == 0 {
		return numbers, nil
	}
	const most = 10
	if more := len(unknown) - most; more > 0 {
		unknown = append(unknown[:most], fmt.Sprintf("and %d more", more))
	}
	return nil, fmt.Errorf("the network has no class of the name of %s: %s",
		plural.Verb(len(unknown), "this folder", "these folders"), strings.Join(unknown, ", "))
}
