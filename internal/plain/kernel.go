// Package plain computes the layers of a convolutional network on []float32 in plain Go, on one
// goroutine and without allocation: the reference implementation of the fused blocks.
//
// Maps are NHWC and dense: rows of c channels, one row a pixel, and "rows" counts the pixels of a
// batch. Matrices are row-major. Every function overwrites all of its output, except those whose
// name ends in Add, and sums in a fixed order, so that equal inputs give equal bits. Slices must be
// at least as long as the shapes say; a shorter one panics. NaN and infinities propagate.
package plain

// Add adds x to y, element by element.
func Add(y, x []float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += x[i]
	}
}

// mulAdd adds the products of a and b to y.
func mulAdd(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] += a[i] * b[i]
	}
}

// AddBias adds a bias of c channels to every row of x.
func AddBias(x, bias []float32, rows, c int) {
	for r := range rows {
		Add(x[r*c:][:c], bias)
	}
}

// BiasGradient sums the rows of dy.
func BiasGradient(db, dy []float32, rows, c int) {
	db = db[:c]
	clear(db)
	for r := range rows {
		Add(db, dy[r*c:][:c])
	}
}

// ScaleExamples multiplies each example of x, of per elements, by its factor: y[n, i] = x[n, i] *
// factor[n]. y may be x.
func ScaleExamples(y, x, factor []float32, batch, per int) {
	for n := range batch {
		f, in, out := factor[n], x[n*per:][:per], y[n*per:][:per]
		for i, v := range in {
			out[i] = v * f
		}
	}
}
