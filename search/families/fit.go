package families

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// fitted are the curves of all families. With x the logarithm of the cost as a multiple of the
// base's, the mean of a network of family f is base + b1 x + b2 x^2, where the base is common and
// b1 and b2 are the family's own: a common curvature would shift the families' differences where
// their curves bend unlike.
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

// noNoise is the standard deviation below which there is none: accuracies are counts of images.
const noNoise = 1e-12

// fit fits the means of the trials, which a missing run must not shift, and then the curves.
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

// noise is that of residuals.
func noise(rest []float64, freedom int) Noise {
	return Noise{SD: math.Sqrt(squares(rest) / float64(freedom)), Freedom: freedom}
}

// cells is the design of all runs, a column for each trial and for each seed but the first, with
// the scores.
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

// design is that of the curves, a row for each network. One that two families build is held against
// the mean of their curves.
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

// contrast compares the candidate's curve with that of the family at a place in names, one of so
// many.
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

// test holds a difference, a sum of values of this noise whose weights have the length, against 0.
func (n Noise) test(difference, length, confidence float64) Test {
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n.Freedom)}
	se := n.SD * length
	half := t.Quantile(confidence) * se
	p := t.Survival(difference / se)
	return Test{SE: se, Low: difference - half, High: difference + half, P: p}
}

// regression is a least squares problem whose design has full rank.
type regression struct {
	design *mat.Dense
	qr     *mat.QR
}

// worstCondition bounds that of a design: beyond it coefficients are not determined by the data.
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

// freedom is the residuals'.
func (r regression) freedom() int {
	rows, columns := r.design.Dims()
	return rows - columns
}

// solve gives the coefficients and the residuals.
func (r regression) solve(y []float64) (coef, rest []float64) {
	var b, e mat.VecDense
	v := mat.NewVecDense(len(y), y)
	must(r.qr.SolveVecTo(&b, false, v))
	e.MulVec(r.design, &b)
	e.SubVec(v, &e)
	return b.RawVector().Data, e.RawVector().Data
}

// weights are those of the observations in a linear combination of the coefficients: of all that
// give the combination without bias those of the least length.
func (r regression) weights(combination []float64) []float64 {
	var w mat.VecDense
	must(r.qr.SolveVecTo(&w, true, mat.NewVecDense(len(combination), combination)))
	return w.RawVector().Data
}

// must panics on what newRegression has excluded.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
