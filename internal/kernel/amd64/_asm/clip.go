package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// clip holds the ends of min(max(u, 0), top): ReLU without an upper end, or ReLU6.
type clip struct {
	isa
	zero, one, top vec
}

// clipFor loads the constants if the kernel of that name needs them.
func (s isa) clipFor(kernel string, args reg.Register) *clip {
	if !strings.Contains(strings.ToLower(kernel), "clip") {
		return nil
	}
	c := &clip{isa: s, zero: s.zeros(1)[0], one: s.broadcast(1), top: s.vector()}
	VBROADCASTSS(argument(args, rowTop), c.top)
	return c
}

// of clips u. The minimum and the maximum return their second operand for NaN, which so goes
// through.
func (c *clip) of(u vec) vec {
	VMAXPS(u, c.zero, u)
	VMINPS(u, c.top, u)
	return u
}

func (c *clip) apply(us ...vec) []vec {
	for _, u := range us {
		c.of(u)
	}
	return us
}

// slope returns clip of u, and its derivative as PyTorch defines it for ReLU and ReLU6: 1 between
// the bounds, 0 elsewhere.
func (c *clip) slope(us ...vec) (a, d []vec) {
	for _, u := range us {
		d = append(d, c.masked(u, c.one))
		c.of(u)
	}
	return us, d
}

// masked returns x where u is between the ends, 0 elsewhere, in a new register.
func (c *clip) masked(u, x vec) vec {
	d := c.vector()
	if c.wide {
		above, inside := K(), K()
		VCMPPS(Imm(greaterThan), c.zero, u, above)
		VCMPPS(Imm(lessThan), c.top, u, above, inside)
		VMOVAPS_Z(x, inside, d)
		return d
	}
	below := c.vector()
	VCMPPS(Imm(greaterThan), c.zero, u, d)
	VCMPPS(Imm(lessThan), c.top, u, below)
	VANDPS(d, below, d)
	VANDPS(x, d, d)
	return d
}
