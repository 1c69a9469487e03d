package nn

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"gridsearch/model"
)

var (
	dump = flag.String("dump", "", "folder to write a training step of a scaled B0 to, for "+
		"testdata/float64.py")
	width = flag.Float64("width", 1, "width coefficient of the dumped network")
	side  = flag.Int("pixels", 32, "pixels of the dumped network")
	count = flag.Int("batch", 16, "batch of the dumped network")
	split = flag.Int("threads", 1, "threads of the dumped network")
)

// TestDump writes a training step of EfficientNet-B0: its blocks, and images, labels, weights,
// logits and gradients as little-endian float32.
func TestDump(t *testing.T) {
	if *dump == "" {
		t.Skip("writes what testdata/float64.py compares with PyTorch in float64; run with -dump FOLDER")
	}
	arch, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	arch = arch.Scale(1, *width, 1, model.OfficialRounding())
	arch.Pixels, arch.Classes, arch.Dropout, arch.DropConnect = *side, 10, 0, 0
	p, err := NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	n, err := NewTrainer(arch, p, Options{Batch: *count, LabelSmoothing: .1, Threads: *split})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	copy(n.Images(), normals(len(n.Images()), "images"))
	for i := range n.Labels() {
		n.Labels()[i] = int32(i % arch.Classes)
	}
	loss := step(t, n, 0)
	shapes := map[string][]int{}
	for _, q := range p.List {
		shapes[q.Name] = q.Shape
		write(t, q.Name, q.Value)
		write(t, q.Name+".gradient", q.Grad)
	}
	write(t, "images", n.Images())
	write(t, "labels", n.Labels())
	write(t, "logits", n.Logits())
	text, err := json.Marshal(map[string]any{"blocks": arch.Blocks(), "shapes": shapes,
		"batch": *count, "pixels": *side, "epsilon": arch.BatchNormEpsilon, "loss": loss})
	if err == nil {
		err = os.WriteFile(filepath.Join(*dump, "step.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name string, numbers any) {
	t.Helper()
	var text bytes.Buffer
	_ = binary.Write(&text, binary.LittleEndian, numbers) // a buffer takes every write
	if err := os.WriteFile(filepath.Join(*dump, name), text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
