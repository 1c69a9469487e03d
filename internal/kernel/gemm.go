package kernel

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// The products are gonum's Sgemm, whose inner loops are SSE assembly: measured 2 to 5 times faster than register-tiled Go at the shapes of small
// networks. Sgemm shares large products between goroutines; panels that stay below its limit keep a training on its own core.

// Sgemm adds up results by rows of B where B is as it is, and by dot products where B is transposed: the first is fast for long rows, the second
// for long sums. A small B is turned around where that makes the inner loop the longer one (measured: 3 times faster at 8 by 24).

// MatMul computes C = A B with A of shape [m, k], B [k, n] and C [m, n].
func MatMul(c, a, b []float32, m, n, k int) {
	if k > n && k*n <= turned {
		scratch := pool.Get().(*[turned]float32)
		defer pool.Put(scratch)
		transpose(scratch[:], b, k, n)
		rows(blas.Trans, c, a, scratch[:k*n], m, n, k)
		return
	}
	rows(blas.NoTrans, c, a, b, m, n, k)
}

// MatMulTB computes C = A B^T with A of shape [m, k], B [n, k] and C [m, n]: the gradient of a layer's input.
func MatMulTB(c, a, b []float32, m, n, k int) {
	if k < n && k*n <= turned {
		scratch := pool.Get().(*[turned]float32)
		defer pool.Put(scratch)
		transpose(scratch[:], b, n, k)
		rows(blas.NoTrans, c, a, scratch[:k*n], m, n, k)
		return
	}
	rows(blas.Trans, c, a, b, m, n, k)
}

// turned is the size of the largest B that is turned around.
const turned = 4096

// pool holds the memory for it: on the stack it cannot be, as Sgemm may hand its operands to goroutines.
var pool = sync.Pool{New: func() any { return new([turned]float32) }}

// transpose writes the [r, c] matrix a as [c, r].
func transpose(t, a []float32, r, c int) {
	for i := range r {
		for j, v := range a[i*c:][:c] {
			t[j*r+i] = v
		}
	}
}

func rows(tb blas.Transpose, c, a, b []float32, m, n, k int) {
	ldb, column := n, 1
	if tb == blas.Trans {
		ldb, column = k, k
	}
	panels(m, n, func(i, height, j, width int) {
		gonum.Implementation{}.Sgemm(blas.NoTrans, tb, height, width, k, 1, a[i*k:], k, b[j*column:], ldb, 0, c[i*n+j:], n)
	})
}

// MatMulTA computes C = A^T B with A of shape [k, m], B [k, n] and C [m, n]: the gradient of a weight matrix, summed over k rows.
func MatMulTA(c, a, b []float32, m, n, k int) {
	panels(m, n, func(i, height, j, width int) {
		gonum.Implementation{}.Sgemm(blas.Trans, blas.NoTrans, height, width, k, 1, a[i:], m, b[j:], n, 0, c[i*n+j:], n)
	})
}

// Sgemm starts goroutines from serialBlocks+1 blocks of blockSize x blockSize results on (gonum, blas/gonum/gonum.go).
const (
	blockSize    = 64
	serialBlocks = 3
)

// panels cuts m by n results into panels that Sgemm computes on its caller's goroutine.
func panels(m, n int, do func(i, height, j, width int)) {
	columns := min((n+blockSize-1)/blockSize, serialBlocks)
	height, width := serialBlocks/columns*blockSize, columns*blockSize
	for i := 0; i < m; i += height {
		for j := 0; j < n; j += width {
			do(i, min(height, m-i), j, min(width, n-j))
		}
	}
}
