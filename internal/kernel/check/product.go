package check

import (
	"fmt"
	"math/rand/v2"

	"gridsearch/internal/kernel/abi"
)

// product is a kernel for tiles of C of a number of rows and vectors across.
type product struct {
	rows, across, width int
	transposed          bool // C = A^T B with A [depth, rows]; otherwise B is packed
	halved              bool // B has columns for half its last vector at most
	run                 func(*abi.GemmArgs)
}

// products are the tiles' kernels.
func products(table *abi.Table, width int) []Case {
	var cases []Case
	add := func(kind string, p product) {
		if p.run != nil {
			cases = append(cases, Case{fmt.Sprintf("%s%dx%d", kind, p.rows, p.across), p.compare})
		}
	}
	for across, tiles := range table.Tiles {
		for _, t := range tiles {
			p := product{rows: t.Rows, across: across, width: width}
			plain, transposed, halved := p, p, p
			plain.run = t.Product
			transposed.run, transposed.transposed = t.ProductTA, true
			halved.run, halved.halved = t.Halved, true
			add("product", plain)
			add("productTA", transposed)
			add("productHalved", halved)
		}
	}
	return cases
}

// compare compares two tiles with sums in float64. The last vector of C has length modulo width
// columns.
func (p product) compare(dice *rand.Rand, length int) error {
	const tiles = 2
	spare := func() int { return dice.IntN(5) }
	rows, depth, tail := tiles*p.rows, 1+dice.IntN(10), (length-1)%p.width+1
	columns := (p.across-1)*p.width + tail
	strideA, strideB, strideC := depth+spare(), p.across*p.width, columns+spare()
	rowsA, stepI, stepL := rows, strideA, 1 // A's numbers (i, l) are i stepI + l stepL
	if p.transposed {
		strideA, strideB = rows+spare(), columns+spare()
		rowsA, stepI, stepL = depth, 1, strideA
	}
	a, b, c := Random(dice, rowsA*strideA), Random(dice, depth*strideB), Random(dice, rows*strideC)
	if !p.transposed {
		p.clearBehind(b.Data, tail)
	}
	want, add := c.Clone(), dice.IntN(2)
	for i := range rows {
		for j := range columns {
			sum := float64(add) * float64(want.Data[i*strideC+j])
			for l := range depth {
				sum += float64(a.Data[i*stepI+l*stepL]) * float64(b.Data[l*strideB+j])
			}
			want.Data[i*strideC+j] = float32(sum)
		}
	}
	p.run(&abi.GemmArgs{A: &a.Data[0], B: &b.Data[0], C: &c.Data[0], Tiles: tiles, Depth: depth,
		StrideA: 4 * strideA, StrideB: 4 * strideB, StrideC: 4 * strideC, Tail: tail, Add: add})
	return want.Same(c, Tolerance)
}

// clearBehind sets to zero what a packed panel has after the columns of its last vector.
func (p product) clearBehind(panel []float32, columns int) {
	if p.halved {
		columns = min(columns, p.width/2)
	}
	for end := p.across * p.width; end <= len(panel); end += p.across * p.width {
		clear(panel[end-p.width+columns : end])
	}
}

// packs are the kernels that pack B into panels.
func packs(table *abi.Table, width int) []Case {
	var cases []Case
	for across, run := range table.PackPanel {
		if across > 0 && run != nil {
			cases = append(cases, Case{fmt.Sprintf("packPanel%d", across), packPanel(run, across, width)})
		}
	}
	if run := table.PackTransposed; run != nil {
		cases = append(cases, Case{"packTransposed", packTransposed(run, width)})
	}
	return cases
}

func packPanel(run func(*abi.GemmArgs), across, width int) func(*rand.Rand, int) error {
	return func(dice *rand.Rand, length int) error {
		depth, tail, whole := 1+dice.IntN(9), (length-1)%width+1, across*width
		columns := whole - width + tail
		stride := columns + dice.IntN(5)
		from, to := Random(dice, depth*stride), Random(dice, depth*whole)
		want := to.Clone()
		clear(want.Data)
		for l := range depth {
			copy(want.Data[l*whole:], from.Data[l*stride:][:columns])
		}
		run(&abi.GemmArgs{A: &to.Data[0], B: &from.Data[0], StrideB: 4 * stride, Depth: depth,
			Tail: tail})
		return want.Same(to, 0)
	}
}

// packTransposed transposes consecutive squares along rows of B.
func packTransposed(run func(*abi.GemmArgs), width int) func(*rand.Rand, int) error {
	return func(dice *rand.Rand, _ int) error {
		squares := 1 + dice.IntN(3)
		depth, apart := squares*width, width+dice.IntN(5)
		stride := depth + dice.IntN(5)
		from, to := Random(dice, width*stride), Random(dice, depth*apart)
		want := to.Clone()
		for j := range width {
			for l := range depth {
				want.Data[l*apart+j] = from.Data[j*stride+l]
			}
		}
		run(&abi.GemmArgs{A: &to.Data[0], B: &from.Data[0], StrideA: 4 * apart,
			StrideB: 4 * stride, Tiles: squares})
		return want.Same(to, 0)
	}
}
