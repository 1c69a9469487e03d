package plain

import (
	"fmt"
	"testing"
)

var gemmShapes = [][3]int{{1, 1, 1}, {2, 3, 5}, {7, 8, 24}, {5, 24, 8}, {33, 17, 6}, {64, 64, 64},
	{200, 40, 10}, {65, 193, 30}, {3, 300, 2}, {130, 7, 70}, {1, 23, 100}}

func TestMatMul(t *testing.T) {
	for _, s := range gemmShapes {
		m, n, k := s[0], s[1], s[2]
		a, b := numbers(m*k), numbers(k*n)
		at := func(i, j, l int) float64 { return float64(a[i*k+l]) * float64(b[l*n+j]) }
		ta := func(i, j, l int) float64 { return float64(a[l*m+i]) * float64(b[l*n+j]) }
		tb := func(i, j, l int) float64 { return float64(a[i*k+l]) * float64(b[j*k+l]) }
		for name, c := range map[string]struct {
			got  func(c []float32)
			term func(i, j, l int) float64
		}{
			"MatMul":   {func(c []float32) { MatMul(c, a, b, m, n, k) }, at},
			"MatMulTA": {func(c []float32) { MatMulTA(c, a, b, m, n, k) }, ta},
			"MatMulTB": {func(c []float32) { MatMulTB(c, a, b, m, n, k) }, tb},
		} {
			want := make([]float64, m*n)
			for i := range m {
				for j := range n {
					for l := range k {
						want[i*n+j] += c.term(i, j, l)
					}
				}
			}
			guarded(t, fmt.Sprint(name, s), want, 1e-5, c.got)
		}
	}
}

// TestMatMulDoesNotDependOnPlaces: the same numbers at other addresses give the same bits.
func TestMatMulDoesNotDependOnPlaces(t *testing.T) {
	for _, s := range gemmShapes {
		m, n, k := s[0], s[1], s[2]
		a, b := numbers(m*k), numbers(k*n)
		for name, f := range map[string]func(c, a, b []float32, m, n, k int){"MatMul": MatMul,
			"MatMulTA": MatMulTA, "MatMulTB": MatMulTB} {
			want := make([]float32, m*n)
			f(want, a, b, m, n, k)
			for shift := range 4 {
				moved := func(x []float32) []float32 {
					return append(make([]float32, shift, shift+len(x)), x...)[shift:]
				}
				got := moved(want)
				f(got, moved(a), moved(b), m, n, k)
				for i, v := range got {
					if v != want[i] {
						t.Fatalf("%s %v: result %d is %v when the operands move by %d, was %v",
							name, s, i, v, shift, want[i])
					}
				}
			}
		}
	}
}

func BenchmarkMatMul(b *testing.B) {
	for _, s := range [][3]int{{18432, 8, 24}, {18432, 24, 8}, {4608, 12, 36}, {4608, 36, 12},
		{8192, 20, 80}, {2048, 80, 20}} {
		m, n, k := s[0], s[1], s[2]
		x, y, w := numbers(m*k), numbers(m*n), numbers(k*n)
		out := make([]float32, max(m*k, m*n, k*n))
		for name, f := range map[string]func(){
			"forward": func() { MatMul(out, x, w, m, n, k) },
			"data":    func() { MatMulTB(out, y, w, m, k, n) },
			"weights": func() { MatMulTA(out, x, y, k, n, m) },
		} {
			b.Run(fmt.Sprint(name, s), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(2*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
