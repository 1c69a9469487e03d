// Package picture describes figures as plain values: panels with axes, and marks in their units. It
// draws nothing, and knows no colours: package plots does.
package picture

import "image"

// Picture is a figure as plain values: what package plots draws. Its parts know families and
// intervals, no colours and no points of type.
type Picture struct {
	Title   string // what is shown, in a line
	Note    string // of what, such as the study's name; may have several lines
	Panels  []Panel
	Columns int    // panels beside each other; 0 for all
	Wide    bool   // takes a page's width, not a column's
	Aligned bool   // panels share the ranges of their axes
	X       string // one label below all panels, in place of one below each
	Scale   *Scale // of marks with a shade

	// What the legend says of marks that several series have; empty where there are none.
	Rings  string // around dots
	Hollow string // dots
	Bars   string // at dots
}

// Panel is a part of a picture with axes of its own. Marks that come later lie above earlier ones.
type Panel struct {
	Title  string
	X, Y   Axis
	Equal  bool    // a unit is as long on both axes, as for shapes
	Height float64 // mm of the axes' height; 0 for the default
	Marks  []Mark
}

// Axis is an axis of a panel.
type Axis struct {
	Label   string
	Kind    Kind
	Names   []string  // of Names, at 0, 1, 2: from the left, or from the top
	Include []float64 // values that must be within
	Last    float64   // of Whole: no tick is beyond; 0 for all that there is room for
}

// Kind is how an axis places values.
type Kind int

// The kinds of axes.
const (
	Linear Kind = iota
	Log         // logarithmic, with SI prefixes: costs
	Whole       // linear with ticks at integers: epochs
	Names       // a place for each name
	Clock       // seconds, as 1h30
	Hidden      // linear, not drawn
	Exact       // as Hidden, with no room around the values: mm, where so many are in a panel
)

// Scale is what shades from 0 to 1 mean.
type Scale struct {
	Label     string
	Low, High float64
}

// Share is the part of the scale that lies below a value, 0 to 1; a half where the scale is one value.
// The value is rounded first: some processors would fuse what it is computed by with the difference,
// and an end of the scale would miss it by a bit.
func (s Scale) Share(v float64) float64 {
	if s.High <= s.Low {
		return .5
	}
	return (float64(v) - s.Low) / (s.High - s.Low)
}

// Look is how marks are drawn: the house style has a colour and a shape for each.
type Look string

// The looks. Families have those of their names.
const (
	Base       Look = "base"
	Width      Look = "width"
	Depth      Look = "depth"
	Resolution Look = "resolution"
	Compound   Look = "compound"
	Plain      Look = ""      // black lines, grey dots: the grid
	Faint      Look = "faint" // in the background
	White      Look = "white" // as the ground: edges between areas

	Published Look = "published" // of the literature
	Known     Look = "known"     // of the literature too: what all is held against
	Grid      Look = "mesh"      // lines of a grid or a mesh, which labels may cross
	Failed    Look = "failed"
)

// Accents are looks for series that are told apart by nothing but their order.
var Accents = []Look{"first", "second", "third", "fourth", "fifth", "sixth", "seventh"}

// Accent is the look of the i-th series.
func Accent(i int) Look { return Accents[i%len(Accents)] }

// Name is what a legend calls trials of a look: those of no family are of the grid.
func (l Look) Name() string {
	if l == Plain {
		return "grid"
	}
	return string(l)
}

// Mark is a part of a panel: Dots, Line, Area, Rule, Text, Boxes or Raster.
type Mark interface{ mark() }

// Span is an interval on an axis.
type Span struct{ Low, High float64 }

// XY is a place in a panel, in the units of its axes.
type XY struct{ X, Y float64 }

// Dots are a series of points.
type Dots struct {
	Name  string // in the legend; empty for none
	Look  Look
	Dots  []Dot
	Small bool
}

// Dot is a point with what stands beside it.
type Dot struct {
	Name         string // what it stands for, such as a trial
	X, Y         float64
	XSpan, YSpan *Span    // bars; nil for none
	Label        string   // written beside it where there is room
	Ring         bool     // around it
	Hollow       bool     // its inside is empty
	Shade        *float64 // 0 to 1 on the picture's scale, in place of the look's colour
}

// Line joins points.
type Line struct {
	Name   string
	Look   Look
	Points []XY
	Dashed bool
	Solid  bool // without the dash that its look has
	Thin   bool
}

// Area is a filled shape.
type Area struct {
	Name    string
	Look    Look
	Points  []XY
	Opacity float64  // 0 to 1; 0 for a band's, or for 1 with a shade
	Shade   *float64 // as a dot's
	Edge    bool     // with a line around it
}

// Rule is a line across the whole panel: at a value, or along y = x.
type Rule struct {
	Name     string // in the legend
	Label    string // written at it
	Look     Look
	At       float64
	Vertical bool
	Equality bool // y = x
}

// Text is written at a place.
type Text struct {
	At    XY
	Text  string
	Look  Look
	Align float64 // part of the text left of the place: 0, .5 or 1
	Rise  float64 // part of the text below the place: 0, .5 or 1
	Turn  float64 // degrees, against the clock
	Small bool

	// Width, in the units of the x axis, and Lines are what there is room for: longer text is
	// broken at spaces, and cut where it is longer still. 0 is any width, and one line.
	Width float64
	Lines int
}

// Boxes are rectangles, such as spans of time.
type Boxes struct {
	Name  string
	Look  Look
	Boxes []Box
}

// Box is a rectangle.
type Box struct {
	Name  string
	X, Y  Span
	Label string // written inside where there is room
}

// Raster is a picture between two corners.
type Raster struct {
	Image    image.Image
	Low, Top XY // of the lower left corner, and the upper right
}

func (Dots) mark()   {}
func (Line) mark()   {}
func (Area) mark()   {}
func (Rule) mark()   {}
func (Text) mark()   {}
func (Boxes) mark()  {}
func (Raster) mark() {}
