package ops

import "gridsearch/internal/kernel/abi"

// Data is a packed matrix's memory.
func (p *Packed) Data() []float32 { return p.data }

// Run calls a kernel on rows by its name.
func (k *Kernels) Run(kernel abi.RowKernel, n Rows, par Params, params int, m ...Matrix) {
	k.run(kernel, n, par, params, m...)
}
