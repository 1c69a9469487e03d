package train

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gridsearch/internal/safetensors"
	"gridsearch/model/layer"
	"gridsearch/model/weights"
)

var dump = flag.String("dump", "", "folder with network.safetensors, data.safetensors and "+
	"recipe.json, to write what a training with them does to, for testdata/peers/numerics.py")

// TestDump makes steps at a constant rate from a parameter file, on the batches of
// data.safetensors: images [steps, batch, channels, pixels, pixels] and labels [steps, batch]. It
// writes step.json, the loss of each step and the logits of the first, and the first step's
// gradients by torchvision's names.
func TestDump(t *testing.T) {
	if *dump == "" {
		t.Skip("writes what testdata/peers/numerics.py compares with PyTorch; run with -dump FOLDER")
	}
	var r Recipe
	if err := json.Unmarshal(input(t, "recipe.json"), &r); err != nil {
		t.Fatal(err)
	}
	n, err := weights.Decode(input(t, "network.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := NewTrainer(n.Architecture, r, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for i, p := range trainer.params.List {
		copy(p.Value, n.Parameters.List[i].Value)
	}
	images, labels := batches(t)
	var losses []float64
	var logits []float32
	for step := range len(labels) / r.BatchSize {
		size, pixels := len(trainer.Images())/r.BatchSize, n.Architecture.Pixels*n.Architecture.Pixels
		for i := range r.BatchSize {
			image := images[(step*r.BatchSize+i)*size:][:size]
			for j, v := range image {
				trainer.Images()[i*size+j%pixels*n.Architecture.InChannels+j/pixels] = v
			}
			trainer.Labels()[i] = int32(labels[step*r.BatchSize+i])
		}
		loss, err := trainer.Step(step, r.LearningRate)
		if err != nil {
			t.Fatal(err)
		}
		if losses = append(losses, loss); step == 0 {
			logits = slices.Clone(trainer.network.Logits())
			writeGradients(t, n, trainer.params)
		}
	}
	text, err := json.Marshal(map[string]any{"losses": losses, "logits": logits})
	if err == nil {
		err = os.WriteFile(filepath.Join(*dump, "step.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func input(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(*dump, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func batches(t *testing.T) (images, labels []float32) {
	t.Helper()
	file, err := safetensors.Decode(input(t, "data.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range file.Tensors {
		numbers, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		if tensor.Name == "labels" {
			labels = numbers
		} else {
			images = numbers
		}
	}
	return images, labels
}

// writeGradients writes the gradients as if they were a network's parameters.
func writeGradients(t *testing.T, n weights.Network, p *layer.Parameters) {
	t.Helper()
	n.Parameters = p.Clone()
	for i, q := range n.Parameters.List {
		copy(q.Value, p.List[i].Grad)
	}
	text, err := n.Safetensors(weights.Torchvision)
	if err == nil {
		err = os.WriteFile(filepath.Join(*dump, "gradients.safetensors"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
