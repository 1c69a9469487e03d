// Package check compares the kernels of a set with their reference implementations in plain Go:
// briefly in every process that computes, as a processor may lack an instruction or have a fault,
// and at length in tests.
package check

import (
	"fmt"
	"math/rand/v2"

	"gridsearch/internal/kernel/abi"
)

// Case is one kernel on random operands.
type Case struct {
	Name string
	// Run compares the kernel with plain Go on an operand of a length: that of a row of channels,
	// of a vector, or of a row of a product.
	Run func(dice *rand.Rand, length int) error
}

// Cases are all kernels of a table of vectors of width floats.
func Cases(table *abi.Table, width int) []Case {
	var all []Case
	for _, cases := range [][]Case{
		products(table, width), packs(table, width), rows(table, width), flat(table),
		depthwise(table, width), probes(table),
	} {
		all = append(all, cases...)
	}
	return all
}

// Quick runs every kernel on a length that is a multiple of the vector's and on one that is not, in
// a few milliseconds altogether. Its error names the first kernel whose result is wrong.
func Quick(table *abi.Table, width int) error {
	dice := rand.New(rand.NewPCG(1, 2))
	for _, c := range Cases(table, width) {
		for _, length := range []int{3 * width, 2*width + width/2 + 1, width + 1} {
			if err := c.Run(dice, length); err != nil {
				return fmt.Errorf("kernel %s: %w", c.Name, err)
			}
		}
	}
	return nil
}
