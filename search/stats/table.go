package stats

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
)

// table is the least-squares fit of trial + seed effects to scores, and the noise around it. Rows
// are trials, columns seeds.
type table struct {
	x         [][]float64 // NaN in holes
	n         []int       // scores of each trial
	means     []float64   // of the trials, over all seeds: where a score is missing, as fitted
	residuals [][]float64 // 0 in holes
	own       []float64   // noise variance of each trial's score, from its residuals alone
	pooled    float64     // the same from all residuals
	freedom   int         // of pooled
	prior     int         // degrees of freedom that the others lend to each trial's variance
	variances []float64   // own, drawn towards pooled ([smyth])
	apart     *mat.SymDense
}

func (t *table) k() int { return len(t.x) }

// seeds is the typical number of scores of a trial: the harmonic mean, as that is how variances of
// means average.
func (t *table) seeds() int {
	sum := 0.
	for _, n := range t.n {
		sum += 1 / float64(n)
	}
	return max(2, int(math.Round(float64(t.k())/sum)))
}

// error is the standard error of the difference between two trials' means.
func (t *table) error(i, j int) float64 {
	c := 1 / float64(t.n[i]) // of a table without holes
	if t.apart != nil {
		c = (t.apart.At(i, i) + t.apart.At(j, j) - 2*t.apart.At(i, j)) / 2
	}
	return math.Sqrt((t.variances[i] + t.variances[j]) * c)
}

// fit fits trial + seed effects to a table whose trials are connected, and shrinks the variances;
// none is below floor. It returns nil if fewer than two trials, or no residual, are left.
func fit(x [][]float64, floor float64) *table {
	if len(x) < 2 || len(x[0]) == 0 {
		return nil
	}
	t := &table{x: x}
	cells := 0
	for _, row := range x {
		n := 0
		for _, v := range row {
			if !math.IsNaN(v) {
				n++
			}
		}
		t.n = append(t.n, n)
		cells += n
	}
	t.freedom = cells - len(x) - len(x[0]) + 1
	if t.freedom < 1 {
		return nil
	}
	var shares []float64 // of the residual degrees of freedom
	if cells == len(x)*len(x[0]) {
		shares = t.balanced()
	} else if shares = t.leastSquares(); shares == nil {
		return nil
	}
	t.noise(shares, floor)
	t.shrink(floor)
	return t
}

// balanced fits a table without missing scores by its means.
func (t *table) balanced() (shares []float64) {
	k, n := len(t.x), len(t.x[0])
	columns := make([]float64, n)
	for j := range columns {
		for _, row := range t.x {
			columns[j] += row[j] / float64(k)
		}
	}
	grand := stat.Mean(columns, nil)
	t.means = make([]float64, k)
	for i, row := range t.x {
		t.means[i] = stat.Mean(row, nil)
		residuals := make([]float64, n)
		for j, v := range row {
			residuals[j] = v - t.means[i] - columns[j] + grand
		}
		t.residuals = append(t.residuals, residuals)
		shares = append(shares, float64(k-1)*float64(n-1)/float64(k))
	}
	return shares
}

// leastSquares solves the normal equations of the trials, with the seeds eliminated. It keeps their
// inverse, which has the variances of differences.
func (t *table) leastSquares() (shares []float64) {
	k, n := len(t.x), len(t.x[0])
	lists := make([][]int, n) // the trials that have a seed
	normal, right := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	for i, row := range t.x {
		normal.SetSym(i, i, float64(t.n[i]))
		for j, v := range row {
			if !math.IsNaN(v) {
				lists[j] = append(lists[j], i)
				right.SetVec(i, right.AtVec(i)+v)
			}
		}
	}
	for j, list := range lists {
		mean := t.columnMean(list, j, nil)
		for a, i := range list {
			right.SetVec(i, right.AtVec(i)-mean)
			for _, other := range list[a:] {
				normal.SetSym(i, other, normal.At(i, other)-1/float64(len(list)))
			}
		}
	}
	for i := range k { // effects that add up to 0
		for j := i; j < k; j++ {
			normal.SetSym(i, j, normal.At(i, j)+1/float64(k))
		}
	}
	var cholesky mat.Cholesky
	t.apart = mat.NewSymDense(k, nil)
	if !cholesky.Factorize(normal) || cholesky.InverseTo(t.apart) != nil {
		return nil // not connected
	}
	effects := mat.NewVecDense(k, nil)
	effects.MulVec(t.apart, right)
	return t.effects(effects, lists)
}

