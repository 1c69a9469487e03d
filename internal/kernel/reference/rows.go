package reference

import "gridsearch/internal/kernel/abi"

// rowKernels are the kernels on rows, in the order of their names.
var rowKernels = [abi.RowKernels]func(*abi.RowArgs){
	abi.CopyRows: onRows(2, 0, func(r *operands) { copy(r.p[0], r.p[1]) }),
	abi.Affine: onRows(2, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.par[0][j]*x + r.par[1][j]
		}
	}),
	abi.AffineAdd: onRows(3, 3, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.par[0][j]*x + r.par[1][j]*r.p[2][j] + r.par[2][j]
		}
	}),
	abi.AffineAddGate: onGatedRows(3, 1, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j] = r.gate[0][j]*x + r.gate[1][j] + r.par[0][j]*r.p[2][j]
		}
	}),
	abi.ScaleRows: onGatedRows(1, 0, 1, func(r *operands) {
		for j, x := range r.p[0] {
			r.p[0][j] = x * r.gate[0][j]
		}
	}),
	abi.Moments: onRows(1, 2, func(r *operands) { r.moments(r.p[0]) }),
	abi.MomentsCopy: onRows(2, 2, func(r *operands) {
		copy(r.p[0], r.p[1])
		r.moments(r.p[0])
	}),
	abi.Products: onRows(2, 2, func(r *operands) {
		for j, x := range r.p[0] {
			r.par[0][j] += x
			r.par[1][j] += x * r.p[1][j]
		}
	}),
	abi.ProductsGate: onGatedRows(2, 2, 1, func(r *operands) {
		for j, x := range r.p[0] {
			x *= r.gate[0][j]
			r.par[0][j] += x
			r.par[1][j] += x * r.p[1][j]
		}
	}),
	abi.GateProducts: onGatedRows(2, 0, 2, func(r *operands) {
		for j, a := range r.p[0] {
			r.gate[1][j] += a * r.p[1][j]
			r.p[0][j] = a * r.gate[0][j]
		}
	}),
	abi.MulProducts:         onRows(4, 2, (*operands).mulProducts),
	abi.MulProductsPast:     onRows(4, 2, (*operands).mulProducts),
	abi.MulProductsGate:     onGatedRows(4, 2, 2, (*operands).mulProductsGate),
	abi.MulProductsGatePast: onGatedRows(4, 2, 2, (*operands).mulProductsGate),
	abi.AddClip: onRows(3, 3, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = clipSlope(r.par[0][j]*x+r.par[1][j]*r.p[2][j]+r.par[2][j], r.top)
		}
	}),
	abi.AddClipGate: onGatedRows(3, 1, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = clipSlope(r.gate[0][j]*x+r.gate[1][j]+r.par[0][j]*r.p[2][j], r.top)
		}
	}),
	abi.ClippedProducts: onRows(4, 2, func(r *operands) {
		for j, d := range r.p[1] {
			_, slope := clipSlope(r.p[2][j], r.top)
			if slope == 0 {
				d = 0
			}
			r.p[0][j] = d
			r.par[0][j] += d
			r.par[1][j] += d * r.p[3][j]
		}
	}),
	abi.RaiseRows: onRows(3, 1, func(r *operands) {
		for j, x := range r.p[1] {
			if x > r.p[0][j] || x != x {
				r.p[0][j], r.p[2][j] = x, r.par[0][j]
			}
		}
	}),
	abi.AddWhere: onRows(3, 1, func(r *operands) {
		for j, x := range r.p[1] {
			if r.p[2][j] == r.par[0][j] {
				r.p[0][j] += x
			}
		}
	}),
	abi.NormSiLU: normRows(siluSlope), abi.NormSiLUSum: normSumRows(siluSlope),
	abi.NormSiLUSlope:     normSlopeRows(siluSlope),
	abi.SlopeSiLUProducts: slopeRows(siluSlope), abi.SlopeSiLUProductsGate: slopeGatedRows(siluSlope),
	abi.NormClip: normRows(clipSlope), abi.NormClipSum: normSumRows(clipSlope),
	abi.NormClipSlope:     normSlopeRows(clipSlope),
	abi.SlopeClipProducts: slopeRows(clipSlope), abi.SlopeClipProductsGate: slopeGatedRows(clipSlope),
	abi.NormHardSwish: normRows(hardSwishSlope), abi.NormHardSwishSum: normSumRows(hardSwishSlope),
	abi.NormHardSwishSlope:         normSlopeRows(hardSwishSlope),
	abi.SlopeHardSwishProducts:     slopeRows(hardSwishSlope),
	abi.SlopeHardSwishProductsGate: slopeGatedRows(hardSwishSlope),
}

