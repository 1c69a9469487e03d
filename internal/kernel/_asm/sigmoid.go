package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// sigmoid holds the constants of 1 / (1 + exp(-u)), in registers where there are enough.
//
// exp(-u) is 2^n 2^f with a whole n and |f| <= 1/2; 2^f is a polynomial of degree 5 with a relative error below 2e-7. The division is exact: the
// reciprocal's approximation differs between makers of processors.
type sigmoid struct {
	isa
	scale, low, high, one operand
	powers                []operand // coefficients of 2^f from the highest
}

// operand is a constant: a register or, with AVX2, memory.
type operand struct {
	v vec
	m Mem
}

func (o operand) op() Op {
	if o.v != nil {
		return o.v
	}
	return o.m
}

func (s isa) constant(x float32) operand {
	if s.wide {
		return operand{v: s.broadcast(x)}
	}
	return operand{m: constant(x)}
}

// exponentLimit keeps 2^n a normal number.
const exponentLimit = 126

func (s isa) sigmoid() *sigmoid {
	g := &sigmoid{isa: s, scale: s.constant(-math.Log2E), low: s.constant(-exponentLimit), high: s.constant(exponentLimit), one: s.constant(1)}
	for _, c := range []float32{0.00133988727, 0.00961825717, 0.0555032037, 0.240226462, 0.693147182} {
		g.powers = append(g.powers, s.constant(c))
	}
	return g
}

// of returns the sigmoid of u in a new register. NaN goes through: the minimum and the maximum return their second operand for it.
func (g *sigmoid) of(u vec) vec {
	x, n, p := g.vector(), g.vector(), g.vector()
	VMULPS(g.scale.op(), u, x)
	limit := g.vector()
	VMOVAPS(g.high.op(), limit)
	VMINPS(x, limit, x)
	VMOVAPS(g.low.op(), limit)
	VMAXPS(x, limit, x)
	if g.wide {
		VRNDSCALEPS(Imm(0), x, n)
	} else {
		VROUNDPS(Imm(0), x, n)
	}
	VSUBPS(n, x, x)
	VMOVAPS(g.powers[0].op(), p)
	for _, c := range g.powers[1:] {
		VFMADD213PS(c.op(), x, p)
	}
	VFMADD213PS(g.one.op(), x, p)
	if g.wide {
		VSCALEFPS(n, p, p)
	} else {
		VCVTPS2DQ(n, n)
		VPSLLD(Imm(23), n, n)
		VPADDD(n, p, p)
	}
	VADDPS(g.one.op(), p, p)
	if g.wide {
		VDIVPS(p, g.one.v, p)
		return p
	}
	VMOVAPS(g.one.op(), x)
	VDIVPS(p, x, p)
	return p
}

// silu returns u times its sigmoid, which it overwrites.
func (g *sigmoid) silu(u vec) vec {
	s := g.of(u)
	VMULPS(u, s, s)
	return s
}

// slope returns a = u s and the derivative s + a (1 - s) = s + a - a s, with the sigmoid s of u. u is lost.
func (g *sigmoid) slope(u vec) (a, d vec) {
	s := g.of(u)
	VMULPS(s, u, u)
	d = g.vector()
	VADDPS(u, s, d)
	VFNMADD231PS(u, s, d)
	return u, d
}
