package ops

import (
	"math"

	"gridsearch/internal/kernel/abi"
)

// Activation is a function that follows a batch norm: its kernels, and the upper bound if it clips.
type Activation struct {
	kernels *activationKernels
	top     float32
}

// activationKernels are the kernels on rows with an activation.
type activationKernels struct {
	norm, sum, slope       abi.RowKernel // NormAct, NormActSum, NormActSlope
	products, productsGate abi.RowKernel // SlopeProducts, SlopeProductsGate
}

var (
	siluKernels = activationKernels{abi.NormSiLU, abi.NormSiLUSum, abi.NormSiLUSlope,
		abi.SlopeSiLUProducts, abi.SlopeSiLUProductsGate}
	clipKernels = activationKernels{abi.NormClip, abi.NormClipSum, abi.NormClipSlope,
		abi.SlopeClipProducts, abi.SlopeClipProductsGate}
	hardSwishKernels = activationKernels{abi.NormHardSwish, abi.NormHardSwishSum,
		abi.NormHardSwishSlope, abi.SlopeHardSwishProducts, abi.SlopeHardSwishProductsGate}
)

// The activations that have kernels.
var (
	SiLU      = Activation{kernels: &siluKernels}              // u sigmoid(u)
	ReLU      = Activation{&clipKernels, float32(math.Inf(1))} // max(u, 0)
	ReLU6     = Activation{&clipKernels, 6}                    // min(max(u, 0), 6)
	HardSwish = Activation{kernels: &hardSwishKernels}         // u min(max(u + 3, 0), 6) / 6
)

// Clips reports whether the activation is one of the family of ReLU.
func (a Activation) Clips() bool { return a.kernels == &clipKernels }

// Rows says which rows a kernel works on: each of Channels numbers, in groups with gaps between
// them, and those in images with gaps between them.
type Rows struct {
	Rows, Channels int
	Groups         int
	Images         int // 0 for one
}

// Grouped is a matrix with the strides from a group of rows to the next and from an image to the
// next.
type Grouped struct {
	Matrix
	Group, Image int
}

// check returns a pointer to the first number, and panics if the matrix is too short for all
// groups.
func (g Grouped) check(n Rows, images int) *float32 {
	return Matrix{g.Data, g.Group}.check(n.Groups, (images-1)*g.Image+(n.Rows-1)*g.Stride+n.Channels)
}

// Params are parameters of each channel: rows of whole vectors, with zeros after the channels.
type Params struct {
	Data   []float32
	Stride int
}

// NewParams makes rows of parameters for c channels, all 0.
func (s *Set) NewParams(rows, c int) Params {
	stride := s.Pad(c)
	return Params{Floats(rows * stride), stride}
}

// Row is a row of parameters.
func (p Params) Row(i int) []float32 { return p.Data[i*p.Stride:][:p.Stride] }

// From is the parameters from a row on.
func (p Params) From(i int) Params { return Params{p.Data[i*p.Stride:], p.Stride} }

// Set copies rows of parameters; a nil row becomes 0.
func (p Params) Set(rows ...[]float32) Params {
	for i, row := range rows {
		to := p.Row(i)
		clear(to[copy(to, row):])
	}
	return p
}

// Gates are parameters that each group of rows has of its own: rows of whole vectors with stride
// Row, those of the next group Group floats further.
type Gates struct {
	Data       []float32
	Row, Group int
}

// set puts the gates into the arguments, after a bounds check.
func (g Gates) set(a *abi.RowArgs, rows, groups, columns int) {
	Matrix{g.Data, 0}.check(1, (rows-1)*g.Row+(groups-1)*g.Group+columns)
	a.Gate, a.GateStride, a.GateGap = &g.Data[0], 4*g.Row, 4*g.Group
}

// run calls a kernel on rows of matrices.
func (k *Kernels) run(kernel abi.RowKernel, n Rows, par Params, params int, m ...Matrix) {
	if n.Rows == 0 || n.Channels == 0 {
		return
	}
	a := &k.row
	*a = abi.RowArgs{Cols: n.Channels, Each: n.Rows, Groups: 1, Images: 1,
		ParStride: 4 * par.Stride, Top: k.top}
	for i, matrix := range m {
		a.P[i], a.Stride[i] = matrix.check(n.Rows, n.Channels), 4*matrix.Stride
	}
	if params > 0 {
		a.Par = Matrix(par).check(params, k.Pad(n.Channels))
	}
	k.Table.Rows[kernel](a)
}

