package space

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/values"
)

// View is where a scene is looked at from, very far away: angles in degrees.
type View struct {
	// Azimuth is around the axis of resolution: 0 on the side of width, 90 on that of depth.
	Azimuth   float64 `json:"azimuth"`
	Elevation float64 `json:"elevation"` // above the plane of width and depth
}

// Front is a view in which the base is the far corner, and the surface in front of it.
var Front = View{Azimuth: 60, Elevation: 24}

// camera projects the cube.
type camera struct{ right, up, towards Place }

func (v View) camera() camera {
	sinA, cosA := math.Sincos(v.Azimuth * math.Pi / 180)
	sinE, cosE := math.Sincos(v.Elevation * math.Pi / 180)
	return camera{right: Place{-sinA, cosA, 0}, up: Place{-cosA * sinE, -sinA * sinE, cosE},
		towards: Place{cosA * cosE, sinA * cosE, sinE}}
}

func dot(a, b Place) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// project is a place of the picture, around that of the cube's middle.
func (c camera) project(p Place) picture.XY {
	for i := range p {
		p[i] -= .5
	}
	return picture.XY{X: dot(c.right, p), Y: dot(c.up, p)}
}

func (c camera) all(list ...Place) []picture.XY {
	var points []picture.XY
	for _, p := range list {
		points = append(points, c.project(p))
	}
	return points
}

// walls are the coordinates of the walls behind all, one on each axis.
func (c camera) walls() (at Place) {
	for i, d := range c.towards {
		if d < 0 {
			at[i] = 1
		}
	}
	return at
}

// on is a place moved to a wall.
func on(p Place, axis int, wall float64) Place {
	p[axis] = wall
	return p
}

// Picture is the scene of values as it is seen at first.
func Picture(v values.Values) picture.Picture {
	s := NewScene(v)
	p := picture.Picture{Title: title(v), Note: v.Study}
	if s.Scale != nil {
		p.Scale = &picture.Scale{Label: s.Scale.Label, Low: s.Scale.Low, High: s.Scale.High}
	}
	if best, ok := v.Best(); ok && len(best.Labels) > 0 {
		l := best.Labels[0]
		p.Note += fmt.Sprintf("\nhighest: %.1f %%, width × %s, depth × %s, resolution × %s",
			100*best.Mean, digits(l.Width), digits(l.Depth), digits(l.Resolution))
	}
	if v.Tied() > 0 {
		p.Rings = "tied with the best"
	}
	p.Panels = []picture.Panel{{Equal: true, Height: 72, X: picture.Axis{Kind: picture.Hidden},
		Y: picture.Axis{Kind: picture.Hidden}, Marks: s.marks()}}
	return p
}

// title says how many may be best.
func title(v values.Values) string {
	switch n := v.Tied(); {
	case n > 1:
		return fmt.Sprintf("Width, depth and resolution: %d of %d networks may be best", n,
			v.Compared())
	case n == 1:
		return "Width, depth and resolution: one network is best"
	case len(v.Trials) == 0:
		return "The networks of the search, and the surface of equal cost"
	}
	return "Accuracy in the space of width, depth and resolution"
}

// marks are the scene, what is behind first.
func (s Scene) marks() []picture.Mark {
	c := s.View.camera()
	walls := c.walls()
	marks := s.box(c, walls)
	marks = append(marks, s.mesh(c)...)
	marks = append(marks, s.shadows(c, walls)...)
	marks = append(marks, s.compound(c)...)
	return append(marks, s.dots(c)...)
}

// box are the walls with their grids, and the axes with numbers and names.
func (s Scene) box(c camera, walls Place) (marks []picture.Mark) {
	for axis, wall := range walls {
		u, w := (axis+1)%3, (axis+2)%3
		corner := func(a, b float64) (p Place) {
			p[axis], p[u], p[w] = wall, a, b
			return p
		}
		marks = append(marks, picture.Area{Look: picture.Grid, Opacity: .12, Edge: true,
			Points: c.all(corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1))})
		for _, t := range s.Axes[u].Ticks {
			marks = append(marks, gridLine(c, corner(t.At, 0), corner(t.At, 1)))
		}
		for _, t := range s.Axes[w].Ticks {
			marks = append(marks, gridLine(c, corner(0, t.At), corner(1, t.At)))
		}
	}
	for axis := range s.Axes {
		marks = append(marks, s.axis(c, walls, axis)...)
	}
	return marks
}

func gridLine(c camera, from, to Place) picture.Mark {
	return picture.Line{Look: picture.Grid, Thin: true, Points: c.all(from, to)}
}

