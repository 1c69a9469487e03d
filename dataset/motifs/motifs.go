// Package motifs draws a set of labelled colour pictures in which depth, width and resolution of a
// network each buy accuracy.
//
// Each of 16 classes is named by four cues with four values: the silhouette of an object, the
// texture on it, an emblem and its hue. The classes are laid out as an orthogonal array over the
// field GF(4), so that any two cues name the class. Every cue is replaced by a random value with a
// probability of its own: no shortcut reaches the top, each further cue that a network learns to
// read buys accuracy, and the ceiling is known (an observer who reads all four cues names 90.1 %;
// chance is 6.25 %). Hue is easy; texture needs resolution; the emblem needs local detectors; the
// silhouette needs a wide view.
//
// Picture i is a function of Version and i alone, with the same bytes on every platform.
package motifs

import (
	"gridsearch/internal/random"
)

// Version is part of every picture's seed: a change of the drawing raises it.
const Version = 1

// Size of the pictures, and how many are published: pictures 0 .. Train-1 to train on, Train ..
// Train+Test-1 to test.
const (
	Pixels   = 72
	Channels = 3
	Bytes    = Pixels * Pixels * Channels
	Train    = 12000
	Test     = 4000
)

// Values is the number of values of each cue; there are Values squared classes.
const (
	Values  = 4
	Classes = Values * Values
)

// Cue is one of the four signs of a class.
type Cue int

// The cues.
const (
	Silhouette Cue = iota
	Texture
	Emblem
	Hue
	cueCount
)

// Names of the cues' values, for class names and documentation.
var (
	textureNames = [Values]string{"stripes", "checks", "dots", "waves"}
	emblemNames  = [Values]string{"plus", "ring", "bars", "chevron"}
)

// replaced is the probability with which a cue takes a random value instead of its class's.
var replaced = [cueCount]float64{Silhouette: .15, Texture: .15, Emblem: .20, Hue: .30}

// Cues are the values of the four cues, 0..3 each.
type Cues [cueCount]int

// Code is the cues that name a class: with class = 4a + b, silhouette a, texture b, emblem a + b
// and hue a + 2b, added and multiplied in GF(4).
func Code(class int) Cues {
	a, b := class/Values, class%Values
	return Cues{Silhouette: a, Texture: b, Emblem: a ^ b, Hue: a ^ double[b]}
}

// double is multiplication by 2 in GF(4), whose addition is the exclusive or.
var double = [Values]int{0, 2, 3, 1}

// ClassName describes a class by two of its cues.
func ClassName(class int) string {
	c := Code(class)
	return emblemNames[c[Emblem]] + " on " + textureNames[c[Texture]]
}

// Label is the class of picture i: every 16 pictures in a row hold each class once.
func Label(i int) int { return i % Classes }

// Shown are the cues that picture i really shows.
func Shown(i int) Cues {
	s := random.New(Version, "motifs", "cues", i)
	cues := Code(Label(i))
	for c := range cues {
		other, at := s.IntN(Values), s.Float64()
		if at < replaced[c] {
			cues[c] = other
		}
	}
	return cues
}