// runJoined is run for a kernel that sums nothing. Contiguous rows that are no multiple of a vector
// are joined to longer rows that are: a partial vector at the end of a row costs as much as a whole
// one, and more in place, where the load seems to depend on the masked store of the row before.
func (k *Kernels) runJoined(kernel abi.RowKernel, n Rows, par Params, params int, m ...Matrix) {
	for _, matrix := range m {
		matrix.check(n.Rows, n.Channels)
	}
	join := k.joins(n, m)
	if joined := n.Rows / join; joined > 0 && join > 1 {
		long, whole := Rows{Rows: joined, Channels: join * n.Channels}, make([]Matrix, 0, 3)
		for i, matrix := range m {
			whole = append(whole, Dense(matrix.Data, long.Channels))
			m[i] = matrix.From(joined * join)
		}
		k.run(kernel, long, k.repeat(par, params, n.Channels, join), params, whole...)
		n.Rows -= joined * join
	}
	if n.Rows > 0 {
		k.run(kernel, n, par, params, m...)
	}
}

// joins is the number of rows that are whole vectors together, 1 if they cannot be joined.
func (k *Kernels) joins(n Rows, m []Matrix) int {
	for _, matrix := range m {
		if matrix.Stride != n.Channels {
			return 1
		}
	}
	join := 1
	for n.Channels > 0 && join*n.Channels%k.Width != 0 {
		join++
	}
	return join
}

// repeat makes the parameters of joined rows from those of one.
func (k *Kernels) repeat(par Params, params, channels, times int) Params {
	to := Params{Stride: times * channels}
	to.Data = Room(&k.repeated, params*to.Stride)
	for i := range params {
		row := to.Row(i)
		for at := 0; at < len(row); at += channels {
			copy(row[at:], par.Row(i)[:channels])
		}
	}
	return to
}

// runGroups is run on groups of rows.
func (k *Kernels) runGroups(kernel abi.RowKernel, n Rows, par Params, params int, m ...Grouped) {
	k.runGates(kernel, n, par, params, Gates{}, 0, m...)
}

// runGates is runGroups with gates.
func (k *Kernels) runGates(kernel abi.RowKernel, n Rows, par Params, params int, gates Gates,
	gateRows int, m ...Grouped) {
	if n.Groups == 0 || n.Rows == 0 || n.Channels == 0 {
		return
	}
	a, images := &k.row, max(1, n.Images)
	*a = abi.RowArgs{Cols: n.Channels, Each: n.Rows, Groups: n.Groups, Images: images,
		ParStride: 4 * par.Stride, Top: k.top}
	for i, g := range m {
		a.P[i], a.Stride[i] = g.check(n, images), 4*g.Stride
		a.Gap[i], a.ImageGap[i] = 4*(g.Group-n.Rows*g.Stride), 4*(g.Image-n.Groups*g.Group)
	}
	if params > 0 {
		a.Par = Matrix(par).check(params, k.Pad(n.Channels))
	}
	if gateRows > 0 {
		gates.set(a, gateRows, images*n.Groups, k.Pad(n.Channels))
	}
	k.Table.Rows[kernel](a)
}

// Copy computes y = x.
func (k *Kernels) Copy(y, x Grouped, n Rows) { k.runGroups(abi.CopyRows, n, Params{}, 0, y, x) }

// Affine computes y = p0 x + p1.
func (k *Kernels) Affine(y, x Matrix, p Params, n Rows) { k.runJoined(abi.Affine, n, p, 2, y, x) }

// AffineAdd computes y = p0 x + p1 z + p2.
func (k *Kernels) AffineAdd(y, x, z Matrix, p Params, n Rows) {
	k.runJoined(abi.AffineAdd, n, p, 3, y, x, z)
}

// AffineAddGroups is AffineAdd on groups of rows.
func (k *Kernels) AffineAddGroups(y, x, z Grouped, p Params, n Rows) {
	k.runGroups(abi.AffineAdd, n, p, 3, y, x, z)
}

// AffineAddGate computes y = g0 x + p0 z + g1.
func (k *Kernels) AffineAddGate(y, x, z Grouped, p Params, g Gates, n Rows) {
	k.runGates(abi.AffineAddGate, n, p, 1, g, 2, y, x, z)
}

// Scale computes x = g0 x.
func (k *Kernels) Scale(x Grouped, g Gates, n Rows) {
	k.runGates(abi.ScaleRows, n, Params{}, 0, g, 1, x)
}

// Moments adds x to p0 and its square to p1.
func (k *Kernels) Moments(x Matrix, p Params, n Rows) { k.run(abi.Moments, n, p, 2, x) }

// MomentsCopy is Moments of x, which it also copies to y with non-temporal stores. Rows are whole
// vectors on cache lines.
func (k *Kernels) MomentsCopy(y, x Matrix, p Params, n Rows) {
	k.run(abi.MomentsCopy, n, p, 2, y, x)
}

// Products adds x to p0 and x z to p1.
func (k *Kernels) Products(x, z Matrix, p Params, n Rows) { k.run(abi.Products, n, p, 2, x, z) }

