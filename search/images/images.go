// Package images compares trained networks image by image: scores computed from logits, tests of
// two networks on the same images, and the noise in a score.
//
// Its input is labels and logits; it depends on no model, study or file. Its conclusions are about
// these trained networks on images like these: how other seeds vary is the subject of the
// statistics over runs (package stats).
//
// References, cited by the names in brackets:
//
//	[brier]     G. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly
//	            Weather Review 78, 1950.
//	[cohen]     J. Cohen, A Coefficient of Agreement for Nominal Scales, Educational and
//	            Psychological Measurement 20, 1960.
//	[dietterich] T. Dietterich, Approximate Statistical Tests for Comparing Supervised
//	            Classification Learning Algorithms, Neural Computation 10, 1998.
//	[edwards]   A. Edwards, Note on the "Correction for Continuity" in Testing the Significance of
//	            the Difference between Correlated Proportions, Psychometrika 13, 1948.
//	[efron]     B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993.
//	[geirhos]   R. Geirhos, K. Meding, F. Wichmann, Beyond Accuracy: Quantifying Trial-by-Trial
//	            Behaviour of CNNs and Humans by Measuring Error Consistency, NeurIPS 2020.
//	[guo]       C. Guo, G. Pleiss, Y. Sun, K. Weinberger, On Calibration of Modern Neural Networks,
//	            ICML 2017.
//	[heineman]  D. Heineman et al., Signal and Noise: A Framework for Reducing Uncertainty in
//	            Language Model Evaluation, arXiv 2508.13144, 2025.
//	[mcnemar]   Q. McNemar, Note on the Sampling Error of the Difference between Correlated
//	            Proportions or Percentages, Psychometrika 12, 1947.
//	[rueger]    B. Rueger, Das maximale Signifikanzniveau des Tests: "Lehne H0 ab, wenn k unter n
//	            gegebenen Tests zur Ablehnung fuehren", Metrika 25, 1978.
package images

import (
	"errors"
	"fmt"
	"math"
)

// Predictions are the logits of one network for images whose labels are known.
type Predictions struct {
	Labels  []int32   // [n], 0 .. Classes-1
	Logits  []float32 // [n, Classes], row-major, finite
	Classes int
}

// New checks shapes, labels and logits: the methods below need predictions that have passed.
func New(labels []int32, logits []float32, classes int) (Predictions, error) {
	p := Predictions{labels, logits, classes}
	switch {
	case len(labels) == 0:
		return p, errors.New("there are no images")
	case classes < 1:
		return p, fmt.Errorf("%d classes: there must be one at least", classes)
	case len(logits)/classes != len(labels) || len(logits)%classes != 0:
		return p, fmt.Errorf("%d logits are not %d images times %d classes", len(logits),
			len(labels), classes)
	}
	return p, p.check()
}

// check checks the values.
func (p Predictions) check() error {
	for i, label := range p.Labels {
		if label < 0 || int(label) >= p.Classes {
			return fmt.Errorf("image %d has label %d: the %d classes are 0 to %d", i, label,
				p.Classes, p.Classes-1)
		}
	}
	for i, v := range p.Logits {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("image %d has the logit %v: they must be finite", i/p.Classes, v)
		}
	}
	return nil
}

// N is the number of images.
func (p Predictions) N() int { return len(p.Labels) }

// row is the logits [Classes] of an image.
func (p Predictions) row(i int) []float32 { return p.Logits[i*p.Classes:][:p.Classes] }

// rank is the number of classes with a higher logit than the image's label; of equal ones the lower
// class comes first. 0 is a correct classification.
func (p Predictions) rank(i int) int {
	row, label, ahead := p.row(i), int(p.Labels[i]), 0
	for class, v := range row {
		if v > row[label] || v == row[label] && class < label {
			ahead++
		}
	}
	return ahead
}

// Correct reports for each image [n] whether its label has the highest logit.
func (p Predictions) Correct() []bool {
	correct := make([]bool, p.N())
	for i := range correct {
		correct[i] = p.rank(i) == 0
	}
	return correct
}

// TopK is the top-k accuracy: the share of images whose label is among the k highest logits; 1
// where k is at least the number of classes.
func (p Predictions) TopK(k int) float64 {
	n := 0
	for i := range p.Labels {
		if p.rank(i) < k {
			n++
		}
	}
	return float64(n) / float64(p.N())
}

// Losses are the cross-entropies [n] of the softmax with the label, in nats.
func (p Predictions) Losses() []float64 {
	losses := make([]float64, p.N())
	for i := range losses {
		row := p.row(i)
		top, sum := exponentials(row)
		losses[i] = math.Log(sum) - float64(row[p.Labels[i]]-top)
	}
	return losses
}

// exponentials are the highest logit, and the sum of exp(logit - highest).
func exponentials(row []float32) (top float32, sum float64) {
	top = row[0]
	for _, v := range row {
		top = max(top, v)
	}
	for _, v := range row {
		sum += math.Exp(float64(v - top))
	}
	return top, sum
}

// LogLoss is the mean cross-entropy in nats.
func (p Predictions) LogLoss() float64 { return mean(p.Losses()) }

// softmax writes the probabilities of an image's classes into to [Classes].
func (p Predictions) softmax(to []float64, i int) {
	row := p.row(i)
	top, sum := exponentials(row)
	for class, v := range row {
		to[class] = math.Exp(float64(v-top)) / sum
	}
}

// Brier is the mean over images of the squared distance between the probabilities and the label as
// a vector of 0 and 1: 0 at best, 2 at worst ([brier]).
func (p Predictions) Brier() float64 {
	sum, probabilities := 0., make([]float64, p.Classes)
	for i, label := range p.Labels {
		p.softmax(probabilities, i)
		probabilities[label]--
		for _, d := range probabilities {
			sum += d * d
		}
	}
	return sum / float64(p.N())
}

// Bins are the intervals of confidence of the expected calibration error, as in [guo].
const Bins = 15

// ECE is the expected calibration error ([guo], equation 3): images are sorted into bins of equal
// width by the probability of the predicted class, each bin including its upper edge, and the
// differences between a bin's accuracy and its mean probability are averaged, weighted by the
// number of images in it. 0 is perfect.
func (p Predictions) ECE() float64 {
	var excess [Bins]float64 // correct images less the sum of the probabilities
	probabilities := make([]float64, p.Classes)
	for i := range p.Labels {
		p.softmax(probabilities, i)
		confidence := 0.
		for _, v := range probabilities {
			confidence = max(confidence, v)
		}
		b := bin(confidence)
		excess[b] -= confidence
		if p.rank(i) == 0 {
			excess[b]++
		}
	}
	sum := 0.
	for _, e := range excess {
		sum += math.Abs(e)
	}
	return sum / float64(p.N())
}

// bin is the index of the interval (b/Bins, (b+1)/Bins] that contains a probability.
func bin(confidence float64) int {
	return min(Bins-1, max(0, int(math.Ceil(confidence*Bins))-1))
}

// ClassCount is the number of images of a class and how many of them are classified correctly.
type ClassCount struct{ Images, Correct int }

// Accuracy is the share of correct images; NaN without images.
func (c ClassCount) Accuracy() float64 { return float64(c.Correct) / float64(c.Images) }

// ByClass counts the images of each class [Classes].
func (p Predictions) ByClass() []ClassCount {
	counts := make([]ClassCount, p.Classes)
	for i, label := range p.Labels {
		counts[label].Images++
		if p.rank(i) == 0 {
			counts[label].Correct++
		}
	}
	return counts
}

func mean(values []float64) float64 {
	sum := 0.
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