// axis is the edge of the walls that has the numbers of an axis: the front one of the floor, or the
// upright one at the left.
func (s Scene) axis(c camera, walls Place, axis int) (marks []picture.Mark) {
	front := func(i int) float64 { return 1 - walls[i] }
	var from Place
	switch axis {
	case 0:
		from = Place{0, front(1), walls[2]}
	case 1:
		from = Place{front(0), 0, walls[2]}
	default:
		from = Place{walls[0], front(1), 0}
		if other := (Place{front(0), walls[1], 0}); c.project(other).X < c.project(from).X {
			from = other
		}
	}
	to := on(from, axis, 1)
	marks = append(marks, picture.Line{Thin: true, Points: c.all(from, to)})
	a, b, middle := c.project(from), c.project(to), c.project(Place{.5, .5, .5})
	out := outwards(a, b, middle)
	align, rise := .5-.5*out.X/max(math.Abs(out.X), math.Abs(out.Y)), .5-.5*out.Y
	for _, t := range s.Axes[axis].Ticks {
		at := c.project(on(from, axis, t.At))
		end := picture.XY{X: at.X + .02*out.X, Y: at.Y + .02*out.Y}
		marks = append(marks, picture.Line{Thin: true, Points: []picture.XY{at, end}},
			picture.Text{At: picture.XY{X: at.X + .035*out.X, Y: at.Y + .035*out.Y}, Text: t.Text,
				Small: true, Align: align, Rise: rise})
	}
	half := picture.XY{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2}
	turn := math.Atan2(b.Y-a.Y, b.X-a.X) * 180 / math.Pi
	switch {
	case turn > 90.01:
		turn -= 180
	case turn < -90.01:
		turn += 180
	}
	return append(marks, picture.Text{At: picture.XY{X: half.X + .16*out.X, Y: half.Y + .16*out.Y},
		Text: s.Axes[axis].Name + ", × base", Turn: turn, Align: .5, Rise: .5})
}

// outwards is a direction across an edge, away from the middle.
func outwards(a, b, middle picture.XY) picture.XY {
	x, y := b.Y-a.Y, a.X-b.X
	length := max(math.Hypot(x, y), 1e-9)
	if x*(a.X-middle.X)+y*(a.Y-middle.Y) < 0 {
		length = -length
	}
	return picture.XY{X: x / length, Y: y / length}
}

// mesh is the surface, its triangles from the back to the front.
func (s Scene) mesh(c camera) (marks []picture.Mark) {
	list := slices.Clone(s.Surface.Triangles)
	slices.SortStableFunc(list, func(a, b [3]Place) int {
		return cmp.Compare(dot(c.towards, a[0])+dot(c.towards, a[1])+dot(c.towards, a[2]),
			dot(c.towards, b[0])+dot(c.towards, b[1])+dot(c.towards, b[2]))
	})
	for i, t := range list {
		area := picture.Area{Look: surfaceLook, Opacity: .16, Edge: true, Points: c.all(t[:]...)}
		if i == 0 {
			area.Name = s.Surface.Name
		}
		marks = append(marks, area)
	}
	return marks
}

// surfaceLook is that of the surface.
const surfaceLook = picture.Look("surface")

// few is the number of points up to which lines join them with their shadows.
const few = 30

// shadows are the points on the walls.
func (s Scene) shadows(c camera, walls Place) (marks []picture.Mark) {
	shadows := picture.Dots{Look: picture.Faint, Small: true}
	for _, p := range s.Points {
		for axis, wall := range walls {
			q := c.project(on(p.At, axis, wall))
			shadows.Dots = append(shadows.Dots, picture.Dot{Name: p.Name, X: q.X, Y: q.Y})
		}
		if len(s.Points) <= few {
			marks = append(marks, picture.Line{Look: picture.Faint, Thin: true,
				Points: c.all(p.At, on(p.At, 2, walls[2]))})
		}
	}
	return append(marks, shadows)
}

// compound is the line through the surface, dashed behind it.
func (s Scene) compound(c camera) []picture.Mark {
	below, beyond := c.all(s.Line.Below...), c.all(s.Line.Beyond...)
	hidden := dot(c.towards, Place{1, 1, 1}) > 0
	marks := []picture.Mark{picture.Line{Look: picture.Compound, Points: below, Dashed: hidden}}
	if len(beyond) > 0 {
		marks = append(marks, picture.Line{Look: picture.Compound, Points: beyond, Dashed: !hidden})
	}
	if name := s.Line.Name; hidden && len(beyond) > 0 {
		marks[1] = picture.Line{Name: name, Look: picture.Compound, Points: beyond}
	} else {
		marks[0] = picture.Line{Name: name, Look: picture.Compound, Points: below, Dashed: hidden}
	}
	return marks
}

// dots are the points from the back to the front.
func (s Scene) dots(c camera) (marks []picture.Mark) {
	list := slices.Clone(s.Points)
	slices.SortStableFunc(list, func(a, b Point) int {
		return cmp.Compare(dot(c.towards, a.At), dot(c.towards, b.At))
	})
	named := map[string]bool{}
	for _, p := range list {
		at := c.project(p.At)
		one := picture.Dots{Look: picture.Look(p.Look), Dots: []picture.Dot{{Name: p.Name, X: at.X,
			Y: at.Y, Ring: p.Tied, Label: p.Label, Shade: p.Shade}}}
		switch {
		case p.Shade != nil:
			one.Name = p.Look
		case p.Look == string(picture.Failed):
			one.Name = "failed"
		default:
			one.Look, one.Small, one.Dots[0].Hollow = picture.Plain, true, true
			one.Name = "without a result yet"
		}
		if named[one.Name] {
			one.Name = ""
		}
		named[one.Name] = true
		marks = append(marks, one)
	}
	return marks
}
