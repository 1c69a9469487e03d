package main

import (
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// sigmoid holds the constants of 1 / (1 + exp(-u)), in registers where there are enough.
//
// exp(-u) is 2^n 2^f with a whole n and 0 <= f < 1; 2^f is the polynomial of degree 5 with the smallest relative error, below 2e-7. The division is exact: the
// reciprocal's approximation differs between makers of processors.
type sigmoid struct {
	isa
	low, high, one vec
	scale          operand
	powers         []operand // coefficients of 2^f from the highest
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

// sigmoidFor loads the constants if the kernel of that name has a use for them.
func (s isa) sigmoidFor(kernel string) *sigmoid {
	for _, word := range []string{"silu", "SiLU", "sigmoid"} {
		if strings.Contains(kernel, word) {
			return s.sigmoid()
		}
	}
	return nil
}

// exponentLimit keeps 2^n a normal number.
const exponentLimit = 126

func (s isa) sigmoid() *sigmoid {
	g := &sigmoid{isa: s, scale: s.constant(-math.Log2E), one: s.broadcast(1)}
	if !s.wide {
		g.low, g.high = s.broadcast(-exponentLimit), s.broadcast(exponentLimit)
	}
	g.powers = []operand{{v: s.broadcast(0.0018775766948238015)}}
	for _, c := range []float32{0.00898933969438076, 0.05582631751894951, 0.24015361070632935, 0.6931530833244324, 0.9999999403953552} {
		g.powers = append(g.powers, s.constant(c))
	}
	return g
}

// of returns the sigmoid of u in a new register. NaN goes through.
func (g *sigmoid) of(u vec) vec {
	if g.wide {
		return g.ofWide(u)
	}
	x, n, p := g.vector(), g.vector(), g.vector()
	VMULPS(g.scale.op(), u, x)
	VMINPS(x, g.high, x) // the minimum and the maximum return their second operand for NaN
	VMAXPS(x, g.low, x)
	VROUNDPS(Imm(1), x, n) // down
	VSUBPS(n, x, x)
	g.power(x, p)
	VCVTPS2DQ(n, n)
	VPSLLD(Imm(23), n, n)
	VPADDD(n, p, p)
	VADDPS(g.one, p, p)
	VDIVPS(p, g.one, p)
	return p
}

// power computes 2^f.
func (g *sigmoid) power(f, p vec) {
	VMOVAPS(g.powers[0].op(), p)
	for _, c := range g.powers[1:] {
		VFMADD213PS(c.op(), f, p)
	}
}

// ofWide needs no limits: the fraction of an infinite number is 0, and the scaling by a power of two takes any exponent.
func (g *sigmoid) ofWide(u vec) vec {
	x, f, p := g.vector(), g.vector(), g.vector()
	VMULPS(g.scale.v, u, x)
	VREDUCEPS(Imm(1), x, f) // x less its floor
	g.power(f, p)
	VSCALEFPS(x, p, p) // times 2 to the floor of x
	VADDPS(g.one, p, p)
	VDIVPS(p, g.one, p)
	return p
}

// apply returns u times its sigmoid: silu.
func (g *sigmoid) apply(u vec) vec {
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
