package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in abi.GemmArgs; strides are in bytes.
const (
	gemmA       = 0
	gemmB       = 8
	gemmC       = 16
	gemmStrideA = 24
	gemmStrideB = 32
	gemmStrideC = 40
	gemmTiles   = 48 // tiles along the rows of C; counted down
	gemmDepth   = 56 // length of the sum
	gemmTail    = 64 // columns of the last vector
	gemmAdd     = 72 // not 0: C is added to
)

// tiles of C, rows by vectors of columns. The tall ones hide the latency of the multiply-add; the
// others take the rows that are left.
func (s isa) tiles() map[int][]int {
	if s.wide {
		return map[int][]int{1: {16, 8, 4, 2, 1}, 2: {8, 4, 2, 1}, 3: {8, 4, 2, 1}}
	}
	return map[int][]int{1: {8, 4, 2, 1}, 2: {6, 4, 2, 1}, 3: {4, 2, 1}}
}

func gemm(s isa) {
	for _, across := range []int{1, 2, 3} {
		for _, rows := range s.tiles()[across] {
			product(s, tile{rows: rows, across: across})
			product(s, tile{rows: rows, across: across, transposed: true})
			if s.wide && rows >= halvedRows {
				product(s, tile{rows: rows, across: across, halved: true})
			}
		}
	}
	pack(s)
}

// halvedRows is the least height of tiles with half a vector at their end. Lower tiles would not
// hide the latency of the multiply-add, as two half-vector operations can start per cycle.
const halvedRows = 8

// tile is a part of C: rows x across vectors.
type tile struct {
	rows, across int
	transposed   bool // of C = A^T B
	// C has columns for half its last vector at most, and the other half of the registers is zero
	halved bool
}

// name is that of the tile's kernel.
func (t tile) name(s isa) string {
	switch {
	case t.transposed:
		return fmt.Sprintf("productTA%dx%d%s", t.rows, t.across, s.name)
	case t.halved:
		return fmt.Sprintf("productHalved%dx%d%s", t.rows, t.across, s.name)
	}
	return fmt.Sprintf("product%dx%d%s", t.rows, t.across, s.name)
}

// doc describes what the kernel computes.
func (t tile) doc() string {
	width, of := fmt.Sprintf("%d vectors", t.across), "of C = A B with B packed"
	if t.transposed {
		of = "of C = A^T B"
	}
	if t.halved {
		width += ", of which the last is half a one,"
	}
	return fmt.Sprintf("computes tiles of %d rows and %s %s", t.rows, width, of)
}

// vectors of a row of the tile.
func (t tile) vectors(s isa) []vec {
	v := s.vectors(t.across)
	if t.halved {
		v[t.across-1] = YMM()
	}
	return v
}

// product computes tiles of C = A B, or of A^T B if transposed: B is read row by row, and a column
// of A, or a row of the transposed, is broadcast.
//
// Plain: a tile is rows of A [rows, depth] times a panel of packed B. Transposed: a tile is columns
// of A [depth, rows] times rows of B.
func product(s isa, t tile) {
	text(t.name(s), "GemmArgs", t.doc())
	args := Load(Param("a"), GP64())
	a, b, c := fetch(args, gemmA), fetch(args, gemmB), fetch(args, gemmC)
	strideA, strideB, strideC := fetch(args, gemmStrideA), fetch(args, gemmStrideB),
		fetch(args, gemmStrideC)
	// With AVX2 the largest tile takes all 16 registers: the mask of the last vector is then loaded
	// where it is used.
	tailHere := func() *tail { return s.tailOf(fetch(args, gemmTail)) }
	var last *tail
	if s.wide {
		last = tailHere()
	}
	rowsOfA := pitchOf(strideA)
	next := label("tile")
	Label(next)
	sums := make([][]vec, t.rows)
	for i := range sums {
		sums[i] = t.vectors(s)
		for _, v := range sums[i] {
			s.zero(v)
		}
	}
	p := pointersTo(a, rowsOfA, t.rows)
	if t.transposed {
		p = pointersTo(a, rowsOfA, 1)
	}
	from := GP64()
	MOVQ(b, from)
	depth := fetch(args, gemmDepth)
	step := func(k int, last *tail) {
		panel := t.vectors(s)
		for j := range panel {
			m := Mem{Base: from, Disp: j * s.bytes()}
			if j == t.across-1 {
				s.load(m, panel[j], last)
			} else {
				VMOVUPS(m, panel[j])
			}
		}
		ADDQ(strideB, from)
		for i := range sums {
			m := Mem{Base: p.base[0], Disp: 4 * i}
			if !t.transposed {
				m = p.row(i)
				m.Disp = 4 * k
			}
			s.mulAdd(m, panel, sums[i])
		}
		if t.transposed {
			ADDQ(strideA, p.base[0])
		}
	}
	switch {
	case !t.transposed:
		unrolled(depth, 4, func(k int) { step(k, nil) }, func(n int) { p.advance(4 * n) })
	case s.wide:
		unrolled(depth, 4, func(k int) { step(k, last) }, func(int) {})
	case t.across == 1:
		mask := tailHere()
		unrolled(depth, 4, func(k int) { step(k, mask) }, func(int) {})
	default:
		// Masked loads are slow with AVX2. Every row but the last is followed by a row of more than
		// a vector, so a full load is safe, and the excess is not stored.
		DECQ(depth)
		unrolled(depth, 4, func(k int) { step(k, nil) }, func(int) {})
		step(0, tailHere())
	}
	if t.halved {
		for _, sum := range sums {
			sum[t.across-1] = sum[t.across-1].AsZ().(vec)
		}
	}
	if s.wide {
		s.storeTile(args, sums, c, strideC, last)
	} else {
		partial, stored := label("partial"), label("stored")
		CMPQ(argument(args, gemmTail), Imm(uint64(s.lanes)))
		JL(LabelRef(partial))
		s.storeTile(args, sums, c, strideC, nil)
		JMP(LabelRef(stored))
		Label(partial)
		s.storeTile(args, sums, c, strideC, tailHere())
		Label(stored)
	}
	if t.transposed {
		ADDQ(Imm(uint64(4*t.rows)), a)
	} else {
		skip(a, strideA, t.rows)
	}
	DECQ(argument(args, gemmTiles))
	JNZ(LabelRef(next))
	finish()
}

