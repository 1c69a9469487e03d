package plain

import "math"

// SoftmaxCrossEntropy returns the mean loss of a batch and writes the probabilities [batch,
// classes]. The target of an example is 1 - smoothing on its label plus smoothing / classes on
// every class (label smoothing as in the Inception paper and TensorFlow).
func SoftmaxCrossEntropy(prob, logits []float32, labels []int32, smoothing float32, batch,
	classes int) float64 {
	var loss float64
	for n := range batch {
		z, p := logits[n*classes:][:classes], prob[n*classes:][:classes]
		top := z[0]
		for _, v := range z {
			top = max(top, v)
		}
		var sum, shifted float64
		for j, v := range z {
			e := math.Exp(float64(v - top))
			p[j] = float32(e)
			sum += e
			shifted += float64(v - top)
		}
		for j := range p {
			p[j] = float32(float64(p[j]) / sum)
		}
		s := float64(smoothing)
		target := (1-s)*float64(z[labels[n]]-top) + s/float64(classes)*shifted
		loss += math.Log(sum) - target
	}
	return loss / float64(batch)
}

// SoftmaxCrossEntropyBackward computes the gradient of the mean loss, times scale, with respect to
// the logits.
func SoftmaxCrossEntropyBackward(dlogits, prob []float32, labels []int32, smoothing, scale float32,
	batch, classes int) {
	scale /= float32(batch)
	even := smoothing / float32(classes)
	for n := range batch {
		p, d := prob[n*classes:][:classes], dlogits[n*classes:][:classes]
		for j, v := range p {
			d[j] = (v - even) * scale
		}
		d[labels[n]] -= (1 - smoothing) * scale
	}
}
