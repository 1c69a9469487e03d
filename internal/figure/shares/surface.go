package shares

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/si"
)

// What a surface takes: so many trials, a fit that chance alone gives this rarely, and places that
// determine it.
const (
	fewest    = 8
	level     = .05
	condition = 1e4
)

// surface is a quadratic in the shares of width and resolution, in percent of accuracy.
type surface struct {
	terms   []float64 // of terms
	r2, p   float64   // part of the variance of means that it explains; of the F test against none
	outline []picture.XY
}

// terms are those of a quadratic, at a place of the triangle.
func terms(q picture.XY) []float64 {
	x, y := q.X-.5, q.Y-height/3
	return []float64{1, x, y, x * x, x * y, y * y}
}

func (s surface) value(q picture.XY) (sum float64) {
	for i, t := range terms(q) {
		sum += t * s.terms[i]
	}
	return sum
}

// fit fits a surface to the means of trials by least squares; ok is false where there are too few,
// or where they do not determine one.
func fit(trials []values.Trial) (s surface, ok bool) {
	n, k := len(trials), len(terms(picture.XY{}))
	if n < fewest {
		return s, false
	}
	x, y := mat.NewDense(n, k, nil), mat.NewVecDense(n, nil)
	var points []picture.XY
	mean := 0.
	for i, t := range trials {
		q := at(shareOf(t))
		points = append(points, q)
		x.SetRow(i, terms(q))
		y.SetVec(i, 100*t.Mean)
		mean += 100 * t.Mean / float64(n)
	}
	var qr mat.QR
	qr.Factorize(x)
	if !(qr.Cond() < condition) {
		return s, false
	}
	var solved mat.VecDense
	if err := qr.SolveVecTo(&solved, false, y); err != nil {
		return s, false
	}
	s.terms = slices.Clone(solved.RawVector().Data)
	s.outline = hull(points)
	total, rest := 0., 0.
	for i, q := range points {
		total += (y.AtVec(i) - mean) * (y.AtVec(i) - mean)
		d := y.AtVec(i) - s.value(q)
		rest += d * d
	}
	if total == 0 {
		return s, false
	}
	s.r2 = 1 - rest/total
	f := (total - rest) / float64(k-1) / (rest / float64(n-k))
	s.p = distuv.F{D1: float64(k - 1), D2: float64(n - k)}.Survival(f)
	return s, true
}

// shareOf is where a trial lies.
func shareOf(t values.Trial) values.Shares { return mean(t.Shares) }

