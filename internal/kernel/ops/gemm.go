package ops

import (
	"fmt"

	"gridsearch/internal/kernel/abi"
)

// Matrix is a strided matrix: element (i, j) is Data[i*Stride+j].
type Matrix struct {
	Data   []float32
	Stride int
}

// Dense is a matrix of contiguous rows of n numbers.
func Dense(data []float32, n int) Matrix { return Matrix{data, n} }

// From is the matrix from a row on.
func (m Matrix) From(row int) Matrix { return Matrix{m.Data[row*m.Stride:], m.Stride} }

// Shift is the matrix from a column on.
func (m Matrix) Shift(column int) Matrix { return Matrix{m.Data[column:], m.Stride} }

// check returns a pointer to the first number, and panics if the matrix is too short for rows x
// columns.
func (m Matrix) check(rows, columns int) *float32 {
	if need := (rows-1)*m.Stride + columns; need > len(m.Data) || rows > 1 && m.Stride < 0 {
		panic(fmt.Sprintf("ops: %d rows of %d numbers, %d apart, need %d numbers, not %d", rows,
			columns, m.Stride, need, len(m.Data)))
	}
	return &m.Data[0]
}

// panels calls visit for every panel of n columns: with the first column, the number of vectors
// across and the columns in the last vector. Four vectors are cut into two and two, which is faster
// than three and one.
func (s *Set) panels(n int, visit func(column, across, tail int)) {
	vectors := (n + s.Width - 1) / s.Width
	for column := 0; vectors > 0; {
		across := min(vectors, abi.MaxAcross)
		if vectors == 4 {
			across = 2
		}
		tail := s.Width
		if vectors == across {
			tail = n - column - (across-1)*s.Width
		}
		visit(column, across, tail)
		column += across * s.Width
		vectors -= across
	}
}

// Packed is a matrix [depth, columns] in the order that Product reads: panels of a few vectors of
// columns, each with all its rows.
type Packed struct {
	Depth, Columns int
	data           []float32
}

// NewPacked makes a packed matrix of zeros.
func (s *Set) NewPacked(depth, columns int) *Packed {
	return &Packed{depth, columns, Floats(depth * s.Pad(columns))}
}

// Pack copies b [depth, columns] into a packed matrix.
func (k *Kernels) Pack(p *Packed, b Matrix) {
	if p.Depth == 0 || p.Columns == 0 {
		return
	}
	b.check(p.Depth, p.Columns)
	k.panels(p.Columns, func(column, across, tail int) {
		k.product = abi.GemmArgs{A: &p.data[column*p.Depth], B: &b.Data[column],
			StrideB: 4 * b.Stride, Depth: p.Depth, Tail: tail}
		k.Table.PackPanel[across](&k.product)
	})
}

// PackTransposed copies the transpose of b [columns, depth] into a packed matrix.
func (k *Kernels) PackTransposed(p *Packed, b Matrix) {
	if p.Depth == 0 || p.Columns == 0 {
		return
	}
	b.check(p.Columns, p.Depth)
	k.panels(p.Columns, func(column, across, tail int) {
		panel := p.data[column*p.Depth:][:across*k.Width*p.Depth]
		for v := range across {
			rows := k.Width
			if v == across-1 {
				rows = tail
			}
			k.transpose(panel[v*k.Width:], b.From(column+v*k.Width), p.Depth, across*k.Width, rows)
		}
	})
}

// Transpose copies the transpose of b [rows, columns] to a matrix.
func (k *Kernels) Transpose(to, b Matrix, rows, columns int) {
	b.check(rows, columns)
	to.check(columns, rows)
	for row := 0; row < rows; row += k.Width {
		n := min(k.Width, rows-row)
		if n == k.Width {
			k.transpose(to.Data[row:], b.From(row), columns, to.Stride, n)
			continue
		}
		turned := Room(&k.turned, columns*k.Width)
		k.transpose(turned, b.From(row), columns, k.Width, n)
		k.Copy(Grouped{Matrix: to.Shift(row)}, Grouped{Matrix: Dense(turned, k.Width)},
			Rows{Rows: columns, Channels: n, Groups: 1})
	}
}

// transpose copies rows of b, at most a vector's width of them, to a vector of columns of a panel,
// whose rows have that stride.
func (k *Kernels) transpose(panel []float32, b Matrix, depth, stride, rows int) {
	if k.Table.PackTransposed == nil {
		for j := range rows {
			for l, v := range b.Data[j*b.Stride:][:depth] {
				panel[l*stride+j] = v
			}
		}
		return
	}
	if rows < k.Width || depth < k.Width {
		b = k.squared(b, depth, rows)
	}
	squares := func(from, n int, to []float32, stride int) {
		k.product = abi.GemmArgs{A: &to[0], B: &b.Data[from], StrideA: 4 * stride,
			StrideB: 4 * b.Stride, Tiles: n}
		k.Table.PackTransposed(&k.product)
	}
	if n := depth / k.Width; n > 0 {
		squares(0, n, panel, stride)
	}
	switch {
	case depth < k.Width:
		turned := Room(&k.square, k.Width*k.Width)
		squares(0, 1, turned, k.Width)
		for l := range depth {
			copy(panel[l*stride:], turned[l*k.Width:][:k.Width])
		}
	case depth%k.Width > 0: // a square that ends with the depth, of which a part is there already
		squares(depth-k.Width, 1, panel[(depth-k.Width)*stride:], stride)
	}
}

