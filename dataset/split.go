package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gridsearch/internal/random"
)

// Split draws the validation images, a fraction of all, and the training images from the rest;
// trainExamples 0 takes all of the rest. Both are stratified: every class has its share, to within
// one image. The draw depends on the seed alone, and a smaller training set is a subset of a larger
// one with the same seed. Indices are in increasing order.
func Split(labels []int, validationFraction float64, trainExamples int,
	seed uint64) (train, validation []int, err error) {
	wanted := int(math.Round(validationFraction * float64(len(labels))))
	rest := len(labels) - wanted
	switch {
	case math.IsNaN(validationFraction) || wanted < 1 || rest < 1:
		return nil, nil, fmt.Errorf("a validation fraction of %v leaves %d of %d images to "+
			"validate on and %d to train on: both need some", validationFraction, wanted, len(labels), rest)
	case trainExamples > rest:
		return nil, nil, fmt.Errorf("%d training examples are more than the %d that %d images "+
			"with a validation fraction of %v leave", trainExamples, rest, len(labels), validationFraction)
	case trainExamples <= 0:
		trainExamples = rest
	}
	order := interleave(labels, seed)
	validation, train = order[:wanted:wanted], order[wanted:][:trainExamples]
	slices.Sort(validation)
	train = slices.Clone(train)
	slices.Sort(train)
	return train, validation, nil
}

// Choose says which images a study trains and validates on, and the part that the second are of. A
// fraction of 0 takes the validation part; otherwise the split is Split's.
func Choose(source Source, validationFraction float64, trainExamples int, seed uint64) (train,
	validation []int, of Part, err error) {
	labels := source.Labels(Train)
	if validationFraction > 0 {
		train, validation, err = Split(labels, validationFraction, trainExamples, seed)
		return train, validation, Train, err
	}
	given := len(source.Labels(Validation))
	if given == 0 {
		return nil, nil, Validation, errors.New("there is no validation part: set " +
			"validation_fraction to the share of the training images to validate on, like 0.1")
	}
	if train, err = Take(labels, trainExamples, seed); err != nil {
		return nil, nil, Validation, err
	}
	for i := range given {
		validation = append(validation, i)
	}
	return train, validation, Validation, nil
}

// Take draws training images where none are needed for validation: so many, or all of 0, stratified
// as Split draws them. Indices are in increasing order.
func Take(labels []int, trainExamples int, seed uint64) ([]int, error) {
	if trainExamples > len(labels) {
		return nil, fmt.Errorf("%d training examples are more than the %d images of the training part",
			trainExamples, len(labels))
	}
	train := interleave(labels, seed)
	if trainExamples > 0 {
		train = train[:trainExamples]
	}
	slices.Sort(train)
	return train, nil
}

// interleave orders all images so that every prefix contains each class in its share: the k-th of n
// images of a class is placed at (k + 1/2) / n of the list.
func interleave(labels []int, seed uint64) []int {
	byClass := map[int][]int{}
	for i, label := range labels {
		byClass[label] = append(byClass[label], i)
	}
	place := make([]float64, len(labels))
	for class, members := range byClass {
		for k, p := range random.New(seed, "split", class).Perm(len(members)) {
			place[members[p]] = (float64(k) + .5) / float64(len(members))
		}
	}
	order := random.New(seed, "split order").Perm(len(labels))
	// Ties between classes are in the order of the permutation, which favours no class.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(place[a], place[b]) })
	return order
}
