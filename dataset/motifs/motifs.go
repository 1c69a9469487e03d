// Package motifs draws a set of labelled colour pictures in which depth, width and resolution of a
// network each buy accuracy.
//
// Each of 16 classes is identified by four cues with four values each: the silhouette of an object,
// the texture on it, an emblem and its hue. The classes are an orthogonal array over the field
// GF(4), so that any two cues identify the class. Every cue is replaced by a random value with a
// probability of its own: no single cue suffices, each further cue that a network learns to
// recognise increases the accuracy, and the maximum is known (a classifier that recognises all four
// cues reaches 90.1 %; chance is 6.25 %). Hue is easy; texture needs resolution; the emblem needs
// local detectors; the silhouette needs a large receptive field.
//
// Picture i is a function of Version and i alone, with the same bytes on every platform.
package motifs

import (
	"gridsearch/internal/random"
)

// Version is part of every picture's seed: a change of the drawing raises it.
const Version = 1

// Size of the pictures, and their number: pictures 0 .. Train-1 are for training, Train ..
// Train+Test-1 for testing.
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

// Cue is one of the four features that identify a class.
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

// Code is the cues of a class: with class = 4a + b, silhouette a, texture b, emblem a + b and hue a
// + 2b, added and multiplied in GF(4).
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

// Label is the class of picture i: any 16 consecutive pictures contain each class once.
func Label(i int) int { return i % Classes }

// Shown are the cues that picture i shows, after random replacement.
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
