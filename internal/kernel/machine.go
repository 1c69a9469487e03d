package kernel

import (
	"math"
	"time"

	"gridsearch/internal/kernel/abi"
)

// Machine is the measured speed of one core of this machine with a set.
type Machine struct {
	PeakGFLOPS float64 `json:"peak_gflops"` // multiply-adds from registers, two operations each
	ReadGBs    float64 `json:"read_gb_s"`   // reading memory
	CopyGBs    float64 `json:"copy_gb_s"`   // non-temporal stores; bytes read plus written
}

// memorySize in floats is larger than one core's share of any cache: 64 MiB.
const memorySize = 16 << 20

// Measure measures one core in about a quarter of a second. It takes the best of several tries, as
// whatever else runs can only slow it down.
func (s *Set) Measure() Machine {
	const rounds = 200_000
	from, to := abi.Floats(memorySize), abi.Floats(memorySize)
	for i := range from {
		// The kernel maps memory that was never written to one page of zeros, which would be read
		// from the L1 cache.
		from[i] = 1
	}
	gigabytes := float64(4*memorySize) / 1e9
	a := &abi.ProbeArgs{N: rounds}
	peak := fastest(20, func() {
		*a = abi.ProbeArgs{N: rounds}
		s.Table.Peak(a)
	})
	read := fastest(5, func() {
		*a = abi.ProbeArgs{From: &from[0], N: memorySize / abi.ProbePiece}
		s.Table.Read(a)
	})
	copied := fastest(5, func() {
		*a = abi.ProbeArgs{To: &to[0], From: &from[0], N: memorySize / abi.ProbePiece}
		s.Table.Copy(a)
	})
	return Machine{PeakGFLOPS: float64(2*s.Width*abi.ProbeRounds*rounds) / peak / 1e9,
		ReadGBs: gigabytes / read, CopyGBs: 2 * gigabytes / copied}
}

// fastest is the shortest of n times, in seconds.
func fastest(n int, f func()) float64 {
	best := math.Inf(1)
	for range n {
		began := time.Now()
		f()
		best = min(best, time.Since(began).Seconds())
	}
	return best
}
