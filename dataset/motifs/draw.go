package motifs

import (
	"math"

	"gridsearch/internal/portable"
	"gridsearch/internal/random"
)

// The picture is the square [-1, 1] x [-1, 1], drawn from back to front in float64 at the centres
// of the pixels. A shape is a function that is positive inside and measures the distance to its
// edge there; a pixel on the edge is covered by the share clamp(distance / pixel + 1/2).
//
// Products are rounded by explicit conversions wherever a sum follows, to prevent fused
// multiply-adds (package portable says why).

const pixel = 2. / Pixels

type colour [Channels]float64

// picture is a canvas of Pixels x Pixels colours, 0..1.
type picture [Pixels * Pixels]colour

// Draw writes picture i as bytes [Pixels, Pixels, Channels].
func Draw(to []uint8, i int) {
	cues := Shown(i)
	s := random.New(Version, "motifs", "picture", i)
	p := &picture{}
	p.background(s)
	p.leaves(s)
	p.object(s, cues)
	p.occlude(s)
	p.quantise(to, s)
}

// coordinates of pixel n along an axis.
func coordinate(n int) float64 { return float64((float64(n)+.5)*pixel) - 1 }

// paint mixes a colour into every pixel, weighted by the coverage of a shape given by its distance.
func (p *picture) paint(c colour, distance func(x, y float64) float64) {
	for i := range p {
		cover := clamp(distance(coordinate(i%Pixels), coordinate(i/Pixels))/pixel + .5)
		if cover > 0 {
			p[i] = mix(p[i], c, cover)
		}
	}
}

func mix(a, b colour, share float64) colour {
	for k := range a {
		a[k] = float64(a[k]*(1-share)) + float64(b[k]*share)
	}
	return a
}

func clamp(v float64) float64 { return min(max(v, 0), 1) }

func randomColour(s *random.Stream) colour { return colour{s.Float64(), s.Float64(), s.Float64()} }

// background is value noise of two octaves between two colours.
func (p *picture) background(s *random.Stream) {
	from := randomColour(s)
	var to colour
	for k := range from {
		from[k] *= .9
		to[k] = clamp(from[k] + s.Uniform(-.5, .5))
	}
	coarse, fine := newNoise(s, 3), newNoise(s, 7)
	for i := range p {
		x, y := (coordinate(i%Pixels)+1)/2, (coordinate(i/Pixels)+1)/2
		p[i] = mix(from, to, float64(.65*coarse.at(x, y))+float64(.35*fine.at(x, y)))
	}
}

// noise is a grid of random values with smooth interpolation between them.
type noise struct {
	cells  int
	values []float64
}

func newNoise(s *random.Stream, cells int) noise {
	n := noise{cells, make([]float64, (cells+1)*(cells+1))}
	for i := range n.values {
		n.values[i] = s.Float64()
	}
	return n
}

// at interpolates at x and y in [0, 1).
func (n noise) at(x, y float64) float64 {
	column, u := cell(x, n.cells)
	row, v := cell(y, n.cells)
	top := n.values[row*(n.cells+1)+column:]
	bottom := top[n.cells+1:]
	return lerp(lerp(top[0], top[1], u), lerp(bottom[0], bottom[1], u), v)
}

// cell splits a coordinate into the index of its cell and a smoothed position inside it.
func cell(x float64, cells int) (int, float64) {
	x = float64(x * float64(cells))
	i := min(int(x), cells-1)
	f := x - float64(i)
	return i, float64(f*f) * (3 - 2*f)
}

func lerp(a, b, t float64) float64 { return float64(a*(1-t)) + float64(b*t) }

// leaves draws a few discs and squares of random colours behind the object (a dead leaves model).
func (p *picture) leaves(s *random.Stream) {
	for range poisson(s, 1.5) {
		x, y, r := s.Uniform(-1.1, 1.1), s.Uniform(-1.1, 1.1), s.Uniform(.08, .22)
		round, c := s.Float64() < .5, randomColour(s)
		p.paint(c, func(u, v float64) float64 {
			if round {
				return r - length(u-x, v-y)
			}
			return r - max(math.Abs(u-x), math.Abs(v-y))
		})
	}
}

// poisson draws from the Poisson distribution with the given mean (Knuth).
func poisson(s *random.Stream, mean float64) int {
	limit, product := portable.Exp(-mean), s.Float64()
	n := 0
	for ; product > limit; n++ {
		product *= s.Float64()
	}
	return n
}

func length(x, y float64) float64 { return math.Sqrt(float64(x*x) + float64(y*y)) }

// occlude draws a bar over one picture in five.
func (p *picture) occlude(s *random.Stream) {
	if s.Float64() >= .2 {
		return
	}
	sin, cos := portable.Sincos(s.Uniform(0, math.Pi))
	half, x, y, c := s.Uniform(.03, .08), s.Uniform(-.6, .6), s.Uniform(-.6, .6), randomColour(s)
	p.paint(c, func(u, v float64) float64 {
		return half - math.Abs(float64((u-x)*cos)+float64((v-y)*sin))
	})
}

// noiseDeviation is the standard deviation of the noise of each pixel and channel.
const noiseDeviation = .04

// quantise adds noise and rounds to bytes. The noise of a channel is the sum of eight random bytes:
// nearly normal, and cheap.
func (p *picture) quantise(to []uint8, s *random.Stream) {
	const mean, deviation = 8 * 127.5, 209.0199352
	for i, c := range p {
		for k, v := range c {
			sum := 0
			for bits := s.Uint64(); bits > 0; bits >>= 8 {
				sum += int(bits & 255)
			}
			v += float64((float64(sum) - mean) * (noiseDeviation / deviation))
			to[i*Channels+k] = uint8(float64(clamp(v)*255) + .5)
		}
	}
}