// ProductsGate is Products of g0 x.
func (k *Kernels) ProductsGate(x, z Grouped, p Params, g Gates, n Rows) {
	k.runGates(abi.ProductsGate, n, p, 2, g, 1, x, z)
}

// NormAct computes y = act(p0 x + p1).
func (k *Kernels) NormAct(act Activation, y, x Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(act.kernels.norm, n, p, 2, y, x)
}

// NormActGroups is NormAct on groups of rows.
func (k *Kernels) NormActGroups(act Activation, y, x Grouped, p Params, n Rows) {
	k.top = act.top
	k.runGroups(act.kernels.norm, n, p, 2, y, x)
}

// NormActSum is NormAct and adds y to g0.
func (k *Kernels) NormActSum(act Activation, y, x Grouped, p Params, g Gates, n Rows) {
	k.top = act.top
	k.runGates(act.kernels.sum, n, p, 2, g, 1, y, x)
}

// NormActSlope is NormAct and puts the derivative of the activation into d.
func (k *Kernels) NormActSlope(act Activation, y, x, d Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(act.kernels.slope, n, p, 2, y, x, d)
}

// NormActSlopeGroups is NormActSlope on groups of rows.
func (k *Kernels) NormActSlopeGroups(act Activation, y, x, d Grouped, p Params, n Rows) {
	k.top = act.top
	k.runGroups(act.kernels.slope, n, p, 2, y, x, d)
}

// SlopeProducts computes du = dy act'(p0 z + p1), and adds du to p2 and du z to p3.
func (k *Kernels) SlopeProducts(act Activation, du, dy, z Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(act.kernels.products, n, p, 4, du, dy, z)
}

// SlopeProductsGate is SlopeProducts of g0 dy + g1.
func (k *Kernels) SlopeProductsGate(act Activation, du, dy, z Grouped, p Params, g Gates, n Rows) {
	k.top = act.top
	k.runGates(act.kernels.productsGate, n, p, 4, g, 2, du, dy, z)
}

// AddClip computes y = act(p0 x + p1 z + p2) of an activation that clips.
func (k *Kernels) AddClip(act Activation, y, x, z Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(abi.AddClip, n, p, 3, y, x, z)
}

// AddClipGate computes y = act(g0 x + p0 z + g1) of an activation that clips.
func (k *Kernels) AddClipGate(act Activation, y, x, z Grouped, p Params, g Gates, n Rows) {
	k.top = act.top
	k.runGates(abi.AddClipGate, n, p, 1, g, 2, y, x, z)
}

// ClippedProducts computes du = dy act' where y is the result of an activation that clips, and adds
// du to p0 and du z to p1.
func (k *Kernels) ClippedProducts(act Activation, du, dy, y, z Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(abi.ClippedProducts, n, p, 2, du, dy, y, z)
}

// Raise sets y = x and which = p0 where x is larger than y, or NaN: one tap of max pooling.
func (k *Kernels) Raise(y, x, which Grouped, p Params, n Rows) {
	k.runGroups(abi.RaiseRows, n, p, 1, y, x, which)
}

// AddWhere adds x to y where which equals p0: the backward pass of Raise.
func (k *Kernels) AddWhere(y, x, which Grouped, p Params, n Rows) {
	k.runGroups(abi.AddWhere, n, p, 1, y, x, which)
}

// GateProducts adds a da to g1 and computes a = g0 a.
func (k *Kernels) GateProducts(a, da Grouped, g Gates, n Rows) {
	k.runGates(abi.GateProducts, n, Params{}, 0, g, 2, a, da)
}

// MulProducts computes du = da d, and adds du to p0 and du z to p1. With past it uses non-temporal
// stores for du, whose rows must be whole vectors on cache lines.
func (k *Kernels) MulProducts(du, da, d, z Matrix, p Params, n Rows, past bool) {
	kernel := abi.MulProducts
	if past {
		kernel = abi.MulProductsPast
	}
	k.run(kernel, n, p, 2, du, da, d, z)
}

// MulProductsGroups is MulProducts on groups of rows.
func (k *Kernels) MulProductsGroups(du, da, d, z Grouped, p Params, n Rows, past bool) {
	kernel := abi.MulProducts
	if past {
		kernel = abi.MulProductsPast
	}
	k.runGroups(kernel, n, p, 2, du, da, d, z)
}

// MulProductsGate is MulProducts of g0 da + g1.
func (k *Kernels) MulProductsGate(du, da, d, z Grouped, p Params, g Gates, n Rows, past bool) {
	kernel := abi.MulProductsGate
	if past {
		kernel = abi.MulProductsGatePast
	}
	k.runGates(kernel, n, p, 2, g, 2, du, da, d, z)
}
