package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// flat writes the kernels on vectors of cols numbers; their parameters are scalars.
func flat(s isa) {
	for _, k := range []struct {
		name, doc string
		pointers  int
		scalars   int
		body      func(*strip)
	}{
		{"add", "computes p0 += p1", 2, 0, func(r *strip) {
			x := r.load(0)
			VADDPS(r.load(1), x, x)
			r.store(x, 0)
		}},
		{"scaleFlat", "computes p0 = par0 p1", 2, 1, func(r *strip) {
			x := r.load(1)
			VMULPS(r.scalar[0], x, x)
			r.store(x, 0)
		}},
		{"blend", "computes p0 = par0 p0 + par1 p1", 2, 2, func(r *strip) {
			x := r.load(0)
			VMULPS(r.scalar[0], x, x)
			VFMADD231PS(r.load(1), r.scalar[1], x)
			r.store(x, 0)
		}},
		{"siluFlat", "computes p0 = silu(p1)", 2, 0,
			func(r *strip) { r.store(r.sigmoid.apply(r.load(1))[0], 0) }},
		{"sigmoidFlat", "computes p0 = sigmoid(p1)", 2, 0,
			func(r *strip) { r.store(r.sigmoid.of(r.load(1))[0], 0) }},
		{"siluBackward", "multiplies p0 by the derivative of silu at p1", 2, 0, func(r *strip) {
			_, slopes := r.sigmoid.slope(r.load(1))
			d := slopes[0]
			VMULPS(r.load(0), d, d)
			r.store(d, 0)
		}},
		{"sigmoidBackward", "computes p0 *= p1 (1 - p1)", 2, 0, func(r *strip) {
			y, x := r.load(1), r.load(0)
			VMULPS(y, x, x)
			VFNMADD231PS(y, x, x)
			r.store(x, 0)
		}},
		{"sgd", "moves weights p0 along gradients p1 with velocities p2; par: rate, momentum, " +
			"decay, scale of the gradient", 3, 4, func(r *strip) { r.sgd(false) }},
		{"sgdNesterov", "is sgd with Nesterov's look ahead", 3, 4, func(r *strip) { r.sgd(true) }},
		{"rmsprop", "moves weights p0 along gradients p1 with velocities p2 and mean squares p3; " +
			"par: rate, momentum, decay, scale, rho, epsilon", 4, 6, (*strip).rmsprop},
	} {
		s.flatKernel(k.name, k.doc, k.pointers, k.scalars, k.body)
	}
}

// strip is a vector of each operand of a flat kernel.
type strip struct {
	isa
	p       []reg.GPVirtual
	scalar  []vec
	sigmoid *sigmoid
	tail    *tail
}

func (r *strip) load(i int) vec {
	v := r.vector()
	r.isa.load(Mem{Base: r.p[i]}, v, r.tail)
	return v
}

func (r *strip) store(v vec, i int) { r.isa.store(v, Mem{Base: r.p[i]}, r.tail) }

// gradient is the scaled gradient p1 plus weight decay.
func (r *strip) gradient(weight vec) vec {
	g := r.load(1)
	VMULPS(r.scalar[3], g, g)
	VFMADD231PS(weight, r.scalar[2], g)
	return g
}

func (r *strip) sgd(nesterov bool) {
	w := r.load(0)
	g := r.gradient(w)
	v := r.load(2)
	VFMADD213PS(g, r.scalar[1], v) // v = m v + g
	r.store(v, 2)
	if nesterov {
		VFMADD231PS(v, r.scalar[1], g) // g + m v
		v = g
	}
	VFNMADD231PS(v, r.scalar[0], w)
	r.store(w, 0)
}

func (r *strip) rmsprop() {
	w := r.load(0)
	g := r.gradient(w)
	old, s := r.load(3), r.vector()
	VMULPS(g, g, s)
	VSUBPS(s, old, old)
	VFMADD231PS(old, r.scalar[4], s) // s = g^2 + rho (old - g^2)
	r.store(s, 3)
	VADDPS(r.scalar[5], s, s)
	VSQRTPS(s, s)
	VMULPS(r.scalar[0], g, g)
	VDIVPS(s, g, g)
	v := r.load(2)
	VFMADD213PS(g, r.scalar[1], v) // v = m v + rate g / sqrt(s + eps)
	r.store(v, 2)
	VSUBPS(v, w, w)
	r.store(w, 0)
}

func (s isa) flatKernel(name, doc string, pointers, scalars int, body func(*strip)) {
	text(name+s.name, "RowArgs", doc)
	args := Load(Param("a"), GP64())
	r := &strip{isa: s, sigmoid: s.sigmoidFor(name)}
	for i := range pointers {
		r.p = append(r.p, fetch(args, rowPointer(i)))
	}
	par := fetch(args, rowPar)
	for i := range scalars {
		v := s.vector()
		VBROADCASTSS(Mem{Base: par, Disp: 4 * i}, v)
		r.scalar = append(r.scalar, v)
	}
	count := fetch(args, rowCols)
	loop, rest, end := label("loop"), label("rest"), label("end")
	SUBQ(Imm(uint64(s.lanes)), count)
	JL(LabelRef(rest))
	Label(loop)
	body(r)
	for _, p := range r.p {
		ADDQ(Imm(uint64(s.bytes())), p)
	}
	SUBQ(Imm(uint64(s.lanes)), count)
	JGE(LabelRef(loop))
	Label(rest)
	ADDQ(Imm(uint64(s.lanes)), count)
	JZ(LabelRef(end))
	r.tail = s.tailOf(count)
	body(r)
	Label(end)
	finish()
}
