package images

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/random"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
		t.Errorf("%s is %.17g, want %.17g", what, got, want)
	}
}

func predictions(t *testing.T, labels []int32, logits []float32, classes int) Predictions {
	t.Helper()
	p, err := New(labels, logits, classes)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// three images of three classes whose probabilities are 3/4, 1/8, 1/8 in some order.
func three(t *testing.T) Predictions {
	six := float32(math.Log(6))
	return predictions(t, []int32{0, 1, 2}, []float32{six, 0, 0, six + 1, 1, 1, 0, 0, six}, 3)
}

// TestScores compares the scores with values computed by hand: two images are right with
// probability 3/4, one is wrong with 1/8 for its label, which is second of two equal ones.
func TestScores(t *testing.T) {
	p := three(t)
	if got := p.Correct(); !slices.Equal(got, []bool{true, false, true}) {
		t.Errorf("correct: %v", got)
	}
	near(t, "top-1", p.TopK(1), 2./3)
	near(t, "top-2", p.TopK(2), 1)
	loss := (2*math.Log(4./3) + math.Log(8)) / 3
	if got := p.LogLoss(); math.Abs(got-loss) > 1e-7 { // log 6 is rounded to float32
		t.Errorf("loss is %v, want %v", got, loss)
	}
	right, wrong := 1./16+2./64, 9./16+49./64+1./64
	if got, want := p.Brier(), (2*right+wrong)/3; math.Abs(got-want) > 1e-7 {
		t.Errorf("Brier score is %v, want %v", got, want)
	}
	if got, want := p.ECE(), math.Abs(2-3*.75)/3; math.Abs(got-want) > 1e-7 {
		t.Errorf("calibration error is %v, want %v", got, want)
	}
	want := []ClassCount{{1, 1}, {1, 0}, {1, 1}}
	if got := p.ByClass(); !slices.Equal(got, want) {
		t.Errorf("by class: %v", got)
	}
	near(t, "accuracy of class 1", p.ByClass()[1].Accuracy(), 0)
}

// TestFewClasses: one class is always right; of two, the label is always among the first five.
func TestFewClasses(t *testing.T) {
	one := predictions(t, []int32{0, 0}, []float32{-3, 70}, 1)
	perfect := map[string]float64{"top1": 1, "top5": 1, "loss": 0, "brier": 0, "ece": 0}
	for name, want := range perfect {
		m, _ := FindMetric(name)
		near(t, name+" of one class", m.Score(one), want)
	}
	two := predictions(t, []int32{0, 1, 1, 0}, []float32{0, 0, 0, 0, -1, 2, 3, 5}, 2)
	near(t, "top-1 of two classes", two.TopK(1), .5) // of equal logits the lower class is ahead
	near(t, "top-5 of two classes", two.TopK(5), 1)
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	loss := (2*math.Ln2 - math.Log(sigmoid(3)) - math.Log(sigmoid(-2))) / 4
	near(t, "loss of two classes", two.LogLoss(), loss)
	square := func(x float64) float64 { return 2 * x * x }
	near(t, "Brier score of two classes", two.Brier(),
		(2*square(.5)+square(sigmoid(-3))+square(sigmoid(2)))/4)
	// confidences .5, .5, .9526, .8808 lie in bins 7, 7, 14 and 13; correct are the first and
	// third.
	ece := (math.Abs(1-2*.5) + math.Abs(1-sigmoid(3)) + sigmoid(2)) / 4
	near(t, "calibration error of two classes", two.ECE(), ece)
	if n := predictions(t, []int32{1}, []float32{0, 0, 0}, 3).ByClass()[0]; n.Images != 0 ||
		!math.IsNaN(n.Accuracy()) {
		t.Errorf("a class without images: %+v", n)
	}
}

// TestBins: a bin has its upper edge and not its lower one.
func TestBins(t *testing.T) {
	for confidence, want := range map[float64]int{0: 0, 1e-9: 0, 1. / 15: 0, .0667: 1, .5: 7, .2: 2,
		.2000001: 3, .9333: 13, .934: 14, 1: 14} {
		if got := bin(confidence); got != want {
			t.Errorf("confidence %v is in bin %d, want %d", confidence, got, want)
		}
	}
}

// TestExtremes: logits far apart give finite scores.
func TestExtremes(t *testing.T) {
	p := predictions(t, []int32{0, 1}, []float32{3e4, -3e4, 3e4, -3e4}, 2)
	near(t, "loss", p.LogLoss(), 3e4)
	near(t, "Brier score", p.Brier(), 1)
	near(t, "calibration error", p.ECE(), .5)
}

// TestRefused: predictions that no score could be taken of are named.
func TestRefused(t *testing.T) {
	nan := float32(math.NaN())
	for want, c := range map[string]Predictions{
		"there are no images":                 {Classes: 2},
		"0 classes: there must be one":        {Labels: []int32{0}},
		"3 logits are not 2 images times 2":   {[]int32{0, 1}, make([]float32, 3), 2},
		"5 logits are not 2 images times 2":   {[]int32{0, 1}, make([]float32, 5), 2},
		"2 logits are not 2 images times 2":   {[]int32{0, 1}, make([]float32, 2), 2},
		"image 1 has label 2":                 {[]int32{0, 2}, make([]float32, 4), 2},
		"image 0 has label -1":                {[]int32{-1}, make([]float32, 2), 2},
		"image 1 has the logit NaN":           {[]int32{0, 1}, []float32{0, 0, nan, 0}, 2},
		"image 0 has the logit +Inf: they mu": {[]int32{0}, []float32{0, float32(math.Inf(1))}, 2},
	} {
		_, err := New(c.Labels, c.Logits, c.Classes)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestBruteForce compares the scores of random predictions with the definitions written down
// plainly: probabilities first, and sums over all pairs of class and bin.
func TestBruteForce(t *testing.T) {
	s := random.New(7, "predictions")
	const n, classes = 300, 7
	labels, logits := make([]int32, n), make([]float32, n*classes)
	for i := range logits {
		logits[i] = float32(2 * s.Norm())
	}
	for i := range labels {
		labels[i] = int32(s.IntN(classes))
	}
	p := predictions(t, labels, logits, classes)
	top1, top5, loss, brier := 0., 0., 0., 0.
	var count, right, confidence [Bins]float64
	for i, label := range labels {
		row, total := logits[i*classes:][:classes], 0.
		for _, v := range row {
			total += math.Exp(float64(v))
		}
		best, below, highest := 0, 0, 0.
		for c, v := range row {
			q := math.Exp(float64(v)) / total
			if v > row[best] {
				best = c
			}
			if v < row[label] {
				below++
			}
			y := 0.
			if int(label) == c {
				y = 1
				loss -= math.Log(q) / n
			}
			brier += (q - y) * (q - y) / n
			highest = max(highest, q)
		}
		if best == int(label) {
			top1 += 1. / n
		}
		if below >= classes-5 {
			top5 += 1. / n
		}
		for b := range Bins {
			if highest > float64(b)/Bins && highest <= float64(b+1)/Bins {
				count[b]++
				confidence[b] += highest
				if best == int(label) {
					right[b]++
				}
			}
		}
	}
	ece := 0.
	for b := range Bins {
		if count[b] > 0 {
			ece += count[b] / n * math.Abs(right[b]/count[b]-confidence[b]/count[b])
		}
	}
	want := map[string]float64{"top1": top1, "top5": top5, "loss": loss, "brier": brier, "ece": ece}
	for _, m := range Metrics {
		if got := m.Score(p); math.Abs(got-want[m.Name]) > 1e-6 { // logits differ in float32 here
			t.Errorf("%s is %v, want %v", m.Name, got, want[m.Name])
		}
	}
	if top1 == 0 || top1 == 1 || ece == 0 || top5 == 1 {
		t.Error("the example shows nothing")
	}
}

// TestMetrics: names are found, and lower is better for losses alone.
func TestMetrics(t *testing.T) {
	for _, name := range MetricNames() {
		m, ok := FindMetric(name)
		if lower := !strings.HasPrefix(name, "top"); !ok || m.Name != name || m.Lower != lower ||
			m.Better(.2, .1) == lower || m.Better(.1, .2) != lower || m.Better(.1, .1) {
			t.Errorf("%s: %+v, %v", name, m, ok)
		}
	}
	if _, ok := FindMetric("accuracy"); ok || len(MetricNames()) != 5 {
		t.Error("a metric too many")
	}
}

// TestPairs: counts, agreement and kappa of a small table, computed by hand.
func TestPairs(t *testing.T) {
	a := []bool{true, true, true, true, false, false, true, false, true, false}
	b := []bool{true, true, false, true, true, false, true, false, false, false}
	p := Count(a, b)
	if want := (Pair{Both: 4, OnlyFirst: 2, OnlySecond: 1, Neither: 3}); p != want || p.N() != 10 {
		t.Fatalf("%+v, want %+v", p, want)
	}
	near(t, "agreement", p.Agreement(), .7)
	near(t, "kappa", p.Kappa(), (.7-(.6*.5+.4*.5))/(1-.5))
	near(t, "p", p.McNemar(), 1)
	if same := Count(a, a); same.Agreement() != 1 || same.Kappa() != 1 || same.McNemar() != 1 {
		t.Errorf("a network with itself: %+v", same)
	}
	if all := (Pair{Both: 5}); !math.IsNaN(all.Kappa()) {
		t.Errorf("kappa of two perfect networks is %v", all.Kappa())
	}
}

// TestMcNemar compares the exact test with binomial coefficients in whole numbers, and the
// approximation with the exact value where it takes over.
func TestMcNemar(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {0, 1}, {0, 5}, {5, 0}, {1, 7}, {3, 9}, {10, 10}, {12, 30},
		{100, 140}, {470, 530}} {
		n, few := c[0]+c[1], min(c[0], c[1])
		sum := new(big.Int)
		for k := range few + 1 {
			sum.Add(sum, new(big.Int).Binomial(int64(n), int64(k)))
		}
		tail := new(big.Rat).SetFrac(sum, new(big.Int).Lsh(big.NewInt(1), uint(n)))
		want, _ := tail.Float64()
		want = min(1, 2*want)
		p := Pair{OnlyFirst: c[0], OnlySecond: c[1], Both: 3}
		if got := p.McNemar(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v: p is %v, want %v", c, got, want)
		}
	}
	near(t, "p of 0 to 5", Pair{OnlySecond: 5}.McNemar(), 2./32)
	near(t, "p of 1 to 7", Pair{OnlyFirst: 1, OnlySecond: 7}.McNemar(), 2.*9/256)
	for _, few := range []int{400, 470, 490, 500} {
		p := Pair{OnlyFirst: few, OnlySecond: mostExact + 1 - few}
		exact := min(1, 2*binomialTail(mostExact+1, few))
		if got := p.McNemar(); math.Abs(got-exact) > .002 {
			t.Errorf("%+v: the approximation gives %v, the exact test %v", p, got, exact)
		}
	}
}

// TestCombine: one value stays, and of several the middle one counts, with its factor.
func TestCombine(t *testing.T) {
	for _, c := range []struct {
		p    []float64
		want float64
	}{{[]float64{.03}, .03}, {[]float64{.9, .01}, .02}, {[]float64{.5, .01, .04}, .06},
		{[]float64{.9, .9, .9}, 1}, {[]float64{.02, .04, .01, .9, .8}, 5. / 3 * .04}} {
		near(t, "the combined p", Combine(c.p), c.want)
	}
	if !math.IsNaN(Combine(nil)) {
		t.Error("no p values give one")
	}
}
