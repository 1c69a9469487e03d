package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set that kernels are written for.
type isa struct {
	name       string // ending of its functions
	lanes      int    // floats of a vector
	wide       bool   // AVX-512: 32 vector registers instead of 16, and opmasks
	extensions []string
}

var (
	avx2   = isa{"AVX2", 8, false, []string{"AVX", "AVX2", "FMA3"}}
	avx512 = isa{"AVX512", 16, true, append([]string{"AVX512F", "AVX512DQ", "AVX512VL"},
		avx2.extensions...)}
	sets = []isa{avx512, avx2}
)

// baseline are the extensions that every amd64 processor has.
var baseline = []string{"MMX+", "SSE", "SSE2"}

// registers is the number of vector registers.
func (s isa) registers() int {
	if s.wide {
		return 32
	}
	return 16
}

type vec = reg.VecVirtual

// bytes is the size of a vector.
func (s isa) bytes() int { return 4 * s.lanes }

func (s isa) vector() vec {
	if s.wide {
		return ZMM()
	}
	return YMM()
}

func (s isa) vectors(n int) []vec {
	v := make([]vec, n)
	for i := range v {
		v[i] = s.vector()
	}
	return v
}

func (s isa) zero(v vec) {
	if s.wide {
		VPXORD(v, v, v)
		return
	}
	VXORPS(v, v, v)
}

func (s isa) zeros(n int) []vec {
	v := s.vectors(n)
	for _, x := range v {
		s.zero(x)
	}
	return v
}

// tail is the mask of the lanes in use at the end of a row; nil for all.
type tail struct {
	opmask reg.OpmaskVirtual // AVX-512
	mask   vec               // AVX2: all ones in the lanes
}

// tails is a table of sliding masks: tail n of AVX2 begins at number lanes-n, and that of AVX-512
// is number n.
func (s isa) tails() Mem {
	if m, ok := tables[s.name]; ok {
		return m
	}
	m := GLOBL("tails"+s.name, 8|16) // RODATA|NOPTR
	if s.wide {
		for n := 0; n <= s.lanes; n++ {
			DATA(2*n, U16(uint16(1<<n-1)))
		}
	} else {
		for i := 0; i < 2*s.lanes; i++ {
			word := uint32(math.MaxUint32)
			if i >= s.lanes {
				word = 0
			}
			DATA(4*i, U32(word))
		}
	}
	tables[s.name] = m
	return m
}

var tables = map[string]Mem{}

// tailOf makes the mask of the first n lanes; it clobbers n.
func (s isa) tailOf(n reg.GPVirtual) *tail {
	base := GP64()
	LEAQ(s.tails(), base)
	if s.wide {
		k := K()
		KMOVW(Mem{Base: base, Index: n, Scale: 2}, k)
		return &tail{opmask: k}
	}
	NEGQ(n)
	v := s.vector()
	VMOVUPS(Mem{Base: base, Index: n, Scale: 4, Disp: s.bytes()}, v)
	return &tail{mask: v}
}

func (s isa) load(m Mem, v vec, t *tail) {
	switch {
	case t == nil:
		VMOVUPS(m, v)
	case s.wide:
		VMOVUPS_Z(m, t.opmask, v)
	default:
		VMASKMOVPS(m, t.mask, v)
	}
}

func (s isa) store(v vec, m Mem, t *tail) {
	switch {
	case t == nil:
		VMOVUPS(v, m)
	case s.wide:
		VMOVUPS(v, t.opmask, m)
	default:
		VMASKMOVPS(v, t.mask, m)
	}
}

// constant is a number in memory, repeated to fill a vector of AVX2.
func constant(x float32) Mem {
	bits := math.Float32bits(x)
	if m, ok := constants[bits]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("constant%08x", bits), 8|16)
	for i := range avx2.lanes {
		DATA(4*i, U32(bits))
	}
	constants[bits] = m
	return m
}

var constants = map[uint32]Mem{}

// broadcast puts a constant into every lane of a new vector.
func (s isa) broadcast(x float32) vec {
	v := s.vector()
	VBROADCASTSS(constant(x), v)
	return v
}

var labels int

// label makes a unique label.
func label(stem string) string {
	labels++
	return fmt.Sprintf("%s%d", stem, labels)
}

// argument is a field of the structure that the function's argument points to.
func argument(a reg.Register, offset int) Mem { return Mem{Base: a, Disp: offset} }

// fetch loads a field into a new register.
func fetch(a reg.Register, offset int) reg.GPVirtual {
	r := GP64()
	MOVQ(argument(a, offset), r)
	return r
}

// finish ends a function.
func finish() {
	VZEROUPPER()
	RET()
}

// set copies a field of the arguments to another.
func set(args reg.Register, to, from int) { MOVQ(fetch(args, from), argument(args, to)) }
