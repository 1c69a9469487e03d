// Package thread sets up a thread of the processor for computing: denormal numbers, which take a
// hundred times longer than others, count as 0 (FTZ and DAZ), and a spin loop yields to the core's
// other thread.
package thread
