package nn

import (
	"runtime"
	"testing"

	"gridsearch/model"
)

// garbageLimit is what a step of B0 may leave for the garbage collector: Gorgonia's bookkeeping of
// 75 nodes and closures; no tensor is among them.
const garbageLimit = 32 << 10

// TestStepAllocatesNoTensor counts the bytes that a training step of B0's 18 blocks allocates.
func TestStepAllocatesNoTensor(t *testing.T) {
	arch, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	arch = arch.Scale(1, .25, 1, model.OfficialRounding())
	arch.Pixels, arch.Classes, arch.DropConnect = 24, 10, .2
	n, _ := trainer(t, arch, 8)
	step(t, n, 0)
	const steps = 8
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range steps {
		step(t, n, 1+i)
	}
	runtime.ReadMemStats(&after)
	if bytes := (after.TotalAlloc - before.TotalAlloc) / steps; bytes > garbageLimit {
		t.Errorf("a step allocates %d bytes, more than %d", bytes, garbageLimit)
	}
}
