package nn

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"gridsearch/internal/kernel"
	"gridsearch/model"
)

// reference holds what testdata/reference.py made with PyTorch.
type reference struct {
	Images, Logits, Evaluation   string
	Labels                       []int32
	Smoothing, Loss              float64
	Weights, Gradients           map[string]string
	RunningMean, RunningVariance string
}

func (r *reference) UnmarshalJSON(text []byte) error {
	type plain reference
	named := struct {
		*plain
		RunningMean     string `json:"running_mean"`
		RunningVariance string `json:"running_variance"`
	}{plain: (*plain)(r)}
	if err := json.Unmarshal(text, &named); err != nil {
		return err
	}
	r.RunningMean, r.RunningVariance = named.RunningMean, named.RunningVariance
	return nil
}

func floats(t *testing.T, text string) []float32 {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, len(data)/4)
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		t.Fatal(err)
	}
	return values
}

// distance is the norm of the difference, relative to that of the wanted values. The gradient of a
// beta before a batch norm is 0 but for rounding, so norms below 1e-3 count as 1e-3.
func distance(t *testing.T, name string, got, want []float32) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", name, len(got), len(want))
	}
	var difference, size float64
	for i, w := range want {
		difference += math.Pow(float64(got[i]-w), 2)
		size += float64(w) * float64(w)
	}
	return math.Sqrt(difference / max(size, 1e-6))
}

// every is a network with a block of every kind that MBConvs are not, with and without a skip and a
// shortcut.
func every() model.Architecture {
	return model.Architecture{
		Name: "every", InChannels: 3, Pixels: 33, Classes: 5, Activation: model.ReLU,
		Stem: model.Stem{Channels: 7, Kernel: 3, Stride: 2, Pool: true},
		Stages: []model.Stage{
			{Block: model.Conv, Expansion: 1, Channels: 8, Kernel: 3, Stride: 1, Repeats: 1},
			{Block: model.Separable, Expansion: 1, Channels: 10, Kernel: 3, Stride: 1, Repeats: 1},
			{Block: model.InvertedResidual, Expansion: 3, Channels: 10, Kernel: 3, Stride: 1,
				Repeats: 1, Activation: model.ReLU6},
			{Block: model.InvertedResidual, Expansion: 2, Channels: 12, Kernel: 3, Stride: 2,
				Repeats: 1, Activation: model.ReLU6},
			{Block: model.Basic, Expansion: 1, Channels: 12, Kernel: 3, Stride: 1, Repeats: 1},
			{Block: model.Basic, Expansion: 1, Channels: 14, Kernel: 3, Stride: 2, Repeats: 1},
			{Block: model.Bottleneck, Expansion: 4, Channels: 16, Kernel: 3, Stride: 1, Repeats: 2},
		},
		BatchNormEpsilon: 1e-3, BatchNormMomentum: .9,
	}
}

// TestAgainstPyTorch compares a training step with PyTorch's: logits, loss, every gradient, running
// statistics; and then the logits of evaluation. It does so for plain layers and for every set of
// kernels on one and two threads.
func TestAgainstPyTorch(t *testing.T) {
	swish := small()
	swish.Activation = model.HardSwish
	for file, arch := range map[string]model.Architecture{"reference": small(), "kinds": every(),
		"hard-swish": swish} {
		text, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var ref reference
		if err := json.Unmarshal(text, &ref); err != nil {
			t.Fatal(err)
		}
		t.Run(file+"/plain", func(t *testing.T) { ref.check(t, arch, Options{Plain: true}) })
		for _, set := range kernel.Sets() {
			for _, threads := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s/%s/%d", file, set.Name, threads),
					func(t *testing.T) { ref.check(t, arch, Options{Kernels: set, Threads: threads}) })
			}
		}
	}
}

func (r *reference) check(t *testing.T, arch model.Architecture, o Options) {
	arch.Dropout, arch.DropConnect = 0, 0
	p, err := NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.List) != len(r.Weights) {
		t.Fatalf("%d parameters, PyTorch has %d", len(p.List), len(r.Weights))
	}
	for _, q := range p.List {
		if n := copy(q.Value, floats(t, r.Weights[q.Name])); n != len(q.Value) {
			t.Fatalf("%s has %d numbers, PyTorch %d", q.Name, len(q.Value), n)
		}
	}
	near := func(what string, got []float32, want string, limit float64) {
		t.Helper()
		if d := distance(t, what, got, floats(t, want)); d > limit {
			t.Errorf("%s differs by %.2g", what, d)
		}
	}
	o.Batch, o.LabelSmoothing = len(r.Labels), r.Smoothing
	n, err := NewTrainer(arch, p, o)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	copy(n.Images(), floats(t, r.Images))
	copy(n.Labels(), r.Labels)
	if loss := step(t, n, 0); math.Abs(loss-r.Loss) > 1e-5 {
		t.Errorf("the loss is %v, PyTorch's %v", loss, r.Loss)
	}
	near("the output", n.Logits(), r.Logits, 1e-5)
	for _, q := range p.List {
		near("the gradient of "+q.Name, q.Grad, r.Gradients[q.Name], 1e-4)
	}
	last := p.Statistics[len(p.Statistics)-1]
	near("the running mean", last.Mean, r.RunningMean, 1e-4)
	near("the running variance", last.Variance, r.RunningVariance, 1e-4)
	e, err := NewEvaluator(arch, p, o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	copy(e.Images(), n.Images())
	step(t, e, 0)
	near("the output of evaluation", e.Logits(), r.Evaluation, 1e-5)
}
