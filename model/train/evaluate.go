package train

import (
	"math"

	"gridsearch/dataset"
	"gridsearch/dataset/batch"
	"gridsearch/model"
	"gridsearch/model/layer"
	"gridsearch/model/nn"
)

// evaluationBatch bounds the memory of an evaluation; results do not depend on it.
const evaluationBatch = 50

// Evaluate classifies every image and compares the result with its label. mean and deviation are
// those of the channels of the training images, with pixels as 0..1. The result includes the
// logits; weights with NaN give a loss of NaN.
func Evaluate(arch model.Architecture, params *layer.Parameters, im *dataset.Images, mean,
	deviation []float32, threads int) (Result, error) {
	return evaluate(arch, params, im, mean, deviation, threads, true, func() {})
}

// evaluate is Evaluate; it keeps the logits if keep is set, and calls each after every batch.
func evaluate(arch model.Architecture, params *layer.Parameters, im *dataset.Images,
	mean, deviation []float32, threads int, keep bool, each func()) (Result, error) {
	network, err := nn.NewEvaluator(arch, params, nn.Options{Batch: min(evaluationBatch, im.N),
		Threads: threads})
	if err != nil {
		return Result{}, err
	}
	defer network.Close()
	r := Result{Examples: im.N, Correct: make([]byte, (im.N+7)/8)}
	top1, top5 := 0, 0
	for from := 0; from < im.N; from += network.Batch() {
		n, err := batch.Fill(network.Images(), network.Labels(), im, from, mean, deviation)
		if err != nil {
			return Result{}, err
		}
		if _, err := network.Step(0); err != nil {
			return Result{}, err
		}
		if keep {
			r.Logits = append(r.Logits, network.Logits()[:n*arch.Classes]...)
		}
		for i := range n {
			logits, label := network.Logits()[i*arch.Classes:][:arch.Classes], int(network.Labels()[i])
			r.Loss += crossEntropy(logits, label)
			place := rank(logits, label)
			if place == 0 {
				top1++
				r.Correct[(from+i)/8] |= 1 << ((from + i) % 8)
			}
			if place < 5 {
				top5++
			}
		}
		each()
	}
	count := float64(im.N)
	r.Top1, r.Top5, r.Loss = float64(top1)/count, float64(top5)/count, r.Loss/count
	return r, nil
}

// rank is the number of classes with a larger logit than the label's, or an equal one and a lower
// number: 0 for top-1.
func rank(logits []float32, label int) int {
	ahead := 0
	for class, v := range logits {
		if !(v < logits[label]) && class != label && (v != logits[label] || class < label) {
			ahead++
		}
	}
	return ahead
}

func crossEntropy(logits []float32, label int) float64 {
	top, sum := logits[0], 0.
	for _, v := range logits {
		top = max(top, v)
	}
	for _, v := range logits {
		sum += math.Exp(float64(v - top))
	}
	return math.Log(sum) - float64(logits[label]-top)
}
