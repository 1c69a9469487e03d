package main

import (
	"strings"
	"testing"

	"github.com/mmcloughlin/avo/ir"
	op "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// TestHold: an instruction that a processor with the set could not execute is rejected with the
// kernel's name, any other is recorded.
func TestHold(t *testing.T) {
	memory := op.Mem{Base: reg.R14}
	for _, c := range []struct {
		kernel string
		i      ir.Instruction
		want   string // in the error; empty for none
	}{
		{"addAVX2", ir.Instruction{Opcode: "VMOVUPS", Operands: []op.Op{memory, reg.Y15},
			ISA: []string{"AVX"}}, ""},
		{"addAVX2", ir.Instruction{Opcode: "VMOVUPS", Operands: []op.Op{memory, reg.Y16},
			ISA: []string{"AVX"}},
			"kernel addAVX2: VMOVUPS (R14), Y16: AVX2 has 16 vector registers"},
		{"addAVX512", ir.Instruction{Opcode: "VMOVUPS", Operands: []op.Op{memory, reg.Y31},
			ISA: []string{"AVX"}}, ""},
		{"addAVX2", ir.Instruction{Opcode: "VMOVUPS", Operands: []op.Op{memory, reg.Z1},
			ISA: []string{"AVX"}}, "vectors of 32 bytes"},
		{"addAVX2", ir.Instruction{Opcode: "VMOVUPS", Operands: []op.Op{memory, reg.K1, reg.Y1},
			ISA: []string{"AVX"}}, "no opmasks"},
		{"addAVX2", ir.Instruction{Opcode: "VPXORD", Operands: []op.Op{reg.Y1, reg.Y1, reg.Y1},
			ISA: []string{"AVX512F", "AVX512VL"}}, "AVX2 has no AVX512F"},
		{"addAVX512", ir.Instruction{Opcode: "VPADDB", Operands: []op.Op{reg.Z1, reg.Z1, reg.Z1},
			ISA: []string{"AVX512BW"}}, "AVX512 has no AVX512BW"},
		{"addAVX2", ir.Instruction{Opcode: "ADDPS", Operands: []op.Op{reg.X1, reg.X16},
			ISA: []string{"SSE"}}, "16 vector registers"},
		{"addNEON", ir.Instruction{Opcode: "ADDQ"}, "kernel addNEON: its name ends in that of no set"},
	} {
		f, used := ir.NewFunction(c.kernel), instructions{}
		f.AddInstruction(&c.i)
		switch err := used.hold(f); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", described(&c.i), err)
		case c.want == "" && !strings.Contains(used.String(), c.i.Opcode+" AVX"):
			t.Errorf("%s is not noted: %s", c.i.Opcode, used)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s in %s: error %v, want %q", described(&c.i), c.kernel, err, c.want)
		}
	}
}
