package stats

import "math"

// Bits say which images each run classified correctly: bit i%8 of byte i/8 for image i.
type Bits [][][]byte // [trial][seed], all of the same images

// ImageEffect is the effect of the draw of validation images on a comparison of trials: the
// standard deviation that it adds to each trial's mean, in units of accuracy, whatever the number
// of seeds. Seeds and images are crossed, so it is the interaction of trials and images, estimated
// by the mean squares of the three-way table: (MS of trial and image - MS of all three) / (seeds *
// images) ([searle]). The difficulty of an image that is the same for all trials cancels. NaN where
// there are fewer than two trials, seeds or images.
func ImageEffect(bits Bits, images int) float64 {
	if len(bits) < 2 || len(bits[0]) < 2 || images < 2 {
		return math.NaN()
	}
	k, n, e := float64(len(bits)), float64(len(bits[0])), float64(images)
	m := margins(bits, images)
	// Sums of squares of the margins, each times the number of cells that one of its entries sums.
	grand := m.all * m.all / (k * n * e)
	trial, seed, image := m.trial/(n*e), m.seed/(k*e), m.image/(k*n)
	trialSeed, trialImage, seedImage := m.trialSeed/e, m.trialImage/n, m.seedImage/k
	interaction := trialImage - trial - image + grand
	rest := m.all - trialSeed - trialImage - seedImage + trial + seed + image - grand
	perImage := interaction / ((k - 1) * (e - 1))
	perRun := rest / ((k - 1) * (n - 1) * (e - 1))
	return math.Sqrt(max(0, perImage-perRun) / (n * e))
}

// sums are the sums of squares of each margin's cells; all is the number of set bits, which is
// their sum of squares too.
type sums struct{ all, trial, seed, image, trialSeed, trialImage, seedImage float64 }

func margins(bits Bits, images int) sums {
	k, n := len(bits), len(bits[0])
	trials, seeds, pairs := make([]float64, k), make([]float64, n), make([]float64, k*n)
	perTrial, perSeed := make([]float64, k), make([]float64, n)
	m := sums{}
	for i := range images {
		clear(perTrial)
		clear(perSeed)
		total := 0.
		for a, runs := range bits {
			for b, run := range runs {
				v := float64(run[i/8] >> (i % 8) & 1)
				total, perTrial[a], perSeed[b] = total+v, perTrial[a]+v, perSeed[b]+v
				trials[a], seeds[b], pairs[a*n+b] = trials[a]+v, seeds[b]+v, pairs[a*n+b]+v
			}
		}
		m.all, m.image = m.all+total, m.image+total*total
		m.trialImage, m.seedImage = m.trialImage+squares(perTrial), m.seedImage+squares(perSeed)
	}
	m.trial, m.seed, m.trialSeed = squares(trials), squares(seeds), squares(pairs)
	return m
}

func squares(list []float64) float64 {
	sum := 0.
	for _, v := range list {
		sum += v * v
	}
	return sum
}
