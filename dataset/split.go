package dataset

import (
	"cmp"
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
