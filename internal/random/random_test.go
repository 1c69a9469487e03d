package random

import (
	"math"
	"slices"
	"testing"
)

// TestStreamIsFixed pins the first numbers: results of studies depend on them.
func TestStreamIsFixed(t *testing.T) {
	want := []uint64{0xdfade70ecae141a8, 0x5f9e665a8effe4ec}
	for range 2 {
		s := New(1, "order", 3)
		if got := []uint64{s.Uint64(), s.Uint64()}; !slices.Equal(got, want) {
			t.Fatalf("drew %#x, want %#x", got, want)
		}
	}
}

func TestNamesAreApart(t *testing.T) {
	paths := [][]any{{}, {"a"}, {"ab"}, {"a", "b"}, {"b", "a"}, {1}, {"1"}, {1, 2}, {12}, {"a", 1},
		{"a1"}}
	seen := map[uint64][]any{}
	for _, path := range paths {
		v := Seed(7, path...)
		if other, ok := seen[v]; ok {
			t.Errorf("%v and %v are one stream", path, other)
		}
		seen[v] = path
	}
	if Seed(7, "a") == Seed(8, "a") {
		t.Error("two seeds give one stream")
	}
}

func TestMoments(t *testing.T) {
	const n = 200000
	s := New(1, "moments")
	var uniform, norm, square float64
	for range n {
		uniform += s.Float64()
		v := s.Norm()
		norm += v
		square += v * v
	}
	// Four standard errors of each mean.
	for _, c := range []struct {
		name            string
		got, want, band float64
	}{
		{"uniform mean", uniform / n, .5, 4 * math.Sqrt(1./12/n)},
		{"normal mean", norm / n, 0, 4 / math.Sqrt(n)},
		{"normal variance", square / n, 1, 4 * math.Sqrt(2./n)},
	} {
		if math.Abs(c.got-c.want) > c.band {
			t.Errorf("%s is %.4f, want %.4f within %.4f", c.name, c.got, c.want, c.band)
		}
	}
}

func TestIntNAndPerm(t *testing.T) {
	s := New(1, "ints")
	var counts [7]int
	for range 70000 {
		counts[s.IntN(7)]++
	}
	for i, c := range counts {
		if c < 9600 || c > 10400 { // 10000 +- 4 standard deviations of 93
			t.Errorf("%d was drawn %d times of 70000", i, c)
		}
	}
	p := s.Perm(100)
	sorted := slices.Sorted(slices.Values(p))
	for i, v := range sorted {
		if v != i {
			t.Fatalf("not a permutation: %v", p)
		}
	}
}
