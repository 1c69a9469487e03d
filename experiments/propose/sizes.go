package propose

import (
	"fmt"
	"math"

	"gridsearch/dataset"
	"gridsearch/model/recipe"
)

// Bounds of what a run is trained on.
const (
	fewestEpochs = 3   // with fewer, some of the images are used more often instead
	mostEpochs   = 100 // beyond, small networks know the images by heart
	fewestImages = 500 // of a training set that is made smaller to save time
	fewImages    = 200 // too few for a result about other images
)

// Images of a validation split.
const (
	wantedValidation = 300
	mostValidation   = 5000
)

// Seeds of a trial.
const (
	fewestSeeds = 3
	mostSeeds   = 10
	longStudy   = 2 // hours from which on more seeds are worth their time
	longSeeds   = 5
)

// split is which images are trained and validated on.
type split struct {
	Fraction         float64 // for validation, 0 for the validation part
	ValidationImages int
	Left             int // images that are left for training
	labels           []int
	classes          int
}

// split takes the validation part where there is one, and otherwise a share of the training images
// that is enough to tell trials apart.
func (f Folder) split() (split, error) {
	n := len(f.Labels)
	s := split{ValidationImages: f.Validation, Left: n, labels: f.Labels, classes: len(f.Classes)}
	if f.Validation == 0 {
		s.Fraction = min(.3, max(.1, wantedValidation/float64(n)))
		if s.Fraction*float64(n) > mostValidation {
			s.Fraction = mostValidation / float64(n)
		}
		s.Fraction = max(.0001, twoDigits(s.Fraction))
		s.ValidationImages = int(math.Round(s.Fraction * float64(n)))
		s.Left -= s.ValidationImages
		if s.ValidationImages < 1 || s.Left < 2 {
			return s, fmt.Errorf("%d images are too few to train and validate on", n)
		}
	}
	if without := s.without(0); len(without) > 0 {
		return s, f.errNoTraining(without, s.Fraction > 0)
	}
	return s, nil
}

// twoDigits rounds up to two significant digits.
func twoDigits(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Ceil(v/unit-1e-9) * unit
}

// without are the classes that have no image among so many training images; 0 means all.
func (s split) without(examples int) (classes []int) {
	var train []int
	var err error
	if s.Fraction > 0 {
		train, _, err = dataset.Split(s.labels, s.Fraction, examples, studySeed)
	} else {
		train, err = dataset.Take(s.labels, examples, studySeed)
	}
	count := make([]int, s.classes)
	if err == nil {
		for _, i := range train {
			count[s.labels[i]]++
		}
	}
	for class, n := range count {
		if n == 0 {
			classes = append(classes, class)
		}
	}
	return classes
}

// studySeed is the seed of a study that names none: the split is drawn with it.
const studySeed = 1

// wanted is how many images a run of the smallest network should see, repetitions counted: more for
// more images, but each the less often.
func (s split) wanted() float64 {
	return min(800*math.Sqrt(float64(min(s.Left, 10000))), mostEpochs*float64(s.Left))
}

// batch is the batch size for so many training images.
func (s split) batch(images int) int {
	switch {
	case images > 20000:
		return 128
	case images >= 2000:
		return 64
	}
	batch := 32
	for batch > 2 && 2*batch > images {
		batch /= 2
	}
	return batch
}

// seedsFor is how many seeds a study of so many hours has.
func seedsFor(hours float64) int {
	if hours >= longStudy {
		return longSeeds
	}
	return fewestSeeds
}

// sized is a candidate with how it is trained.
type sized struct {
	candidate
	split

	Train   int // train_examples; 0 for all
	Epochs  int
	Batch   int
	Rate    float64
	Seeds   int
	Seconds float64 // of the whole study
	seen    float64 // images that a run can see in the time, repetitions counted
}

// Used is the number of training images.
func (z *sized) Used() int {
	if z.Train > 0 {
		return z.Train
	}
	return z.Left
}

// work is the multiply-adds of the study.
func (z *sized) work() float64 {
	run := recipe.Recipe{Epochs: z.Epochs}.Passes(z.Used(), z.ValidationImages)
	return z.madds * float64(z.Seeds) * run
}

// size spends so many multiply-adds on a candidate.
func (s split) size(c candidate, madds float64, seeds int) sized {
	z := sized{candidate: c, split: s, Seeds: seeds}
	passes := madds / (c.madds * float64(seeds))
	z.seen = max(0, passes-float64(s.ValidationImages)) / 3
	if z.seen < fewestEpochs*float64(s.Left) {
		z.Train = s.fewer(z.seen / fewestEpochs)
	}
	epochs := z.seen / float64(z.Used())
	z.Epochs = min(mostEpochs, max(1, int(math.Round(epochs))))
	if epochs > mostEpochs {
		z.Seeds = min(mostSeeds, max(seeds, int(float64(seeds)*epochs/mostEpochs)))
	}
	z.Batch = s.batch(z.Used())
	z.Rate = .1 * float64(z.Batch) / 64
	return z
}

// fewer is a number of training images near the wanted one, of which every class has some; 0 for
// all.
func (s split) fewer(wanted float64) int {
	unit := math.Pow(10, math.Floor(math.Log10(max(10, wanted)))-1)
	n := max(fewestImages, 5*s.classes, int(math.Floor(wanted/unit)*unit))
	for n < s.Left && len(s.without(n)) > 0 {
		n *= 2
	}
	if n >= s.Left {
		return 0
	}
	return n
}