// mulAdd adds a number in memory times the vectors of a panel to the sums.
func (s isa) mulAdd(number Mem, panel, sums []vec) {
	if s.wide && len(panel) == 1 {
		VFMADD231PS_BCST(number, panel[0], sums[0])
		return
	}
	all := s.vector()
	VBROADCASTSS(number, all)
	for j := range panel {
		number := all
		if s.wide && panel[j].Size() < all.Size() {
			number = all.AsY().(vec)
		}
		VFMADD231PS(panel[j], number, sums[j])
	}
}

// unrolled runs a step depth times, n at a time and then one by one; it clobbers depth. After the
// steps of a round it calls advance with their number.
func unrolled(depth reg.GPVirtual, n int, step func(k int), advance func(n int)) {
	many, rest, one, end := label("many"), label("rest"), label("one"), label("end")
	SUBQ(Imm(uint64(n)), depth)
	JL(LabelRef(rest))
	Label(many)
	for k := range n {
		step(k)
	}
	advance(n)
	SUBQ(Imm(uint64(n)), depth)
	JGE(LabelRef(many))
	Label(rest)
	ADDQ(Imm(uint64(n)), depth)
	JZ(LabelRef(end))
	Label(one)
	step(0)
	advance(1)
	DECQ(depth)
	JNZ(LabelRef(one))
	Label(end)
}

// storeTile writes the sums to C or adds them to it, and advances c past the tile. All of C is read
// before any of it is written: a masked load right after a masked store to the same cache line
// would have to wait for it.
func (s isa) storeTile(args reg.Register, sums [][]vec, c, strideC reg.GPVirtual, last *tail) {
	write := label("write")
	place := func(p reg.GPVirtual, j int) (Mem, *tail) {
		m := Mem{Base: p, Disp: j * s.bytes()}
		if j == len(sums[0])-1 {
			return m, last
		}
		return m, nil
	}
	CMPQ(argument(args, gemmAdd), Imm(0))
	JE(LabelRef(write))
	from, old := GP64(), s.vector()
	MOVQ(c, from)
	for i := range sums {
		for j, v := range sums[i] {
			m, t := place(from, j)
			s.load(m, old, t)
			VADDPS(old, v, v)
		}
		ADDQ(strideC, from)
	}
	Label(write)
	for i := range sums {
		for j, v := range sums[i] {
			m, t := place(c, j)
			s.store(v, m, t)
		}
		ADDQ(strideC, c)
	}
}

// pitch is the stride of rows, and three times that.
type pitch struct{ one, three reg.GPVirtual }

func pitchOf(stride reg.GPVirtual) pitch {
	p := pitch{stride, GP64()}
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, p.three)
	return p
}

// pointers address rows a pitch apart: five for each register.
type pointers struct {
	base []reg.GPVirtual
	pitch
}

// pointersTo points to n rows from a first one on.
func pointersTo(first reg.GPVirtual, by pitch, n int) *pointers {
	p := &pointers{pitch: by}
	for i := 0; i < n; i += 5 {
		p.base = append(p.base, GP64())
	}
	p.set(first)
	return p
}

// set moves the pointers to another first row.
func (p *pointers) set(first reg.GPVirtual) {
	MOVQ(first, p.base[0])
	for i := 1; i < len(p.base); i++ {
		LEAQ(Mem{Base: p.base[i-1], Index: p.one, Scale: 4}, p.base[i])
		ADDQ(p.one, p.base[i])
	}
}

func (p *pointers) row(i int) Mem {
	m := Mem{Base: p.base[i/5]}
	switch i % 5 {
	case 1, 2, 4:
		m.Index, m.Scale = p.one, uint8(i%5)
	case 3:
		m.Index, m.Scale = p.three, 1
	}
	return m
}

