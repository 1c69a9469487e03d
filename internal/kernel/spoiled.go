//go:build spoiled

package kernel

import (
	"os"
	"strings"

	"gridsearch/internal/kernel/abi"
)

// A program built with the tag spoiled has wrong kernels, to test how it reacts: GRIDSEARCH_SPOIL
// names sets, as in avx2=wrong,avx512=illegal.
func init() {
	for _, word := range strings.Split(os.Getenv("GRIDSEARCH_SPOIL"), ",") {
		name, how, _ := strings.Cut(word, "=")
		for _, s := range Sets() {
			if s.Name == name {
				s.spoil(how)
			}
		}
	}
}

func (s *Set) spoil(how string) {
	affine := s.Table.Rows[abi.Affine]
	s.Table.Rows[abi.Affine] = func(a *abi.RowArgs) {
		if how == "illegal" {
			illegal()
		}
		affine(a)
		*a.P[0]++
	}
}