// contours are lines of equal accuracy of the fitted surface, inside the trials' places, and what
// is to be said of it. There are none where the surface explains no more than chance does.
func contours(trials, waiting []values.Trial) (marks []picture.Mark, noted string) {
	s, ok := fit(trials)
	switch {
	case !ok:
		return nil, ""
	case s.p > level:
		return nil, fmt.Sprintf("no contours: a quadratic explains no more than chance may "+
			"(p = %.2f)", s.p)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, q := range mesh() {
		if inside(q, s.outline) {
			low, high = min(low, s.value(q)), max(high, s.value(q))
		}
	}
	step := si.Step(max((high-low)/7, 1e-9))
	for at := math.Ceil(low/step) * step; at <= high; at += step {
		label := strconv.FormatFloat(math.Round(at*1e6)/1e6, 'f', -1, 64)
		marks = append(marks, contour(s, at, label, slices.Concat(trials, waiting))...)
	}
	return marks, fmt.Sprintf("contours: a quadratic smooths the means (R² %.2f), no test", s.r2)
}

// cells is the number of parts of a side of the triangle that contours are traced in.
const cells = 80

// mesh are the corners of all parts.
func mesh() []picture.XY {
	var list []picture.XY
	for i := range cells + 1 {
		for j := range cells + 1 - i {
			list = append(list, corner(i, j))
		}
	}
	return list
}

func corner(width, resolution int) picture.XY {
	w, r := float64(width)/cells, float64(resolution)/cells
	return at(values.Shares{Depth: 1 - w - r, Width: w, Resolution: r})
}

// contour is a line of equal value with a label in a gap of it, away from the trials.
func contour(s surface, level float64, label string, trials []values.Trial) []picture.Mark {
	var marks []picture.Mark
	var longest []picture.XY
	lines := slices.DeleteFunc(trace(s, level), func(l []picture.XY) bool {
		return length(l) < 2*labelRoom
	})
	for _, line := range lines {
		if len(line) > len(longest) {
			longest = line
		}
	}
	gap, labelled := roomFor(longest, trials)
	for _, line := range lines {
		var part []picture.XY
		flush := func() {
			if length(part) > shortest {
				marks = append(marks, picture.Line{Look: picture.Plain, Thin: true, Points: part})
			}
			part = nil
		}
		for _, q := range line {
			if labelled && math.Hypot(q.X-gap.X, q.Y-gap.Y) < labelRoom {
				flush()
				continue
			}
			part = append(part, q)
		}
		flush()
	}
	if labelled {
		marks = append(marks, picture.Text{At: gap, Text: label, Align: .5, Rise: .5, Small: true})
	}
	return marks
}

// labelRoom is kept free around the middle of a contour's label; shorter ends beside it are left
// out.
const (
	labelRoom = .045
	shortest  = .03
)

// roomFor is the place on a line that is farthest from all trials; there is none on short lines, or
// where trials are close everywhere.
func roomFor(line []picture.XY, trials []values.Trial) (best picture.XY, ok bool) {
	farthest := 0.
	for i, q := range line {
		if i < len(line)/5 || i > len(line)*4/5 {
			continue
		}
		near := math.Inf(1)
		for _, t := range trials {
			p := at(shareOf(t))
			near = min(near, math.Hypot(p.X-q.X, p.Y-q.Y))
		}
		if near > farthest {
			best, farthest = q, near
		}
	}
	return best, farthest > labelRoom && length(line) > 4*labelRoom
}

func length(line []picture.XY) (sum float64) {
	for i := 1; i < len(line); i++ {
		sum += math.Hypot(line[i].X-line[i-1].X, line[i].Y-line[i-1].Y)
	}
	return sum
}

// edge is one of the mesh, by its ends.
type edge [2][2]int

// trace joins the places where the surface has a value on the edges of the mesh to lines, those
// inside the outline alone.
func trace(s surface, level float64) [][]picture.XY {
	places := map[edge]picture.XY{}
	next := map[edge][]edge{}
	var order []edge
	for i := range cells {
		for j := range cells - i {
			triangles := [][3][2]int{{{i, j}, {i + 1, j}, {i, j + 1}}}
			if i+j < cells-1 {
				triangles = append(triangles, [3][2]int{{i + 1, j}, {i + 1, j + 1}, {i, j + 1}})
			}
			for _, t := range triangles {
				crossed := crossed(s, level, t, places)
				if len(crossed) == 2 {
					next[crossed[0]] = append(next[crossed[0]], crossed[1])
					next[crossed[1]] = append(next[crossed[1]], crossed[0])
					order = append(order, crossed...)
				}
			}
		}
	}
	var lines [][]picture.XY
	for _, path := range chains(order, next) {
		var line []picture.XY
		for _, e := range path {
			if q := places[e]; inside(q, s.outline) {
				line = append(line, q)
				continue
			}
			lines, line = append(lines, line), nil
		}
		lines = append(lines, line)
	}
	return slices.DeleteFunc(lines, func(l []picture.XY) bool { return len(l) < 2 })
}

// crossed are the edges of a triangle that have the value, whose places it notes.
func crossed(s surface, level float64, t [3][2]int, places map[edge]picture.XY) []edge {
	var list []edge
	for i := range t {
		a, b := t[i], t[(i+1)%3]
		if cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) > 0 {
			a, b = b, a
		}
		p, q := corner(a[0], a[1]), corner(b[0], b[1])
		low, high := s.value(p)-level, s.value(q)-level
		if (low < 0) == (high < 0) {
			continue
		}
		part := low / (low - high)
		places[edge{a, b}] = picture.XY{X: p.X + part*(q.X-p.X), Y: p.Y + part*(q.Y-p.Y)}
		list = append(list, edge{a, b})
	}
	return list
}

// chains walks from ends, and then around rings.
func chains(order []edge, next map[edge][]edge) [][]edge {
	var list [][]edge
	seen := map[edge]bool{}
	walk := func(from edge) {
		var path []edge
		for e, more := from, true; more; {
			seen[e] = true
			path = append(path, e)
			more = false
			for _, n := range next[e] {
				if !seen[n] {
					e, more = n, true
					break
				}
			}
		}
		if last := path[len(path)-1]; len(path) > 2 && slices.Contains(next[last], from) {
			path = append(path, from)
		}
		list = append(list, path)
	}
	for _, ends := range []bool{true, false} {
		for _, e := range order {
			if !seen[e] && (!ends || len(next[e]) == 1) {
				walk(e)
			}
		}
	}
	return list
}

// hull are the corners of the convex hull of points against the clock: fewer than three where they
// lie on a line.
func hull(points []picture.XY) []picture.XY {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b picture.XY) int {
		return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y))
	})
	sorted = slices.CompactFunc(sorted, func(a, b picture.XY) bool {
		return math.Hypot(a.X-b.X, a.Y-b.Y) < same
	})
	if len(sorted) < 3 {
		return sorted
	}
	half := func(points []picture.XY) []picture.XY {
		var list []picture.XY
		for _, q := range points {
			for len(list) > 1 && turn(list[len(list)-2], list[len(list)-1], q) <= same*same {
				list = list[:len(list)-1]
			}
			list = append(list, q)
		}
		return list[:len(list)-1]
	}
	low := half(sorted)
	slices.Reverse(sorted)
	return append(low, half(sorted)...)
}

// same is the distance at which places are one.
const same = 1e-5

// turn is above 0 where three points turn against the clock.
func turn(a, b, c picture.XY) float64 { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }

// inside says whether a point is in a convex outline, or on it.
func inside(q picture.XY, outline []picture.XY) bool {
	for i := range outline {
		if turn(outline[i], outline[(i+1)%len(outline)], q) < -same {
			return false
		}
	}
	return len(outline) > 2
}