// advance moves all pointers by a number of bytes.
func (p *pointers) advance(bytes int) {
	for _, b := range p.base {
		ADDQ(Imm(uint64(bytes)), b)
	}
}

// add moves all pointers by the number in a register.
func (p *pointers) add(by reg.GPVirtual) {
	for _, b := range p.base {
		ADDQ(by, b)
	}
}

// skip moves a pointer by n strides.
func skip(p, stride reg.GPVirtual, n int) {
	if n == 1 {
		ADDQ(stride, p)
		return
	}
	t := GP64()
	IMUL3Q(Imm(uint64(n)), stride, t)
	ADDQ(t, p)
}

// pack writes the kernels that pack a matrix into panels.
func pack(s isa) {
	for _, across := range []int{1, 2, 3} {
		packPanel(s, across)
	}
	packTransposed(s)
}

// packPanel copies a panel's columns of a matrix.
func packPanel(s isa, across int) {
	text(fmt.Sprintf("packPanel%d%s", across, s.name), "GemmArgs",
		fmt.Sprintf("copies %d vectors of columns of B into a panel A", across))
	args := Load(Param("a"), GP64())
	to, from, strideFrom := fetch(args, gemmA), fetch(args, gemmB), fetch(args, gemmStrideB)
	last, depth := s.tailOf(fetch(args, gemmTail)), fetch(args, gemmDepth)
	loop := label("row")
	Label(loop)
	for j := range across {
		v := s.vector()
		m := Mem{Base: from, Disp: j * s.bytes()}
		if j == across-1 {
			s.load(m, v, last)
		} else {
			VMOVUPS(m, v)
		}
		VMOVUPS(v, Mem{Base: to, Disp: j * s.bytes()})
	}
	ADDQ(Imm(uint64(across*s.bytes())), to)
	ADDQ(strideFrom, from)
	DECQ(depth)
	JNZ(LabelRef(loop))
	finish()
}

// packTransposed copies a square of rows of B, as many as a vector has lanes, to a vector of
// columns of a panel, square after square.
func packTransposed(s isa) {
	text("packTransposed"+s.name, "GemmArgs",
		fmt.Sprintf("copies %d rows of B into a vector of columns of a panel A, whole squares alone", s.lanes))
	args := Load(Param("a"), GP64())
	to, from, strideTo := fetch(args, gemmA), fetch(args, gemmB), fetch(args, gemmStrideA)
	pitch := pitchOf(fetch(args, gemmStrideB))
	squares := fetch(args, gemmTiles)
	loop := label("square")
	Label(loop)
	p := pointersTo(from, pitch, s.lanes)
	rows := s.vectors(s.lanes)
	for i, v := range rows {
		VMOVUPS(p.row(i), v)
	}
	for _, v := range s.transpose(rows) {
		VMOVUPS(v, Mem{Base: to})
		ADDQ(strideTo, to)
	}
	ADDQ(Imm(uint64(s.bytes())), from)
	DECQ(squares)
	JNZ(LabelRef(loop))
	finish()
}

// transpose transposes a square in registers. Inside each 128-bit lane the first two rounds
// transpose 4 x 4 numbers; the others move whole lanes.
func (s isa) transpose(rows []vec) []vec {
	pairs := make([]vec, len(rows))
	for i := 0; i < len(rows); i += 2 {
		pairs[i], pairs[i+1] = s.vector(), s.vector()
		VUNPCKLPS(rows[i+1], rows[i], pairs[i])
		VUNPCKHPS(rows[i+1], rows[i], pairs[i+1])
	}
	fours := make([]vec, len(rows)) // four[i+c]: column c of each lane, rows i..i+3
	for i := 0; i < len(rows); i += 4 {
		for half := range 2 {
			low, high := s.vector(), s.vector()
			VUNPCKLPD(pairs[i+2+half], pairs[i+half], low)
			VUNPCKHPD(pairs[i+2+half], pairs[i+half], high)
			fours[i+2*half], fours[i+2*half+1] = low, high
		}
	}
	columns := make([]vec, len(rows))
	for c := range 4 {
		if !s.wide {
			low, high := s.vector(), s.vector()
			VPERM2F128(Imm(0x20), fours[4+c], fours[c], low)
			VPERM2F128(Imm(0x31), fours[4+c], fours[c], high)
			columns[c], columns[4+c] = low, high
			continue
		}
		// lanes 0 and 2, 1 and 3, of the upper and the lower rows
		even, odd := [2]vec{s.vector(), s.vector()}, [2]vec{s.vector(), s.vector()}
		for half := range 2 {
			VSHUFF32X4(Imm(0x88), fours[8*half+4+c], fours[8*half+c], even[half])
			VSHUFF32X4(Imm(0xdd), fours[8*half+4+c], fours[8*half+c], odd[half])
		}
		for i, lanes := range [2][2]vec{even, odd} {
			low, high := s.vector(), s.vector()
			VSHUFF32X4(Imm(0x88), lanes[1], lanes[0], low)
			VSHUFF32X4(Imm(0xdd), lanes[1], lanes[0], high)
			columns[4*i+c], columns[8+4*i+c] = low, high
		}
	}
	return columns
}
