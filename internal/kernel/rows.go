package kernel

import "math"

// rowArgs are the arguments of the kernels on rows and of the flat ones; strides and gaps are in bytes. The assembly knows the offsets.
type rowArgs struct {
	p         [4]*float32
	stride    [4]int
	par       *float32 // parameters of each channel, in rows
	parStride int
	cols      int    // channels
	each      int    // rows of a group
	groups    int    // of an image
	gap       [4]int // from the row behind a group to the next group
	images    int    // counted down
	imageGap  [4]int // from the group behind an image to the next image

	gate       *float32 // parameters of a group, in rows; moved from group to group
	gateStride int
	gateGap    int // from a group's to the next's

	top float32 // the upper end of clip
	_   [2]int  // for the kernels' own use
}

// rowKernel names a kernel on rows.
type rowKernel int

const (
	copyRows rowKernel = iota
	affine
	affineAdd
	affineAddGate
	scaleRows
	moments
	momentsCopy
	products
	productsGate
	gateProducts
	mulProducts
	mulProductsPast
	mulProductsGate
	mulProductsGatePast
	addClip
	addClipGate
	clippedProducts

	// Those with an activation, in one order for each.
	normSiLU
	normSiLUSum
	normSiLUSlope
	slopeSiLUProducts
	slopeSiLUProductsGate
	normClip
	normClipSum
	normClipSlope
	slopeClipProducts
	slopeClipProductsGate
	rowKernels
)

// Activation is a function that follows a batch norm.
type Activation struct {
	kernels rowKernel // from those of SiLU to its own
	top     float32
}

// Activations.
var (
	SiLU  = Activation{}                                          // u sigmoid(u)
	ReLU  = Activation{normClip - normSiLU, float32(math.Inf(1))} // max(u, 0)
	ReLU6 = Activation{normClip - normSiLU, 6}                    // min(max(u, 0), 6)
)

// Clips says whether the activation is one of the family of ReLU.
func (a Activation) Clips() bool { return a.kernels != 0 }

// Rows says which rows a kernel works on: each of c channels, in groups that are gaps apart, and those in images that are.
type Rows struct {
	Rows, Channels int
	Groups         int
	Images         int // 0 for one
}

// Grouped is a matrix with the distances from the beginning of a group of rows to the next, and of an image to the next.
type Grouped struct {
	Matrix
	Group, Image int
}

// check returns the first number, and panics if not all groups are there.
func (g Grouped) check(n Rows, images int) *float32 {
	return Matrix{g.Data, g.Group}.check(n.Groups, (images-1)*g.Image+(n.Rows-1)*g.Stride+n.Channels)
}

// Params are parameters of each channel: rows of whole vectors, with zeros behind the channels.
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

// Gates are parameters that each group of rows has of its own: rows of whole vectors, Row apart, and those of the next group Group behind.
type Gates struct {
	Data       []float32
	Row, Group int
}

// set puts the gates into the arguments, after a check of their place.
func (g Gates) set(a *rowArgs, rows, groups, columns int) {
	Matrix{g.Data, 0}.check(1, (rows-1)*g.Row+(groups-1)*g.Group+columns)
	a.gate, a.gateStride, a.gateGap = &g.Data[0], 4*g.Row, 4*g.Group
}

// run calls a kernel on rows of matrices.
func (k *Kernels) run(kernel rowKernel, n Rows, par Params, params int, m ...Matrix) {
	if n.Rows == 0 || n.Channels == 0 {
		return
	}
	a := &k.row
	*a = rowArgs{cols: n.Channels, each: n.Rows, groups: 1, images: 1, parStride: 4 * par.Stride, top: k.top}
	for i, matrix := range m {
		a.p[i], a.stride[i] = matrix.check(n.Rows, n.Channels), 4*matrix.Stride
	}
	if params > 0 {
		a.par = Matrix(par).check(params, k.Pad(n.Channels))
	}
	k.rows[kernel](a)
}

// runGroups is run on groups of rows.
func (k *Kernels) runGroups(kernel rowKernel, n Rows, par Params, params int, m ...Grouped) {
	k.runGates(kernel, n, par, params, Gates{}, 0, m...)
}

// runGates is runGroups with gates.
func (k *Kernels) runGates(kernel rowKernel, n Rows, par Params, params int, gates Gates, gateRows int, m ...Grouped) {
	if n.Groups == 0 || n.Rows == 0 || n.Channels == 0 {
		return
	}
	a, images := &k.row, max(1, n.Images)
	*a = rowArgs{cols: n.Channels, each: n.Rows, groups: n.Groups, images: images, parStride: 4 * par.Stride, top: k.top}
	for i, g := range m {
		a.p[i], a.stride[i] = g.check(n, images), 4*g.Stride
		a.gap[i], a.imageGap[i] = 4*(g.Group-n.Rows*g.Stride), 4*(g.Image-n.Groups*g.Group)
	}
	if params > 0 {
		a.par = Matrix(par).check(params, k.Pad(n.Channels))
	}
	if gateRows > 0 {
		gates.set(a, gateRows, n.Groups, k.Pad(n.Channels))
	}
	k.rows[kernel](a)
}

// Copy computes y = x.
func (k *Kernels) Copy(y, x Grouped, n Rows) { k.runGroups(copyRows, n, Params{}, 0, y, x) }

// Affine computes y = p0 x + p1.
func (k *Kernels) Affine(y, x Matrix, p Params, n Rows) { k.run(affine, n, p, 2, y, x) }

// AffineAdd computes y = p0 x + p1 z + p2.
func (k *Kernels) AffineAdd(y, x, z Matrix, p Params, n Rows) { k.run(affineAdd, n, p, 3, y, x, z) }

