package motifs

import (
	"math"

	"gridsearch/internal/portable"
	"gridsearch/internal/random"
)

// frame is a position with a rotation: it converts picture coordinates to an object's own.
type frame struct{ x, y, sin, cos float64 }

func newFrame(x, y, angle float64) frame {
	sin, cos := portable.Sincos(angle)
	return frame{x, y, sin, cos}
}

func (f frame) local(x, y float64) (u, v float64) {
	x, y = x-f.x, y-f.y
	return float64(x*f.cos) + float64(y*f.sin), float64(y*f.cos) - float64(x*f.sin)
}

// object draws the silhouette with its texture, hue and emblem.
func (p *picture) object(s *random.Stream, cues Cues) {
	radius, stretch := s.Uniform(.70, .98), portable.Exp(.08*s.Norm())
	room := 1 - radius
	place := newFrame(s.Uniform(-room, room), s.Uniform(-room, room), s.Uniform(-.25, .25))
	edge := jittered(bank()[cues[Silhouette]][s.IntN(prototypes)], s)
	light, dark := shades(cues[Hue], s)
	pattern := newPattern(cues[Texture], place.x, place.y, s)
	slopeX, slopeY := .2*s.Norm(), .2*s.Norm()
	sign := newEmblem(cues[Emblem], place, radius, light, dark, s)
	for i := range p {
		x, y := coordinate(i%Pixels), coordinate(i/Pixels)
		u, v := place.local(x, y)
		u, v = float64(u*stretch)/radius, v/stretch/radius
		r := length(u, v)
		cover := 0.
		if r < farthest {
			cover = clamp(float64((edge.radius(u, v, r)-r)*radius)/pixel + .5)
		}
		if cover == 0 {
			continue
		}
		c := mix(light, dark, pattern.at(x, y))
		shade := min(max(1+float64(u*slopeX)+float64(v*slopeY), .6), 1.4)
		for k := range c {
			c[k] = clamp(c[k] * shade)
		}
		p[i] = mix(p[i], sign.over(c, x, y), cover)
	}
}

// shades are the two colours of a texture: one of four hues, 90 degrees apart, at two brightnesses.
func shades(hue int, s *random.Stream) (light, dark colour) {
	light = hsv(90*float64(hue)+25*s.Norm(), s.Uniform(.35, .85), s.Uniform(.62, 1))
	contrast := s.Uniform(.8, 1.6) * .35
	for k := range light {
		dark[k] = clamp(light[k] * (1 - contrast))
	}
	return light, dark
}

// hsv converts a hue in degrees, a saturation and a value to RGB.
func hsv(hue, saturation, value float64) colour {
	h := math.Mod(hue, 360) / 60
	if h < 0 {
		h += 6
	}
	sector := int(h)
	f := h - float64(sector)
	low, falling, rising := value*(1-saturation), value*(1-float64(saturation*f)),
		value*(1-float64(saturation*(1-f)))
	return [6]colour{{value, rising, low}, {falling, value, low}, {low, value, rising},
		{low, falling, value}, {rising, low, value}, {value, low, falling}}[sector%6]
}

// pattern is a texture: 0 where it is light, 1 where it is dark.
type pattern struct {
	kind           int
	frame          frame
	rate           float64 // radians for one unit
	phaseX, phaseY float64
}

func newPattern(kind int, x, y float64, s *random.Stream) pattern {
	// 3 to 9 periods an image, log-uniformly: at 24 pixels a period is 8 to 2.7 pixels long.
	periods := 3 * portable.Exp(s.Float64()*portable.Log(3))
	return pattern{kind, newFrame(x, y, s.Uniform(0, 2*math.Pi)), periods * math.Pi,
		s.Uniform(0, 2*math.Pi), s.Uniform(0, 2*math.Pi)}
}

func (t pattern) at(x, y float64) float64 {
	u, v := t.frame.local(x, y)
	a, b := float64(u*t.rate)+t.phaseX, float64(v*t.rate)+t.phaseY
	return clamp(.5 + float64(.9*t.wave(a, b)))
}

// wave is a periodic function with mean 0 and period 2 pi along a (stripes) or along its lattice.
func (t pattern) wave(a, b float64) float64 {
	const half, root = .5, .8660254037844386 // cosine and sine of 60 degrees
	switch t.kind {
	case 0: // stripes
		return portable.Cos(a)
	case 1: // checks
		return 1.4 * float64(portable.Cos(a)*portable.Cos(b))
	case 2: // dots on a hexagonal lattice
		return .9 * (portable.Cos(a) + portable.Cos(float64(half*a)+float64(root*b)) +
			portable.Cos(float64(half*a)-float64(root*b))) * (2. / 3)
	default: // waves: stripes that swing by a third of a period
		sin, _ := portable.Sincos(float64(.75 * b))
		return portable.Cos(a + float64(2*sin))
	}
}

// emblem is a symbol on a plain disc somewhere in the object.
type emblem struct {
	kind        int
	frame       frame
	scale       float64
	sign, patch colour
}

func newEmblem(kind int, place frame, radius float64, light, dark colour, s *random.Stream) emblem {
	e := emblem{kind: kind, scale: s.Uniform(.20, .30)}
	sin, cos := portable.Sincos(s.Uniform(0, 2*math.Pi))
	away := s.Uniform(0, .45) * radius
	e.frame = newFrame(place.x+float64(away*cos), place.y+float64(away*sin), s.Uniform(-.3, .3))
	tone, black := s.Float64()*.15, s.Float64() < .5
	e.patch = light
	if !black {
		tone = 1 - tone
		for k := range dark {
			e.patch[k] = .6 * dark[k]
		}
	}
	e.sign = colour{tone, tone, tone}
	return e
}

// over paints the emblem on a colour.
func (e emblem) over(c colour, x, y float64) colour {
	u, v := e.frame.local(x, y)
	u, v = u/e.scale, v/e.scale
	if r := length(u, v); r < 2 {
		c = mix(c, e.patch, clamp(float64((1.35-r)*e.scale)/pixel+.5))
		c = mix(c, e.sign, clamp(float64(e.inside(u, v, r)*e.scale)/pixel+.5))
	}
	return c
}

// inside is the distance to the edge of the symbol, positive inside, in units of its half width.
func (e emblem) inside(u, v, r float64) float64 {
	u = math.Abs(u)
	switch e.kind {
	case 0: // plus
		w := math.Abs(v)
		return max(min(.28-u, 1-w), min(.28-w, 1-u))
	case 1: // ring
		return .28 - math.Abs(r-.70)
	case 2: // two bars
		return min(.24-math.Abs(math.Abs(v)-.55), 1-u)
	default: // chevron
		return min(.26-math.Abs(float64(.8*v)+.55-u), 1-max(u, math.Abs(v)))
	}
}
