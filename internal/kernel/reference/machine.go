package reference

import (
	"runtime"

	"gridsearch/internal/kernel/abi"
)

// peak does as many multiply-adds as Go can keep in registers.
func peak(a *abi.ProbeArgs) {
	var s [8]float32
	factor := float32(0)
	for range a.N {
		for range abi.ProbeRounds * Width / len(s) {
			s[0] += factor * factor
			s[1] += factor * factor
			s[2] += factor * factor
			s[3] += factor * factor
			s[4] += factor * factor
			s[5] += factor * factor
			s[6] += factor * factor
			s[7] += factor * factor
		}
	}
	runtime.KeepAlive(s) // so that the compiler leaves nothing out
}

func readMemory(a *abi.ProbeArgs) {
	var s [4]float32
	for piece := range a.N {
		x := floats(a.From, 4*abi.ProbePiece*piece, abi.ProbePiece)
		for i := 0; i+4 <= len(x); i += 4 {
			s[0] += x[i]
			s[1] += x[i+1]
			s[2] += x[i+2]
			s[3] += x[i+3]
		}
	}
	runtime.KeepAlive(s)
}

func copyMemory(a *abi.ProbeArgs) {
	for piece := range a.N {
		copy(floats(a.To, 4*abi.ProbePiece*piece, abi.ProbePiece),
			floats(a.From, 4*abi.ProbePiece*piece, abi.ProbePiece))
	}
}
