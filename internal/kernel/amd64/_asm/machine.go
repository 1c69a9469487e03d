package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// machine writes the kernels that measure the processor's multiply-adds and memory.
func machine(s isa) {
	// enough to hide the latency of a multiply-add on every processor of the last ten years
	const chains = 12
	text("peak"+s.name, "ProbeArgs", "does n rounds of 24 vector multiply-adds")
	args := Load(Param("a"), GP64())
	n := fetch(args, 16)
	sums, factor := s.zeros(chains), s.zeros(1)[0]
	loop := label("loop")
	Label(loop)
	for range 2 {
		for _, v := range sums {
			VFMADD231PS(factor, factor, v)
		}
	}
	DECQ(n)
	JNZ(LabelRef(loop))
	finish()

	const piece = 256 // bytes of a round
	text("readMemory"+s.name, "ProbeArgs", "reads n pieces of 256 bytes")
	args = Load(Param("a"), GP64())
	from := fetch(args, 8)
	n = fetch(args, 16)
	sums = s.zeros(4)
	loop = label("loop")
	Label(loop)
	for i := range piece / s.bytes() {
		VADDPS(Mem{Base: from, Disp: i * s.bytes()}, sums[i%4], sums[i%4])
	}
	ADDQ(U32(piece), from)
	DECQ(n)
	JNZ(LabelRef(loop))
	finish()

	text("copyMemory"+s.name, "ProbeArgs", "copies n pieces of 256 bytes with non-temporal stores")
	args = Load(Param("a"), GP64())
	to := fetch(args, 0)
	from = fetch(args, 8)
	n = fetch(args, 16)
	loop = label("loop")
	Label(loop)
	for i := range piece / s.bytes() {
		v := s.vector()
		VMOVUPS(Mem{Base: from, Disp: i * s.bytes()}, v)
		VMOVNTPS(v, Mem{Base: to, Disp: i * s.bytes()})
	}
	ADDQ(U32(piece), to)
	ADDQ(U32(piece), from)
	DECQ(n)
	JNZ(LabelRef(loop))
	SFENCE()
	finish()
}