// columnMean is the mean score of a seed, minus the effects of its trials.
func (t *table) columnMean(list []int, seed int, effects *mat.VecDense) float64 {
	sum := 0.
	for _, i := range list {
		sum += t.x[i][seed]
		if effects != nil {
			sum -= effects.AtVec(i)
		}
	}
	return sum / float64(len(list))
}

// effects turns the trials' effects into means and residuals, and sums 1 - leverage over each
// trial's cells.
func (t *table) effects(effects *mat.VecDense, lists [][]int) (shares []float64) {
	k, n := len(t.x), len(lists)
	shares, t.means = make([]float64, k), make([]float64, k)
	t.residuals = make([][]float64, k)
	for i := range t.residuals {
		t.residuals[i] = make([]float64, n)
	}
	grand := 0.
	for j, list := range lists {
		column := t.columnMean(list, j, effects)
		grand += column / float64(n)
		weights, product := mat.NewVecDense(k, nil), mat.NewVecDense(k, nil)
		for _, i := range list {
			weights.SetVec(i, 1/float64(len(list)))
		}
		product.MulVec(t.apart, weights)
		between := mat.Dot(weights, product)
		for _, i := range list {
			t.residuals[i][j] = t.x[i][j] - effects.AtVec(i) - column
			shares[i] += 1 - 1/float64(len(list)) - t.apart.At(i, i) + 2*product.AtVec(i) - between
		}
	}
	for i := range t.means {
		t.means[i] = effects.AtVec(i) + grand
	}
	return shares
}

// noise estimates the variances of scores from the residuals.
func (t *table) noise(shares []float64, floor float64) {
	sum := 0.
	for i, row := range t.residuals {
		squares := 0.
		for _, r := range row {
			squares += r * r
		}
		sum += squares
		t.own = append(t.own, max(floor, squares/max(shares[i], 1e-9)))
	}
	t.pooled = max(floor, sum/float64(t.freedom))
}

// shrink shrinks each trial's variance towards the pooled one, the more the more alike the trials'
// variances are. Two trials share one variance: that of the paired t test.
func (t *table) shrink(floor float64) {
	if t.k() > 2 {
		t.prior = int(math.Round(priorFreedom(t.own, t.n, floor)))
	}
	for i, v := range t.own {
		d, n := float64(t.prior), float64(t.n[i]-1)
		t.variances = append(t.variances, (d*t.pooled+n*v)/(d+n))
	}
}

// saved is the share of the variance of scores around their trials' means that the seeds explain.
func (t *table) saved() float64 {
	squares, freedom := 0., 0
	for i, row := range t.x {
		mean := 0.
		for _, v := range row {
			if !math.IsNaN(v) {
				mean += v / float64(t.n[i])
			}
		}
		for _, v := range row {
			if !math.IsNaN(v) {
				squares += (v - mean) * (v - mean)
			}
		}
		freedom += t.n[i] - 1
	}
	oneWay := squares / float64(freedom)
	if oneWay <= t.pooled {
		return 0
	}
	return 1 - t.pooled/oneWay
}

// mostFreedom is the prior degrees of freedom from which on variances count as equal.
const mostFreedom = 60

// priorFreedom estimates the prior degrees of freedom of the variances from the variance of their
// logarithms ([smyth] section 6.2): where that is no more than sampling explains, the variances
// count as equal. Variances below floor are rounding.
func priorFreedom(variances []float64, n []int, floor float64) float64 {
	logs, sampling := make([]float64, len(variances)), 0.
	for i, v := range variances {
		logs[i] = math.Log(max(v, floor))
		sampling += trigamma(float64(n[i]-1)/2) / float64(len(n))
	}
	excess := stat.Variance(logs, nil) - sampling
	if !(excess > 0) {
		return mostFreedom
	}
	return min(2*trigammaInverse(excess), mostFreedom)
}

func trigamma(x float64) float64 { return mathext.Zeta(2, x) }

// trigammaInverse solves trigamma(y) = x by Newton's method on 1/trigamma, which is nearly linear
// ([smyth] appendix).
func trigammaInverse(x float64) float64 {
	y := .5 + 1/x
	for range 50 {
		t := trigamma(y)
		slope := -2 * mathext.Zeta(3, y) // tetragamma
		d := t * (1 - t/x) / slope
		y += d
		if -d/y < 1e-8 {
			break
		}
	}
	return y
}
