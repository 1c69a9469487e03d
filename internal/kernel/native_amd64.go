//go:build !purego

package kernel

import (
	"slices"

	"golang.org/x/sys/cpu"

	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/amd64"
	"gridsearch/internal/kernel/ops"
	"gridsearch/internal/kernel/reference"
)

// written are the sets with assembly, by their names in package amd64.
var written = map[string]*Set{
	"AVX512": {Set: ops.Set{Name: AVX512, Width: 16, Table: completed(amd64.AVX512)}},
	"AVX2":   {Set: ops.Set{Name: AVX2, Width: 8, Table: completed(amd64.AVX2)}},
}

// completed is a table in which each kernel on rows without assembly is its reference.
func completed(table abi.Table) abi.Table {
	for i, kernel := range table.Rows {
		if kernel == nil {
			table.Rows[i] = reference.Table.Rows[i]
		}
	}
	return table
}

// extensions are the instruction set extensions that this processor and its operating system have.
var extensions = map[string]bool{
	"AVX":      cpu.X86.HasAVX,
	"AVX2":     cpu.X86.HasAVX2,
	"FMA3":     cpu.X86.HasFMA,
	"AVX512F":  cpu.X86.HasAVX512F,
	"AVX512DQ": cpu.X86.HasAVX512DQ,
	"AVX512VL": cpu.X86.HasAVX512VL,
}

// native lists the sets with assembly all of whose extensions are here, the fastest first.
func native() []*Set {
	var sets []*Set
	for _, s := range amd64.Sets {
		if !slices.ContainsFunc(s.Extensions, func(e string) bool { return !extensions[e] }) {
			sets = append(sets, written[s.Name])
		}
	}
	return sets
}
