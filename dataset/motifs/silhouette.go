package motifs

import (
	"sync"

	"gridsearch/internal/random"
)

// A silhouette is a radius as a function of the angle: a constant and six harmonics.
const (
	harmonics  = 6
	meanRadius = .68
	prototypes = 2 // silhouettes of one value
	candidates = 400
	directions = 64   // at which silhouettes are compared
	nearest    = .34  // bounds of a silhouette's radius, which keep it one piece of a fair size
	farthest   = 1.25 // the jitter included
)

type contour struct{ cos, sin [harmonics]float64 }

// radius is the contour's radius in the direction of (u, v), whose length is r. Multiples of the
// angle come from the cosine and sine of the angle by recurrence, so that no angle is computed.
func (c contour) radius(u, v, r float64) float64 {
	if r < 1e-6 {
		return meanRadius
	}
	x, y := u/r, v/r
	p, q, sum := 1., 0., meanRadius
	for k := range harmonics {
		p, q = float64(p*x)-float64(q*y), float64(p*y)+float64(q*x)
		sum += float64(c.cos[k]*p) + float64(c.sin[k]*q)
	}
	return sum
}

// jittered changes every harmonic by 12 %.
func jittered(c contour, s *random.Stream) contour {
	for k := range harmonics {
		c.cos[k] *= 1 + float64(.12*s.Norm())
		c.sin[k] *= 1 + float64(.12*s.Norm())
	}
	return c
}

// bank holds the silhouettes of each value, chosen greedily to be far apart among many random ones.
var bank = sync.OnceValue(func() [Values][prototypes]contour {
	s := random.New(Version, "motifs", "silhouettes")
	var pool []contour
	for len(pool) < candidates {
		if c := draw(s); c.fair() {
			pool = append(pool, c)
		}
	}
	chosen := []contour{pool[0]}
	for len(chosen) < Values*prototypes {
		chosen = append(chosen, farthestFrom(chosen, pool))
	}
	var b [Values][prototypes]contour
	for i, c := range chosen {
		b[i%Values][i/Values] = c
	}
	return b
})

// draw makes a random contour whose harmonics decrease with their order.
func draw(s *random.Stream) contour {
	var c contour
	for k := range harmonics {
		size := .16 / float64(k+2) * 2
		c.cos[k], c.sin[k] = size*s.Norm(), size*s.Norm()
	}
	return c
}

// samples are the radii in all directions.
func (c contour) samples() [directions]float64 {
	var radii [directions]float64
	for i := range radii {
		// A square instead of a circle of directions does as well and needs no trigonometry.
		t := float64(i%16)/8 - 1
		u, v := [4]float64{t, 1, -t, -1}[i/16], [4]float64{-1, t, 1, -t}[i/16]
		radii[i] = c.radius(u, v, length(u, v))
	}
	return radii
}

func (c contour) fair() bool {
	for _, r := range c.samples() {
		if r < nearest || r > 1.02 {
			return false
		}
	}
	return true
}

// farthestFrom returns the candidate whose distance to the nearest chosen contour is largest.
func farthestFrom(chosen, pool []contour) contour {
	best, distance := pool[0], -1.
	for _, c := range pool {
		closest := 1e9
		for _, other := range chosen {
			closest = min(closest, separation(c, other))
		}
		if closest > distance {
			best, distance = c, closest
		}
	}
	return best
}

// separation is the squared distance of two contours' radii.
func separation(a, b contour) float64 {
	sum := 0.
	x, y := a.samples(), b.samples()
	for i := range x {
		d := x[i] - y[i]
		sum += float64(d * d)
	}
	return sum
}
