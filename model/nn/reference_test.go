package nn

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"
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

// distance is the norm of the difference, relative to that of the wanted values. A shift before a batch norm has the gradient 0 and shows rounding
// alone, so norms below 1e-3 count as that.
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

// TestAgainstPyTorch compares a training step with PyTorch's: logits, loss, every gradient, running statistics; and then the logits of evaluation.
func TestAgainstPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref reference
	if err := json.Unmarshal(text, &ref); err != nil {
		t.Fatal(err)
	}
	arch := small()
	arch.Dropout, arch.DropConnect = 0, 0
	p, err := NewParameters(arch, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.List) != len(ref.Weights) {
		t.Fatalf("%d parameters, PyTorch has %d", len(p.List), len(ref.Weights))
	}
	for _, q := range p.List {
		if n := copy(q.Value, floats(t, ref.Weights[q.Name])); n != len(q.Value) {
			t.Fatalf("%s has %d numbers, PyTorch %d", q.Name, len(q.Value), n)
		}
	}
	n, err := NewTrainer(arch, p, Options{Batch: len(ref.Labels), LabelSmoothing: ref.Smoothing})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	copy(n.Images(), floats(t, ref.Images))
	copy(n.Labels(), ref.Labels)
	loss := step(t, n, 0)
	if math.Abs(loss-ref.Loss) > 1e-5 {
		t.Errorf("the loss is %v, PyTorch's %v", loss, ref.Loss)
	}
	if d := distance(t, "logits", n.Logits(), floats(t, ref.Logits)); d > 1e-5 {
		t.Errorf("the logits differ by %.2g", d)
	}
	for _, q := range p.List {
		if d := distance(t, q.Name, q.Grad, floats(t, ref.Gradients[q.Name])); d > 1e-4 {
			t.Errorf("the gradient of %s differs by %.2g", q.Name, d)
		}
	}
	last := p.Statistics[len(p.Statistics)-1]
	if d := distance(t, last.Name, last.Mean, floats(t, ref.RunningMean)); d > 1e-4 {
		t.Errorf("the running mean differs by %.2g", d)
	}
	if d := distance(t, last.Name, last.Variance, floats(t, ref.RunningVariance)); d > 1e-4 {
		t.Errorf("the running variance differs by %.2g", d)
	}
	e, err := NewEvaluator(arch, p, Options{Batch: n.Batch()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	copy(e.Images(), n.Images())
	step(t, e, 0)
	if d := distance(t, "evaluation", e.Logits(), floats(t, ref.Evaluation)); d > 1e-5 {
		t.Errorf("the logits of evaluation differ by %.2g", d)
	}
}
