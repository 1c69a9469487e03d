package safetensors

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestInt32s: integers go through a file, in the byte order of the format, and others are refused.
func TestInt32s(t *testing.T) {
	want := []int32{0, -1, 258, math.MinInt32, math.MaxInt32, 7}
	text, err := File{Tensors: []Tensor{Int32s("labels", []int{2, 3}, want),
		Float32s("x", []int{1}, []float32{1})}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := file.Tensor("labels")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := labels.Int32s(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v (%v), want %v", got, err, want)
	}
	if !slices.Equal(labels.Data[8:12], []byte{2, 1, 0, 0}) {
		t.Errorf("258 is written as %v", labels.Data[8:12])
	}
	x, _ := file.Tensor("x")
	if _, err := x.Int32s(); err == nil || !strings.Contains(err.Error(), "F32, not I32") {
		t.Errorf("floats as integers: %v", err)
	}
	if _, err := file.Tensor("y"); err == nil || !strings.Contains(err.Error(), `no tensor "y"`) {
		t.Errorf("a tensor that is not there: %v", err)
	}
}
