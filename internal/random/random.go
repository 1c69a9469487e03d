// Package random provides named streams of random numbers.
//
// Every random draw of a study is a function of a seed and of names: the purpose, and what it is
// drawn for (an epoch, an example, a layer, a step). There is no generator state to save: a run
// that is killed and resumed opens the same streams again and draws the same numbers. Streams with
// different names are independent for all practical purposes, because a SHA-256 of the names seeds
// each. The numbers are the same on every platform.
package random

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"gridsearch/internal/portable"
)

// Stream is a sequence of random numbers. It is not safe for concurrent use.
type Stream struct{ source rand.PCG }

// New opens the stream of a seed and a path of names; a name is a string or an int. It panics on a
// name of another type.
func New(seed uint64, names ...any) *Stream {
	text := binary.LittleEndian.AppendUint64(make([]byte, 0, 96), seed)
	for _, name := range names {
		text = appendName(text, name)
	}
	sum := sha256.Sum256(text)
	s := &Stream{}
	s.source.Seed(binary.LittleEndian.Uint64(sum[0:]), binary.LittleEndian.Uint64(sum[8:]))
	return s
}

// Seed derives another seed from a seed and a path of names.
func Seed(seed uint64, names ...any) uint64 { return New(seed, names...).Uint64() }

// appendName encodes a name so that different paths of names have different bytes: a tag, then the
// length before a string.
func appendName(text []byte, name any) []byte {
	switch v := name.(type) {
	case string:
		text = binary.LittleEndian.AppendUint32(append(text, 's'), uint32(len(v)))
		return append(text, v...)
	case int:
		return binary.LittleEndian.AppendUint64(append(text, 'i'), uint64(v))
	}
	panic(fmt.Sprintf("random: a stream is named by strings and ints, not by %T", name))
}

// Uint64 draws 64 random bits.
func (s *Stream) Uint64() uint64 { return s.source.Uint64() }

// Float64 draws from [0, 1), a multiple of 2^-53.
func (s *Stream) Float64() float64 { return float64(s.Uint64()>>11) / (1 << 53) }

// Uniform draws from [low, high).
func (s *Stream) Uniform(low, high float64) float64 { return low + float64((high-low)*s.Float64()) }

// IntN draws from 0 .. n-1 without bias. It panics if n is not positive.
func (s *Stream) IntN(n int) int {
	if n <= 0 {
		panic("random: IntN needs a positive number")
	}
	limit := math.MaxUint64 - math.MaxUint64%uint64(n)
	for {
		if v := s.Uint64(); v < limit {
			return int(v % uint64(n))
		}
	}
}

// Norm draws from the standard normal distribution (Marsaglia's polar method).
func (s *Stream) Norm() float64 {
	for {
		u, v := 2*s.Float64()-1, 2*s.Float64()-1
		q := float64(u*u) + float64(v*v)
		if q > 0 && q < 1 {
			return u * math.Sqrt(-2*portable.Log(q)/q)
		}
	}
}

// Perm draws a permutation of 0 .. n-1 (Fisher and Yates).
func (s *Stream) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := s.IntN(i + 1)
		p[i], p[j] = p[j], i
	}
	return p
}