// squared copies rows of a matrix to a zeroed buffer that is at least a square.
func (k *Kernels) squared(b Matrix, depth, rows int) Matrix {
	stride := max(depth, k.Width)
	m := Dense(Room(&k.corner, stride*k.Width), stride)
	for j := range k.Width {
		row := m.Data[j*stride:][:stride]
		n := 0
		if j < rows {
			n = copy(row, b.Data[j*b.Stride:][:depth])
		}
		clear(row[n:])
	}
	return m
}

// blockA is the size in floats of the block of A that stays in the L2 cache while panel after panel
// goes over it.
const blockA = 64 << 10

// Product computes C = A B, or adds it to C, with A of shape [rows, B.Depth] and C [rows,
// B.Columns].
func (k *Kernels) Product(c, a Matrix, b *Packed, rows int, add bool) {
	k.multiply(c, a, b, rows, b.Columns, add)
}

// ProductPadded is Product that writes C's rows to the end of their last vector, filled up with
// zeros.
func (k *Kernels) ProductPadded(c, a Matrix, b *Packed, rows int) {
	k.multiply(c, a, b, rows, k.Pad(b.Columns), false)
}

func (k *Kernels) multiply(c, a Matrix, b *Packed, rows, columns int, add bool) {
	if rows == 0 || columns == 0 {
		return
	}
	a.check(rows, b.Depth)
	c.check(rows, columns)
	step := max(48, blockA/max(1, b.Depth)/48*48)
	for from := 0; from < rows; from += step {
		k.multiplyBlock(c.From(from), a.From(from), b, min(step, rows-from), columns, add)
	}
}

func (k *Kernels) multiplyBlock(c, a Matrix, b *Packed, rows, columns int, add bool) {
	k.panels(columns, func(column, across, tail int) {
		args := abi.GemmArgs{A: &a.Data[0], B: &b.data[column*b.Depth], C: &c.Data[column],
			StrideA: 4 * a.Stride, StrideB: 4 * across * k.Width, StrideC: 4 * c.Stride,
			Depth: b.Depth, Tail: tail}
		if add {
			args.Add = 1
		}
		pick := kernelOf(plain)
		if b.Columns-column <= across*k.Width-k.Width/2 {
			pick = halved
		}
		k.sweep(args, across, rows, a.Stride, pick)
	})
}

// blockTA is the number of rows that ProductTA sums with a tile of C in registers.
const blockTA = 128

// ProductTA computes C = A^T B, or adds it to C, with A of shape [depth, rows], B [depth, columns]
// and C [rows, columns]: the gradient of weights.
func (k *Kernels) ProductTA(c, a, b Matrix, depth, rows, columns int, add bool) {
	if depth == 0 || rows == 0 || columns == 0 {
		return
	}
	a.check(depth, rows)
	b.check(depth, columns)
	c.check(rows, columns)
	for from := 0; from < depth; from += blockTA {
		k.multiplyTABlock(c, a.From(from), b.From(from), min(blockTA, depth-from), rows, columns,
			add || from > 0)
	}
}

func (k *Kernels) multiplyTABlock(c, a, b Matrix, depth, rows, columns int, add bool) {
	k.panels(columns, func(column, across, tail int) {
		args := abi.GemmArgs{A: &a.Data[0], B: &b.Data[column], C: &c.Data[column],
			StrideA: 4 * a.Stride, StrideB: 4 * b.Stride, StrideC: 4 * c.Stride, Depth: depth, Tail: tail}
		if add {
			args.Add = 1
		}
		k.sweep(args, across, rows, 1, transposed)
	})
}

// kernelOf chooses a tile's kernel.
type kernelOf func(abi.Tile) func(*abi.GemmArgs)

func plain(t abi.Tile) func(*abi.GemmArgs)      { return t.Product }
func transposed(t abi.Tile) func(*abi.GemmArgs) { return t.ProductTA }

// halved is for a panel whose last vector has columns in at most half of it.
func halved(t abi.Tile) func(*abi.GemmArgs) {
	if t.Halved != nil {
		return t.Halved
	}
	return t.Product
}

// sweep computes a panel of C, tile by tile, the tallest tiles first. A advances by step numbers
// for each row of C.
func (k *Kernels) sweep(args abi.GemmArgs, across, rows, step int, of kernelOf) {
	for _, t := range k.Table.Tiles[across] {
		n := rows / t.Rows
		if n == 0 {
			continue
		}
		k.product, k.product.Tiles = args, n
		of(t)(&k.product)
		done := n * t.Rows
		if rows -= done; rows == 0 {
			return
		}
		args.A, args.C = add(args.A, done*step), add(args.C, done*args.StrideC/4)
	}
}
