package onnx

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// TestEncode holds the bytes of a model with one of everything, which the onnx package (1.23.2)
// reads as what was meant, field by field.
func TestEncode(t *testing.T) {
	m := Model{
		Producer: "p", Name: "g", Metadata: map[string]string{"b": "2", "a": "1"},
		Inputs: []Value{{"x", []int{300}}}, Outputs: []Value{{"y", []int{2}}},
		Weights: []Tensor{{"w", []int{300, 0}, nil}, {"c", []int{1}, []float32{1}}},
		Nodes: []Node{{"Gemm", []string{"x", "w"}, "y", []Attribute{{"alpha", float32(1)},
			{"transB", 1}, {"pads", []int{0, 1}}}}},
	}
	want := strings.Join([]string{
		"0808",   // IR version
		"120170", // producer
		"3a9801", // graph
		// node: inputs, output, name, operator
		"0a41", "0a0178" + "0a0177", "120179" + "1a0179" + "220447656d6d",
		"2a0f" + "0a05616c706861" + "150000803f" + "a00101",
		"2a0d" + "0a067472616e7342" + "1801" + "a00102",
		"2a0d" + "0a0470616473" + "4000" + "4001" + "a00107",
		"120167",
		"2a0c" + "08ac02" + "0800" + "1001" + "420177" + "4a00",
		"2a0d" + "0801" + "1001" + "420163" + "4a040000803f",
		"5a19" + "0a0178" + "1214" + "0a12" + "0801" + "120e" + "0a07" + "12056261746368" + "0a0308ac02",
		"6218" + "0a0179" + "1213" + "0a11" + "0801" + "120d" + "0a07" + "12056261746368" + "0a020802",
		"4202" + "1011",
		"7206" + "0a0161" + "120131", "7206" + "0a0162" + "120132",
	}, "")
	got := m.Encode()
	if hex.EncodeToString(got) != want {
		t.Errorf("got  %x\nwant %s", got, want)
	}
	if !bytes.Equal(got, m.Encode()) {
		t.Error("written again it is another file")
	}
}
