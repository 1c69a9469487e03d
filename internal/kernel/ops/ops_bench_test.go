package ops_test

import (
	"fmt"
	"testing"

	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/abi"
	"gridsearch/internal/kernel/ops"
)

// BenchmarkProduct reports which share of the core's peak the products of B0 reach on blocks that
// stay in the L2 cache.
func BenchmarkProduct(b *testing.B) {
	for _, s := range kernel.Sets() {
		peak := s.Measure().PeakGFLOPS
		for _, shape := range []struct{ rows, columns, depth int }{{480, 96, 16}, {480, 144, 24},
			{480, 240, 40}, {240, 480, 80}, {96, 672, 112}, {48, 1152, 192}, {240, 40, 240},
			{480, 24, 144}, {48, 320, 1152}, {480, 48, 8}, {480, 12, 48}} {
			k := s.New()
			a, c := ops.Floats(shape.rows*shape.depth), ops.Floats(shape.rows*k.Pad(shape.columns))
			p := k.NewPacked(shape.depth, shape.columns)
			g := ops.Floats(shape.depth * k.Pad(shape.columns))
			flops := 2 * float64(shape.rows) * float64(shape.columns) * float64(shape.depth)
			b.Run(fmt.Sprintf("%s/%dx%dx%d", s.Name, shape.rows, shape.columns, shape.depth),
				func(b *testing.B) {
					for b.Loop() {
						k.ProductPadded(ops.Dense(c, k.Pad(shape.columns)), ops.Dense(a, shape.depth), p, shape.rows)
					}
					report(b, flops, peak)
				})
			b.Run(fmt.Sprintf("%s/%dx%dx%d-TA", s.Name, shape.rows, shape.columns, shape.depth),
				func(b *testing.B) {
					for b.Loop() {
						k.ProductTA(ops.Dense(g, k.Pad(shape.columns)), ops.Dense(a, shape.depth),
							ops.Dense(c, k.Pad(shape.columns)), shape.rows, shape.depth, shape.columns, true)
					}
					report(b, flops, peak)
				})
		}
	}
}

func report(b *testing.B, flops, peak float64) {
	speed := flops * float64(b.N) / b.Elapsed().Seconds() / 1e9
	b.ReportMetric(speed, "GFLOP/s")
	b.ReportMetric(100*speed/peak, "%peak")
}

// BenchmarkRows measures the passes over rows on a block in the L2 cache, in numbers a
// nanosecond.
func BenchmarkRows(b *testing.B) {
	names := map[abi.RowKernel]string{abi.CopyRows: "copyRows", abi.AffineAdd: "affineAdd",
		abi.Moments: "moments", abi.Products: "products", abi.NormSiLU: "normSiLU",
		abi.NormSiLUSlope: "normSiLUSlope", abi.SlopeSiLUProducts: "slopeSiLUProducts",
		abi.MulProducts: "mulProducts"}
	for _, s := range kernel.Sets() {
		for _, c := range []int{12, 48, 96, 144, 672} {
			for kernel := range abi.RowKernels {
				name, ok := names[kernel]
				if !ok {
					continue
				}
				k, rows := s.New(), 32768/c
				var m []ops.Matrix
				for range 4 {
					m = append(m, ops.Dense(ops.Floats(rows*c), c))
				}
				par := s.NewParams(4, c)
				b.Run(fmt.Sprintf("%s/%s/%d", s.Name, name, c), func(b *testing.B) {
					for b.Loop() {
						k.Run(kernel, ops.Rows{Rows: rows, Channels: c}, par, 4, m...)
					}
					b.ReportMetric(float64(rows*c)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "numbers/ns")
				})
			}
		}
	}
}

// BenchmarkDepthwise measures the depthwise kernels on a band in the L2 cache.
func BenchmarkDepthwise(b *testing.B) {
	for _, s := range kernel.Sets() {
		peak := s.Measure().PeakGFLOPS
		for _, w := range []abi.Window{{Kernel: 3, Stride: 1}, {Kernel: 3, Stride: 2},
			{Kernel: 5, Stride: 1}, {Kernel: 5, Stride: 2}} {
			for _, size := range []int{14, 12, 8, 4} {
				const channels = 96
				k, in := s.New(), w.Reach(size)
				x, y, dw := ops.Floats(in*in*channels), ops.Floats(size*size*channels),
					ops.Floats(w.Kernel*w.Kernel*channels)
				flops := 2 * float64(size*size*channels*w.Kernel*w.Kernel)
				b.Run(fmt.Sprintf("%s/%ds%d/%d", s.Name, w.Kernel, w.Stride, size), func(b *testing.B) {
					for b.Loop() {
						k.Depthwise(ops.Map{y, size * channels, 0}, ops.Map{x, in * channels, 0}, dw,
							w.Kernel, w.Stride, ops.Area{1, size, size, channels})
					}
					report(b, flops, peak)
				})
				b.Run(fmt.Sprintf("%s/%ds%d/%d-weights", s.Name, w.Kernel, w.Stride, size), func(b *testing.B) {
					for b.Loop() {
						k.DepthwiseWeights(dw, ops.Map{y, size * channels, 0}, ops.Map{x, in * channels, 0},
							w.Kernel, w.Stride, ops.Area{1, size, size, channels})
					}
					report(b, flops, peak)
				})
			}
		}
	}
}
