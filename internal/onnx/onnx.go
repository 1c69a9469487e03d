// Package onnx writes networks as ONNX files: float32, opset 17, one graph whose inputs and outputs
// have a first dimension of any size.
//
// It writes what a convolutional network needs and reads nothing. A file is one protocol-buffer
// message; the numbers of its fields are those of onnx.proto, which has kept them since 2017.
package onnx

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Versions of the format: opset 17 (2022) is supported by every current runtime, with IR version 8.
const (
	Opset     = 17
	irVersion = 8
)

// Model is a file.
type Model struct {
	Producer        string // program that writes it
	Name            string // of the graph
	Metadata        map[string]string
	Inputs, Outputs []Value
	Weights         []Tensor
	Nodes           []Node // each behind those that it takes from
}

// Value is an input or output: [batch, Shape...], for any batch.
type Value struct {
	Name  string
	Shape []int
}

// Tensor is a constant.
type Tensor struct {
	Name   string
	Shape  []int
	Values []float32
}

// Node is an operation with one output, which is also its name.
type Node struct {
	Operator   string
	Inputs     []string
	Output     string
	Attributes []Attribute
}

// Attribute is a setting of an operation: an int, a float32 or an []int.
type Attribute struct {
	Name  string
	Value any
}

// Encode encodes the file: the same bytes for the same model.
func (m Model) Encode() []byte {
	var model, opset message
	model.integer(1, irVersion)
	model.text(2, m.Producer)
	model.bytes(7, m.graph())
	opset.integer(2, Opset) // of the domain "", ONNX's own
	model.bytes(8, opset)
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		var property message
		property.text(1, key)
		property.text(2, m.Metadata[key])
		model.bytes(14, property)
	}
	return model
}

func (m Model) graph() message {
	var graph message
	for _, n := range m.Nodes {
		graph.bytes(1, n.encode())
	}
	graph.text(2, m.Name)
	for _, t := range m.Weights {
		graph.bytes(5, t.encode())
	}
	for _, v := range m.Inputs {
		graph.bytes(11, v.encode())
	}
	for _, v := range m.Outputs {
		graph.bytes(12, v.encode())
	}
	return graph
}

// float32Type is TensorProto.DataType.FLOAT.
const float32Type = 1

func (v Value) encode() message {
	var batch, shape, tensor, kind, value message
	batch.text(2, "batch")
	shape.bytes(1, batch)
	for _, d := range v.Shape {
		var dimension message
		dimension.integer(1, d)
		shape.bytes(1, dimension)
	}
	tensor.integer(1, float32Type)
	tensor.bytes(2, shape)
	kind.bytes(1, tensor)
	value.text(1, v.Name)
	value.bytes(2, kind)
	return value
}

func (t Tensor) encode() message {
	var tensor message
	for _, d := range t.Shape {
		tensor.integer(1, d)
	}
	tensor.integer(2, float32Type)
	tensor.text(8, t.Name)
	data := make([]byte, 0, 4*len(t.Values))
	for _, v := range t.Values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	tensor.bytes(9, data)
	return tensor
}

func (n Node) encode() message {
	var node message
	for _, input := range n.Inputs {
		node.text(1, input)
	}
	node.text(2, n.Output)
	node.text(3, n.Output)
	node.text(4, n.Operator)
	for _, a := range n.Attributes {
		node.bytes(5, a.encode())
	}
	return node
}

// Attribute types (AttributeProto.AttributeType).
const (
	floatAttribute = 1
	intAttribute   = 2
	intsAttribute  = 7
)

func (a Attribute) encode() message {
	var attribute message
	attribute.text(1, a.Name)
	kind := 0
	switch v := a.Value.(type) {
	case float32:
		attribute.float(2, v)
		kind = floatAttribute
	case int:
		attribute.integer(3, v)
		kind = intAttribute
	case []int:
		for _, i := range v {
			attribute.integer(8, i)
		}
		kind = intsAttribute
	default:
		panic(fmt.Sprintf("onnx: attribute %s is a %T: use int, float32 or []int", a.Name, v))
	}
	attribute.integer(20, kind)
	return attribute
}

// message is an encoded protocol-buffer message: fields, each a number and a wire type, then a
// value.
type message []byte

// Wire types.
const (
	varint  = 0
	counted = 2
	fixed32 = 5
)

func (m *message) key(field, wire int) { *m = binary.AppendUvarint(*m, uint64(field<<3|wire)) }

func (m *message) integer(field, value int) {
	m.key(field, varint)
	*m = binary.AppendUvarint(*m, uint64(value))
}

func (m *message) float(field int, value float32) {
	m.key(field, fixed32)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(value))
}

func (m *message) bytes(field int, value []byte) {
	m.key(field, counted)
	*m = append(binary.AppendUvarint(*m, uint64(len(value))), value...)
}

func (m *message) text(field int, value string) { m.bytes(field, []byte(value)) }
