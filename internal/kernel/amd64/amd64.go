// Package amd64 holds the kernels in assembly, for AVX-512 and for AVX2 with FMA, and the register that makes denormal numbers zero. Folder _asm
// generates the assembly and its declarations. With build tag purego, and for other processors, the package is empty.
package amd64

//go:generate go run -C _asm . -group gemm -out ../gemm_amd64.s -declare ../gemm_amd64.go
//go:generate go run -C _asm . -group rows -out ../rows_amd64.s -declare ../rows_amd64.go
//go:generate go run -C _asm . -group flat -out ../flat_amd64.s -declare ../flat_amd64.go
//go:generate go run -C _asm . -group depthwise -out ../depthwise_amd64.s -declare ../depthwise_amd64.go
//go:generate go run -C _asm . -group machine -out ../machine_amd64.s -declare ../machine_amd64.go
