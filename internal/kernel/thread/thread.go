// Package thread is what computing asks of a processor's thread: that numbers below the normal ones
// (denormals), which take a hundred times longer than others, count as 0, and that a spin loop
// leaves room for others.
package thread