// AffineAddGroups is AffineAdd on groups of rows.
func (k *Kernels) AffineAddGroups(y, x, z Grouped, p Params, n Rows) {
	k.runGroups(affineAdd, n, p, 3, y, x, z)
}

// AffineAddGate computes y = g0 x + p0 z + g1.
func (k *Kernels) AffineAddGate(y, x, z Grouped, p Params, g Gates, n Rows) {
	k.runGates(affineAddGate, n, p, 1, g, 2, y, x, z)
}

// Scale computes x = g0 x.
func (k *Kernels) Scale(x Grouped, g Gates, n Rows) {
	k.runGates(scaleRows, n, Params{}, 0, g, 1, x)
}

// Moments adds x to p0 and its square to p1.
func (k *Kernels) Moments(x Matrix, p Params, n Rows) { k.run(moments, n, p, 2, x) }

// MomentsCopy is Moments of x, which it copies to y past the caches. Rows are whole vectors on cache lines.
func (k *Kernels) MomentsCopy(y, x Matrix, p Params, n Rows) { k.run(momentsCopy, n, p, 2, y, x) }

// Products adds x to p0 and x z to p1.
func (k *Kernels) Products(x, z Matrix, p Params, n Rows) { k.run(products, n, p, 2, x, z) }

// ProductsGate is Products of g0 x.
func (k *Kernels) ProductsGate(x, z Grouped, p Params, g Gates, n Rows) {
	k.runGates(productsGate, n, p, 2, g, 1, x, z)
}

// NormAct computes y = act(p0 x + p1).
func (k *Kernels) NormAct(act Activation, y, x Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(normSiLU+act.kernels, n, p, 2, y, x)
}

// NormActGroups is NormAct on groups of rows.
func (k *Kernels) NormActGroups(act Activation, y, x Grouped, p Params, n Rows) {
	k.top = act.top
	k.runGroups(normSiLU+act.kernels, n, p, 2, y, x)
}

// NormActSum is NormAct and adds y to g0.
func (k *Kernels) NormActSum(act Activation, y, x Grouped, p Params, g Gates, n Rows) {
	k.top = act.top
	k.runGates(normSiLUSum+act.kernels, n, p, 2, g, 1, y, x)
}

// NormActSlope is NormAct and puts the derivative of the activation into d.
func (k *Kernels) NormActSlope(act Activation, y, x, d Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(normSiLUSlope+act.kernels, n, p, 2, y, x, d)
}

// NormActSlopeGroups is NormActSlope on groups of rows.
func (k *Kernels) NormActSlopeGroups(act Activation, y, x, d Grouped, p Params, n Rows) {
	k.top = act.top
	k.runGroups(normSiLUSlope+act.kernels, n, p, 2, y, x, d)
}

// SlopeProducts computes du = dy act'(p0 z + p1), and adds du to p2 and du z to p3.
func (k *Kernels) SlopeProducts(act Activation, du, dy, z Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(slopeSiLUProducts+act.kernels, n, p, 4, du, dy, z)
}

// SlopeProductsGate is SlopeProducts of g0 dy + g1.
func (k *Kernels) SlopeProductsGate(act Activation, du, dy, z Grouped, p Params, g Gates, n Rows) {
	k.top = act.top
	k.runGates(slopeSiLUProductsGate+act.kernels, n, p, 4, g, 2, du, dy, z)
}

// AddClip computes y = act(p0 x + p1 z + p2) of an activation that clips.
func (k *Kernels) AddClip(act Activation, y, x, z Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(addClip, n, p, 3, y, x, z)
}

// AddClipGate computes y = act(g0 x + p0 z + g1) of an activation that clips.
func (k *Kernels) AddClipGate(act Activation, y, x, z Grouped, p Params, g Gates, n Rows) {
	k.top = act.top
	k.runGates(addClipGate, n, p, 1, g, 2, y, x, z)
}

// ClippedProducts computes du = dy act' where y is the result of an activation that clips, and adds du to p0 and du z to p1.
func (k *Kernels) ClippedProducts(act Activation, du, dy, y, z Matrix, p Params, n Rows) {
	k.top = act.top
	k.run(clippedProducts, n, p, 2, du, dy, y, z)
}

// GateProducts adds a da to g1 and computes a = g0 a.
func (k *Kernels) GateProducts(a, da Grouped, g Gates, n Rows) {
	k.runGates(gateProducts, n, Params{}, 0, g, 2, a, da)
}

// MulProducts computes du = da d, and adds du to p0 and du z to p1. With past, du goes past the caches: its rows are whole vectors on cache lines.
func (k *Kernels) MulProducts(du, da, d, z Matrix, p Params, n Rows, past bool) {
	kernel := mulProducts
	if past {
		kernel = mulProductsPast
	}
	k.run(kernel, n, p, 2, du, da, d, z)
}

// MulProductsGroups is MulProducts on groups of rows.
func (k *Kernels) MulProductsGroups(du, da, d, z Grouped, p Params, n Rows, past bool) {
	kernel := mulProducts
	if past {
		kernel = mulProductsPast
	}
	k.runGroups(kernel, n, p, 2, du, da, d, z)
}

// MulProductsGate is MulProducts of g0 da + g1.
func (k *Kernels) MulProductsGate(du, da, d, z Grouped, p Params, g Gates, n Rows, past bool) {
	kernel := mulProductsGate
	if past {
		kernel = mulProductsGatePast
	}
	k.runGates(kernel, n, p, 2, g, 2, du, da, d, z)
}
