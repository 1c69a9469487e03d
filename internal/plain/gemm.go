package plain

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Products with long rows use gonum's Sgemm, whose inner loop, axpy over a row of B, is SSE
// assembly. Products with short rows use the tiles below. Sgemm's form for a transposed B is not
// used: the order in which it adds up dot products depends on the addresses of the operands, and a
// resumed training would not have the same bits as an uninterrupted one.

// shortRow is the row length below which tiles are faster (measured: 2 times at 8, as fast at 24).
const shortRow = 24

// MatMul computes C = A B with A of shape [m, k], B [k, n] and C [m, n].
func MatMul(c, a, b []float32, m, n, k int) {
	if n >= shortRow {
		sgemm(blas.NoTrans, c, a, b, m, n, k)
		return
	}
	withTranspose(b, k, n, func(t []float32) { tiles(c, a, t, m, n, k) })
}

// MatMulTB computes C = A B^T with A of shape [m, k], B [n, k] and C [m, n]: the gradient of a
// layer's input.
func MatMulTB(c, a, b []float32, m, n, k int) {
	if n < shortRow {
		tiles(c, a, b, m, n, k)
		return
	}
	withTranspose(b, n, k, func(t []float32) { sgemm(blas.NoTrans, c, a, t, m, n, k) })
}

// MatMulTA computes C = A^T B with A of shape [k, m], B [k, n] and C [m, n]: the gradient of a
// weight matrix, summed over k rows.
func MatMulTA(c, a, b []float32, m, n, k int) {
	if n >= m || n >= shortRow {
		sgemm(blas.Trans, c, a, b, m, n, k)
		return
	}
	// The transposed result has the longer rows.
	withScratch(m*n, func(t []float32) {
		sgemm(blas.Trans, t, b, a, n, m, k)
		transpose(c, t, n, m)
	})
}

// pool holds the memory of transposed matrices. They cannot be on the stack, as Sgemm may hand its
// operands to goroutines.
var pool = sync.Pool{New: func() any { return new([]float32) }}

func withScratch(size int, use func([]float32)) {
	scratch := pool.Get().(*[]float32)
	defer pool.Put(scratch)
	if len(*scratch) < size {
		*scratch = make([]float32, size)
	}
	use((*scratch)[:size])
}

// withTranspose calls use with the [r, c] matrix a as [c, r].
func withTranspose(a []float32, r, c int, use func([]float32)) {
	withScratch(r*c, func(t []float32) {
		transpose(t, a, r, c)
		use(t)
	})
}

func transpose(t, a []float32, r, c int) {
	for i := range r {
		for j, v := range a[i*c:][:c] {
			t[j*r+i] = v
		}
	}
}

// sgemm cuts the product into panels that Sgemm computes on its caller's goroutine, so that a
// training uses one core.
func sgemm(ta blas.Transpose, c, a, b []float32, m, n, k int) {
	lda, row := k, k
	if ta == blas.Trans {
		lda, row = m, 1
	}
	columns := min((n+blockSize-1)/blockSize, serialBlocks)
	height, width := serialBlocks/columns*blockSize, columns*blockSize
	for i := 0; i < m; i += height {
		for j := 0; j < n; j += width {
			gonum.Implementation{}.Sgemm(ta, blas.NoTrans, min(height, m-i), min(width, n-j), k, 1,
				a[i*row:], lda, b[j:], n, 0, c[i*n+j:], n)
		}
	}
}

// Sgemm starts goroutines from serialBlocks+1 blocks of blockSize x blockSize results on (gonum,
// blas/gonum/gonum.go).
const (
	blockSize    = 64
	serialBlocks = 3
)

// tiles computes C = A B^T with A of shape [m, k] and B [n, k], two rows by four columns at a time:
// their eight sums stay in registers.
func tiles(c, a, b []float32, m, n, k int) {
	for i := 0; i < m; i += 2 {
		a0 := a[i*k:][:k]
		a1, c1 := a0, c[i*n:] // an odd last row is computed twice
		if i+1 < m {
			a1, c1 = a[(i+1)*k:][:k], c[(i+1)*n:]
		}
		c0 := c[i*n:]
		j := 0
		for ; j+4 <= n; j += 4 {
			tile(c0[j:], c1[j:], a0, a1, b[j*k:][:k], b[(j+1)*k:][:k], b[(j+2)*k:][:k], b[(j+3)*k:][:k])
		}
		for ; j < n; j++ {
			bj := b[j*k:][:k]
			var s0, s1 float32
			for l, v := range bj {
				s0 += a0[l] * v
				s1 += a1[l] * v
			}
			c0[j], c1[j] = s0, s1
		}
	}
}

func tile(c0, c1, a0, a1, b0, b1, b2, b3 []float32) {
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	a1, b0, b1, b2, b3 = a1[:len(a0)], b0[:len(a0)], b1[:len(a0)], b2[:len(a0)], b3[:len(a0)]
	for l, v := range a0 {
		w := a1[l]
		s00 += v * b0[l]
		s01 += v * b1[l]
		s02 += v * b2[l]
		s03 += v * b3[l]
		s10 += w * b0[l]
		s11 += w * b1[l]
		s12 += w * b2[l]
		s13 += w * b3[l]
	}
	c0, c1 = c0[:4], c1[:4]
	c0[0], c0[1], c0[2], c0[3] = s00, s01, s02, s03
	c1[0], c1[1], c1[2], c1[3] = s10, s11, s12, s13
}
