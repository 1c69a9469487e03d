// Package space has what lets readers of a page turn the figure of the space of width, depth and
// resolution, under the mouse, by fingers and by keys.
//
// The page has the figure as a still picture in <figure data-figure="space-3d"> with an element of
// the class picture, and beside it the scene in <script type="application/json">. The script puts a
// canvas in the still picture's place; without scripts, and on paper, the still picture stays.
package space

import _ "embed" // of the files below

// Script is the JavaScript, which runs once when the page is there.
//
//go:embed space.js
var Script string

// Style is the style sheet.
//
//go:embed space.css
var Style string
