package reference

import "gridsearch/internal/kernel/abi"

// product is the product kernel of a tile's size, for vectors of a number of lanes.
func product(rows, across, lanes int) func(*abi.GemmArgs) {
	return func(a *abi.GemmArgs) { eachTile(a, rows, across, lanes, a.StrideA, 4) }
}

// productTA is product for A^T B.
func productTA(rows, across, lanes int) func(*abi.GemmArgs) {
	return func(a *abi.GemmArgs) { eachTile(a, rows, across, lanes, 4, a.StrideA) }
}

// eachTile sums with A's element (i, l) at i row + l step bytes.
func eachTile(a *abi.GemmArgs, rows, across, lanes, row, step int) {
	columns := (across-1)*lanes + a.Tail
	for i := range rows * a.Tiles {
		c := floats(a.C, i*a.StrideC, columns)
		if a.Add == 0 {
			clear(c)
		}
		for l := range a.Depth {
			v := floats(a.A, i*row+l*step, 1)[0]
			for j, w := range floats(a.B, l*a.StrideB, columns) {
				c[j] += v * w
			}
		}
	}
}

// productTile is a tile of 2 rows and 4 columns.
func productTile(a *abi.GemmArgs) {
	for i := 0; i < 2*a.Tiles; i += 2 {
		x, y := floats(a.A, i*a.StrideA, a.Depth), floats(a.A, (i+1)*a.StrideA, a.Depth)
		panel := floats(a.B, 0, Width*a.Depth)
		var s tile
		y = y[:len(x)]
		for l, v := range x {
			b, w := panel[4*l:][:4], y[l]
			s[0] += v * b[0]
			s[1] += v * b[1]
			s[2] += v * b[2]
			s[3] += v * b[3]
			s[4] += w * b[0]
			s[5] += w * b[1]
			s[6] += w * b[2]
			s[7] += w * b[3]
		}
		s.store(a, i)
	}
}

// productTATile is productTile for A^T B.
func productTATile(a *abi.GemmArgs) {
	for i := 0; i < 2*a.Tiles; i += 2 {
		var s tile
		for l := range a.Depth {
			x := floats(a.A, 4*i+l*a.StrideA, 2)
			v, w := x[0], x[1]
			for j, b := range floats(a.B, l*a.StrideB, a.Tail) {
				s[j] += v * b
				s[4+j] += w * b
			}
		}
		s.store(a, i)
	}
}

// tile holds the sums of two rows of four columns.
type tile [2 * Width]float32

func (s *tile) store(a *abi.GemmArgs, row int) {
	for r := range 2 {
		c := floats(a.C, (row+r)*a.StrideC, a.Tail)
		for j := range c {
			if a.Add == 0 {
				c[j] = 0
			}
			c[j] += s[Width*r+j]
		}
	}
}

// packPanels copy panels of columns, with zeros after the tail.
func packPanels(lanes int) (kernels [abi.MaxAcross + 1]func(*abi.GemmArgs)) {
	for across := range kernels {
		kernels[across] = func(a *abi.GemmArgs) {
			for l := range a.Depth {
				to := floats(a.A, 4*l*across*lanes, across*lanes)
				clear(to[copy(to, floats(a.B, l*a.StrideB, (across-1)*lanes+a.Tail)):])
			}
		}
	}
	return kernels
}