// activation is an activation function and its derivative; top is the upper bound of one that
// clips.
type activation func(u, top float32) (a, slope float32)

// clipSlope is clip and its derivative.
func clipSlope(u, top float32) (a, slope float32) {
	if u > 0 && u < top {
		return u, 1
	}
	return min(max(u, 0), top), 0
}

// hardSwishSlope is u min(max(u + 3, 0), 6) / 6 and its derivative.
func hardSwishSlope(u, _ float32) (a, slope float32) {
	switch {
	case u <= -3:
		return 0, 0
	case u >= 3:
		return u, 1
	}
	return u * (u + 3) / 6, u/3 + .5
}

// norm is the activation of par0 x + par1.
func (r *operands) norm(act activation, j int, x float32) (a, slope float32) {
	return act(r.par[0][j]*x+r.par[1][j], r.top)
}

func normRows(act activation) func(*abi.RowArgs) {
	return onRows(2, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = r.norm(act, j, x)
		}
	})
}

func normSumRows(act activation) func(*abi.RowArgs) {
	return onGatedRows(2, 2, 1, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], _ = r.norm(act, j, x)
			r.gate[0][j] += r.p[0][j]
		}
	})
}

func normSlopeRows(act activation) func(*abi.RowArgs) {
	return onRows(3, 2, func(r *operands) {
		for j, x := range r.p[1] {
			r.p[0][j], r.p[2][j] = r.norm(act, j, x)
		}
	})
}

func slopeRows(act activation) func(*abi.RowArgs) {
	return onRows(3, 4, func(r *operands) {
		for j, d := range r.p[1] {
			r.slopeProducts(act, j, d)
		}
	})
}

func slopeGatedRows(act activation) func(*abi.RowArgs) {
	return onGatedRows(3, 4, 2, func(r *operands) {
		for j, d := range r.p[1] {
			r.slopeProducts(act, j, r.gate[0][j]*d+r.gate[1][j])
		}
	})
}

// operands are one row of each operand, of each parameter and of the group's gates.
type operands struct {
	p    [4][]float32
	par  [4][]float32
	gate [2][]float32
	top  float32
}

func (r *operands) moments(row []float32) {
	for j, x := range row {
		r.par[0][j] += x
		r.par[1][j] += x * x
	}
}

func (r *operands) slopeProducts(act activation, j int, d float32) {
	z := r.p[2][j]
	_, slope := r.norm(act, j, z)
	d *= slope
	r.p[0][j] = d
	r.par[2][j] += d
	r.par[3][j] += d * z
}

func (r *operands) mulProducts() {
	for j, d := range r.p[1] {
		r.mulProduct(j, d)
	}
}

func (r *operands) mulProductsGate() {
	for j, d := range r.p[1] {
		r.mulProduct(j, r.gate[0][j]*d+r.gate[1][j])
	}
}

func (r *operands) mulProduct(j int, d float32) {
	d *= r.p[2][j]
	z := r.p[3][j]
	r.p[0][j] = d
	r.par[0][j] += d
	r.par[1][j] += d * z
}

// onRows makes a kernel on rows from a function of one row.
func onRows(count, params int, row func(*operands)) func(*abi.RowArgs) {
	return onGatedRows(count, params, 0, row)
}

// onGatedRows makes a kernel with gates.
func onGatedRows(count, params, gates int, row func(*operands)) func(*abi.RowArgs) {
	return func(a *abi.RowArgs) {
		r := operands{top: a.Top}
		for i := range params {
			r.par[i] = floats(a.Par, i*a.ParStride, a.Cols)
		}
		var at [4]int
		for group := range a.Images * a.Groups {
			for i := range gates {
				r.gate[i] = floats(a.Gate, group*a.GateGap+i*a.GateStride, a.Cols)
			}
			for range a.Each {
				for i := range count {
					r.p[i] = floats(a.P[i], at[i], a.Cols)
					at[i] += a.Stride[i]
				}
				row(&r)
			}
			for i := range count {
				at[i] += a.Gap[i]
				if (group+1)%a.Groups == 0 {
					at[i] += a.ImageGap[i]
				}
			}
		}
	}
}
