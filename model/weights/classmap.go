package weights

import (
	"fmt"
	"math"
	"slices"

	"gridsearch/dataset"
	"gridsearch/dataset/batch"
	"gridsearch/internal/plural"
	"gridsearch/model/nn"
)

// ClassMap shows where in an image a network sees a class (nn.Mapper.Map).
type ClassMap struct {
	Class       int
	Probability float64   // by softmax
	Size        int       // side of the map, in pixels
	Evidence    []float32 // [Size, Size], in units of logits
}

// Predicted stands for the class that the network predicts.
const Predicted = -1

// ClassMaps computes the map of a class, or of the Predicted one, for images at least as large as
// the network's input, each by itself.
func (n Network) ClassMaps(images []*dataset.Images, class int) ([]ClassMap, error) {
	a := n.Architecture
	if n.Mean == nil {
		return nil, fmt.Errorf("it is not known how the images of %s were normalised: import it "+
			"with --mean and --deviation, or with --like", a.Name)
	}
	if class < Predicted || class >= a.Classes {
		return nil, fmt.Errorf("%s has the classes 0 to %d: %d is none", a.Name, a.Classes-1, class)
	}
	network, err := nn.NewMapper(a, n.Parameters, nn.Options{Batch: 1})
	if err != nil {
		return nil, err
	}
	defer network.Close()
	maps := make([]ClassMap, len(images))
	for i, im := range images {
		if im.Channels != a.InChannels {
			return nil, fmt.Errorf("the image has %s, %s takes %d",
				plural.Of(im.Channels, "channel"), a.Name, a.InChannels)
		}
		small, err := im.Resize(a.Pixels)
		if err != nil {
			return nil, err
		}
		_, err = batch.Fill(network.Images(), network.Labels(), small, 0, n.Mean, n.Deviation)
		if err != nil {
			return nil, err
		}
		if err := network.Step(); err != nil {
			return nil, err
		}
		logits, c := network.Logits(), class
		if slices.ContainsFunc(logits, notFinite) {
			return nil, fmt.Errorf("the logits of image %d are not finite", i)
		}
		if c == Predicted {
			c = slices.Index(logits, slices.Max(logits))
		}
		maps[i] = ClassMap{Class: c, Probability: probability(logits, c), Size: a.FinalMap(),
			Evidence: network.Map(0, c)}
	}
	return maps, nil
}

// probability is the softmax of logits at a class.
func probability(logits []float32, class int) float64 {
	sum := 0.
	for _, v := range logits {
		sum += math.Exp(float64(v - logits[class]))
	}
	return 1 / sum
}
