package kernel

import (
	"math/rand/v2"
	"strings"
	"testing"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/check"
)

// TestKernels compares every kernel of every set with plain Go: all short lengths, tails, strides,
// gaps and alignments, guards before and after.
func TestKernels(t *testing.T) {
	eachSet(t, func(t *testing.T, s *Set) {
		dice := rand.New(rand.NewPCG(1, 2))
		for _, c := range check.Cases(&s.Table, s.Width) {
			for length := 1; length <= 100; length++ {
				if err := c.Run(dice, length); err != nil {
					t.Errorf("%s, length %d: %v", c.Name, length, err)
					break
				}
			}
		}
	})
}

// TestCheckFindsFaults: a kernel that computes a wrong result, writes outside its result, or leaves
// a part of it out is named.
func TestCheckFindsFaults(t *testing.T) {
	s := Sets()[0]
	product := s.Table.Tiles[2][0].Product
	for name, spoil := range map[string]func(*abi.Table){
		"kernel affine:": func(t *abi.Table) { t.Rows[abi.Affine] = t.Rows[abi.CopyRows] },
		"kernel scaleFlat:": func(t *abi.Table) {
			scale := t.Flat[abi.ScaleFlat]
			t.Flat[abi.ScaleFlat] = func(a *abi.RowArgs) { a.Cols++; scale(a) }
		},
		"kernel sgd:": func(t *abi.Table) {
			sgd := t.Flat[abi.SGD]
			t.Flat[abi.SGD] = func(a *abi.RowArgs) { a.Cols--; sgd(a) }
		},
		"kernel product": func(t *abi.Table) {
			t.Tiles[2] = append([]abi.Tile(nil), t.Tiles[2]...)
			t.Tiles[2][0].Product = func(a *abi.GemmArgs) { a.Depth--; product(a) }
		},
		"kernel copyMemory:": func(t *abi.Table) { t.Copy = func(*abi.ProbeArgs) {} },
	} {
		table := s.Table
		spoil(&table)
		if err := check.Quick(&table, s.Width); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s the fault is not found: %v", name, err)
		}
	}
	if err := check.Quick(&s.Table, s.Width); err != nil {
		t.Error(err)
	}
}

// BenchmarkCheck is the time that a worker spends on the check before its first run.
func BenchmarkCheck(b *testing.B) {
	for _, s := range Sets() {
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				if err := check.Quick(&s.Table, s.Width); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
