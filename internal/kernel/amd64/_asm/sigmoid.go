package main

import (
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// sigmoid holds the constants of 1 / (1 + exp(-u)), in registers where there are enough.
//
// exp(-u) is 2^n 2^f with an integer n and 0 <= f < 1; 2^f is the polynomial of degree 5 with the
// smallest relative error, below 2e-7. The division is exact: approximate reciprocals differ
// between CPU vendors.
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

// sigmoidFor loads the constants if the kernel of that name needs them.
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
	for _, c := range []float32{0.00898933969438076, 0.05582631751894951, 0.24015361070632935,
		0.6931530833244324, 0.9999999403953552} {
		g.powers = append(g.powers, s.constant(c))
	}
	return g
}

// of returns the sigmoid of each u in a new register. NaN propagates.
func (g *sigmoid) of(us ...vec) []vec {
	x, n, p := g.vectors(len(us)), g.vectors(len(us)), g.vectors(len(us))
	for i, u := range us {
		VMULPS(g.scale.op(), u, x[i])
	}
	if g.wide {
		g.powerWide(x, n, p)
	} else {
		g.power(x, n, p)
	}
	for _, v := range p {
		VADDPS(g.one, v, v)
	}
	for _, v := range p {
		VDIVPS(v, g.one, v)
	}
	return p
}

// power computes p = 2^x; n is scratch, x is clobbered.
func (g *sigmoid) power(x, n, p []vec) {
	for i, v := range x {
		VMINPS(v, g.high, v) // the minimum and the maximum return their second operand for NaN
		VMAXPS(v, g.low, v)
		VROUNDPS(Imm(1), v, n[i]) // down
		VSUBPS(n[i], v, v)
	}
	g.fraction(x, p)
	for i, v := range n {
		VCVTPS2DQ(v, v)
		VPSLLD(Imm(23), v, v)
		VPADDD(v, p[i], p[i])
	}
}

// powerWide needs no limits: the fraction of an infinity is 0, and the scaling by a power of two
// accepts any exponent.
func (g *sigmoid) powerWide(x, f, p []vec) {
	for i, v := range x {
		VREDUCEPS(Imm(1), v, f[i]) // x less its floor
	}
	g.fraction(f, p)
	for i, v := range x {
		VSCALEFPS(v, p[i], p[i]) // times 2 to the floor of x
	}
}

// fraction computes p = 2^f.
func (g *sigmoid) fraction(f, p []vec) {
	for _, v := range p {
		VMOVAPS(g.powers[0].op(), v)
	}
	for _, c := range g.powers[1:] {
		for i, v := range p {
			VFMADD213PS(c.op(), f[i], v)
		}
	}
}

// apply returns u times its sigmoid: silu.
func (g *sigmoid) apply(us ...vec) []vec {
	s := g.of(us...)
	for i, u := range us {
		VMULPS(u, s[i], s[i])
	}
	return s
}

// slope returns a = u s and the derivative s + a (1 - s) = s + a - a s, with the sigmoid s of u. u
// is clobbered.
func (g *sigmoid) slope(us ...vec) (a, d []vec) {
	s, d := g.of(us...), g.vectors(len(us))
	for i, u := range us {
		VMULPS(s[i], u, u)
	}
	for i, u := range us {
		VADDPS(u, s[i], d[i])
	}
	for i, u := range us {
		VFNMADD231PS(u, s[i], d[i])
	}
	return us, d
}
