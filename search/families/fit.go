package families

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// fitted are the curves of all families. With x the logarithm of the cost relative to the base's,
// the mean score of a network of family f is base + b1 x + b2 x^2, where the base is common and b1
// and b2 are the family's own: a common curvature would bias the differences where the families'
// curves bend differently.
type fitted struct {
	measured
	curves  regression
	cells   regression // score = trial + seed
	coef    []float64
	means   []float64
	scatter Noise
	runs    Noise
}

// Reasons to claim nothing, besides those of newMeasured.
const (
	whySeeds   = "the trials have too few seeds in common"
	whyShared  = "the families share so many networks that their curves cannot be told apart"
	whyNoNoise = "there is no noise to hold a difference against: all seeds agree to the last digit"
	whyExact   = "there is no scatter to hold a difference against: all networks lie on their curves"
)

// noNoise is the standard deviation below which noise counts as zero: accuracies are counts of
// images.
const noNoise = 1e-12

// fit fits the trials' means, adjusted for missing runs, and then the curves.
func fit(m measured) (f fitted, why string) {
	f.measured = m
	cells, scores := m.cells()
	var ok bool
	if f.cells, ok = newRegression(cells); !ok || f.cells.freedom() < 1 {
		return f, whySeeds
	}
	effects, rest := f.cells.solve(scores)
	f.means = effects[:len(m.x)]
	f.runs = noise(rest, f.cells.freedom())
	if f.curves, ok = newRegression(m.design()); !ok {
		return f, whyShared
	}
	f.coef, rest = f.curves.solve(f.means)
	f.scatter = noise(rest, m.freedom())
	switch {
	case f.runs.SD < noNoise:
		return f, whyNoNoise
	case f.scatter.SD < noNoise:
		return f, whyExact
	}
	return f, ""
}

// noise is the residual standard deviation.
func noise(rest []float64, freedom int) Noise {
	return Noise{SD: math.Sqrt(squares(rest) / float64(freedom)), Freedom: freedom}
}

// cells is the design matrix of all runs, a column for each trial and for each seed but the first,
// with the scores.
func (m measured) cells() (design *mat.Dense, scores []float64) {
	trials, columns := len(m.x), len(m.x)+len(m.scores[0])-1
	var rows []float64
	for i, row := range m.scores {
		for seed, v := range row {
			if math.IsNaN(v) {
				continue
			}
			line := make([]float64, columns)
			line[i] = 1
			if seed > 0 {
				line[trials+seed-1] = 1
			}
			rows, scores = append(rows, line...), append(scores, v)
		}
	}
	return mat.NewDense(len(scores), columns, rows), scores
}

// design is the design matrix of the curves, a row for each network. For a network of two families
// the fit is the mean of their curves.
func (m measured) design() *mat.Dense {
	d := mat.NewDense(len(m.x), 1+2*len(m.names), nil)
	for i, x := range m.x {
		d.Set(i, 0, 1)
		for _, family := range m.member[i] {
			share := 1 / float64(len(m.member[i]))
			d.Set(i, 1+2*family, share*x)
			d.Set(i, 2+2*family, share*x*x)
		}
	}
	return d
}

// contrast compares the candidate's curve with that of a family, an index in names; contrasts is
// the number of such comparisons.
func (f fitted) contrast(name string, family int, confidence float64, contrasts int) Contrast {
	x := f.at()
	l := make([]float64, len(f.coef))
	l[1], l[2] = x, x*x
	l[1+2*family], l[2+2*family] = -x, -x*x
	weights := f.curves.weights(l)
	c := Contrast{Against: name, Difference: floats.Dot(l, f.coef)}
	c.Scatter = f.scatter.test(c.Difference, floats.Norm(weights, 2), confidence)
	cells := make([]float64, f.cells.columns())
	copy(cells, weights)
	c.Runs = f.runs.test(c.Difference, floats.Norm(f.cells.weights(cells), 2), confidence)
	c.Worse = 1-c.Scatter.P < (1-confidence)/float64(contrasts)
	return c
}

// test tests a difference against 0: a weighted sum of values with this noise, length being the
// norm of the weights.
func (n Noise) test(difference, length, confidence float64) Test {
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n.Freedom)}
	se := n.SD * length
	half := t.Quantile(confidence) * se
	p := t.Survival(difference / se)
	return Test{SE: se, Low: difference - half, High: difference + half, P: p}
}

// regression is a least squares problem whose design matrix has full rank.
type regression struct {
	design *mat.Dense
	qr     *mat.QR
}

// worstCondition is the largest condition number of a design: beyond it the data do not determine
// the coefficients.
const worstCondition = 1e8

func newRegression(design *mat.Dense) (r regression, ok bool) {
	if rows, columns := design.Dims(); rows < columns {
		return r, false
	}
	r = regression{design, new(mat.QR)}
	r.qr.Factorize(design)
	return r, r.qr.Cond() < worstCondition
}

func (r regression) columns() int {
	_, n := r.design.Dims()
	return n
}

// freedom is the degrees of freedom of the residuals.
func (r regression) freedom() int {
	rows, columns := r.design.Dims()
	return rows - columns
}

// solve returns the coefficients and the residuals.
func (r regression) solve(y []float64) (coef, rest []float64) {
	var b, e mat.VecDense
	v := mat.NewVecDense(len(y), y)
	must(r.qr.SolveVecTo(&b, false, v))
	e.MulVec(r.design, &b)
	e.SubVec(v, &e)
	return b.RawVector().Data, e.RawVector().Data
}

// weights are the weights of the observations in a linear combination of the coefficients: the
// unbiased estimate with the smallest norm.
func (r regression) weights(combination []float64) []float64 {
	var w mat.VecDense
	must(r.qr.SolveVecTo(&w, true, mat.NewVecDense(len(combination), combination)))
	return w.RawVector().Data
}

// must panics on errors that newRegression has excluded.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
