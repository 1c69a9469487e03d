// Package kernel chooses the vector kernels that training spends its time in: which instruction
// sets this processor has, which of them compute what they should, and how fast they are.
//
// A Set is the kernels of one instruction set: assembly for AVX-512 and for AVX2 with FMA (package
// amd64), and reference implementations in Go (package reference), which run everywhere and which
// the assembly is tested against. Package ops is how they are called.
package kernel

import (
	"fmt"
	"strings"
	"sync"

	"gridsearch/internal/kernel/ops"
	"gridsearch/internal/kernel/reference"
)

// Names of the sets. The results of two sets differ by rounding.
const (
	AVX512  = "avx512"
	AVX2    = "avx2"
	Generic = "generic"
)

// Variable is the environment variable that chooses a set by its name, for measurements and tests.
const Variable = "GRIDSEARCH_KERNELS"

// Set is the kernels of one instruction set, with the outcome of their check.
type Set struct {
	ops.Set
	check struct {
		once sync.Once
		err  error
	}
}

// generic is the set in plain Go, which every processor runs.
var generic = Set{Set: ops.Set{Name: Generic, Width: reference.Width, Table: reference.Table}}

// GenericSlowdown is how many times longer a training step takes with the Go set than with AVX2:
// measured as 26 to 30 on scaled B0, one AMD Zen 4 core.
const GenericSlowdown = 30

// Sets lists the sets that this processor can run, the fastest first. Generic is always there.
func Sets() []*Set { return append(native(), &generic) }

// Named finds a set that this processor can run.
func Named(name string) (*Set, error) {
	var names []string
	for _, s := range Sets() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("kernels %q are not here: this processor runs %s", name,
		strings.Join(names, ", "))
}
