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

	"gridsearch/internal/protobuf"
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
	var model, opset protobuf.Message
	model.Int(1, irVersion)
	model.Text(2, m.Producer)
	model.Bytes(7, m.graph())
	opset.Int(2, Opset) // of the domain "", ONNX's own
	model.Bytes(8, opset)
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		var property protobuf.Message
		property.Text(1, key)
		property.Text(2, m.Metadata[key])
		model.Bytes(14, property)
	}
	return model
}

func (m Model) graph() protobuf.Message {
	var graph protobuf.Message
	for _, n := range m.Nodes {
		graph.Bytes(1, n.encode())
	}
	graph.Text(2, m.Name)
	for _, t := range m.Weights {
		graph.Bytes(5, t.encode())
	}
	for _, v := range m.Inputs {
		graph.Bytes(11, v.encode())
	}
	for _, v := range m.Outputs {
		graph.Bytes(12, v.encode())
	}
	return graph
}

// float32Type is TensorProto.DataType.FLOAT.
const float32Type = 1

func (v Value) encode() protobuf.Message {
	var batch, shape, tensor, kind, value protobuf.Message
	batch.Text(2, "batch")
	shape.Bytes(1, batch)
	for _, d := range v.Shape {
		var dimension protobuf.Message
		dimension.Int(1, d)
		shape.Bytes(1, dimension)
	}
	tensor.Int(1, float32Type)
	tensor.Bytes(2, shape)
	kind.Bytes(1, tensor)
	value.Text(1, v.Name)
	value.Bytes(2, kind)
	return value
}

func (t Tensor) encode() protobuf.Message {
	var tensor protobuf.Message
	for _, d := range t.Shape {
		tensor.Int(1, d)
	}
	tensor.Int(2, float32Type)
	tensor.Text(8, t.Name)
	data := make([]byte, 0, 4*len(t.Values))
	for _, v := range t.Values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	tensor.Bytes(9, data)
	return tensor
}

func (n Node) encode() protobuf.Message {
	var node protobuf.Message
	for _, input := range n.Inputs {
		node.Text(1, input)
	}
	node.Text(2, n.Output)
	node.Text(3, n.Output)
	node.Text(4, n.Operator)
	for _, a := range n.Attributes {
		node.Bytes(5, a.encode())
	}
	return node
}

// Attribute types (AttributeProto.AttributeType).
const (
	floatAttribute = 1
	intAttribute   = 2
	intsAttribute  = 7
)

func (a Attribute) encode() protobuf.Message {
	var attribute protobuf.Message
	attribute.Text(1, a.Name)
	kind := 0
	switch v := a.Value.(type) {
	case float32:
		attribute.Float32(2, v)
		kind = floatAttribute
	case int:
		attribute.Int(3, v)
		kind = intAttribute
	case []int:
		for _, i := range v {
			attribute.Int(8, i)
		}
		kind = intsAttribute
	default:
		panic(fmt.Sprintf("onnx: attribute %s is a %T: use int, float32 or []int", a.Name, v))
	}
	attribute.Int(20, kind)
	return attribute
}
