package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in abi.RowArgs; strides are in bytes.
const (
	rowPar       = 64
	rowParStride = 72
	rowCols      = 80
	rowEach      = 88 // rows of a group
	rowGroups    = 96 // groups of an image
	rowGaps      = 104
	rowImages    = 136 // counted down
	rowImageGaps = 144
	rowGate      = 176 // parameters of a group; moved from group to group
	rowGateRow   = 184
	rowGateGap   = 192 // from a group's to the next's

	rowTop = 200 // the upper end of clip, a float32

	rowLeft       = 208 // for the kernels' own use
	rowGroupsLeft = 216
)

func rowPointer(i int) int { return 8 * i }
func rowStride(i int) int  { return 32 + 8*i }

// from the row after a group to the next group
func rowGap(i int) int { return rowGaps + 8*i }

// from the group after an image to the next image
func imageGap(i int) int { return rowImageGaps + 8*i }

// rowBlock is the number of rows that share one load of the channels' parameters.
const rowBlock = 4

// ahead is the distance in bytes of prefetching: rows that are not in the L2 cache are read
// consecutively.
const ahead = 4096

// rows writes the kernels on rows of channels, with parameters of each channel: par0 is the first
// row of parameters. Gates are parameters that every group of rows has of its own.
func rows(s isa) {
	for _, k := range []rowKernel{
		{"copyRows", "computes p0 = p1", 2, 0, nil, 0, nil, func(b *block) {
			b.each(func(r int) { b.store(b.stream(1, r), 0, r) })
		}},
		{"affine", "computes p0 = par0 p1 + par1", 2, 2, nil, 0, nil, func(b *block) {
			b.each(func(r int) {
				x := b.stream(1, r)
				VFMADD213PS(b.par[1], b.par[0], x)
				b.store(x, 0, r)
			})
		}},
		{"affineAdd", "computes p0 = par0 p1 + par1 p2 + par2", 3, 3, nil, 0, nil, func(b *block) {
			b.each(func(r int) {
				x := b.stream(1, r)
				VFMADD213PS(b.par[2], b.par[0], x)
				VFMADD231PS(b.stream(2, r), b.par[1], x)
				b.store(x, 0, r)
			})
		}},
		{"affineAddGate", "computes p0 = gate0 p1 + par0 p2 + gate1", 3, 1, nil, 2, nil, func(b *block) {
			b.each(func(r int) {
				x := b.gated(1, r)
				VFMADD231PS(b.stream(2, r), b.par[0], x)
				b.store(x, 0, r)
			})
		}},
		{"scaleRows", "computes p0 *= gate0", 1, 0, nil, 1, nil, func(b *block) {
			b.each(func(r int) {
				x := b.load(0, r)
				VMULPS(b.gate[0], x, x)
				b.store(x, 0, r)
			})
		}},
		{"moments", "adds p0 to par0 and its square to par1", 1, 2, []int{0, 1}, 0, nil, func(b *block) {
			b.each(func(r int) { b.moments(b.load(0, r)) })
		}},
		{"momentsCopy", "is moments of p1, which it copies to p0 with non-temporal stores", 2, 2,
			[]int{0, 1}, 0, nil, func(b *block) {
				b.each(func(r int) {
					x := b.load(1, r)
					b.moments(x)
					b.storePast(x, 0, r)
				})
			}},
		{"products", "adds p0 to par0 and p0 p1 to par1", 2, 2, []int{0, 1}, 0, nil, func(b *block) {
			b.each(func(r int) {
				x := b.stream(0, r)
				VADDPS(x, b.par[0], b.par[0])
				VFMADD231PS(b.stream(1, r), x, b.par[1])
			})
		}},
		{"productsGate", "is products of gate0 p0", 2, 2, []int{0, 1}, 1, nil, func(b *block) {
			b.each(func(r int) {
				x := b.stream(0, r)
				VMULPS(b.gate[0], x, x)
				VADDPS(x, b.par[0], b.par[0])
				VFMADD231PS(b.stream(1, r), x, b.par[1])
			})
		}},
		{"gateProducts", "adds p0 p1 to gate1 and computes p0 *= gate0", 2, 0, nil, 2, []int{1},
			func(b *block) {
				b.each(func(r int) {
					a := b.load(0, r)
					VFMADD231PS(b.load(1, r), a, b.gate[1])
					VMULPS(b.gate[0], a, a)
					b.store(a, 0, r)
				})
			}},
		{"mulProducts", "computes p0 = p1 p2, adds it to par0 and its product with p3 to par1", 4,
			2, []int{0, 1}, 0, nil, func(b *block) {
				b.each(func(r int) { b.mulProducts(r, b.load(1, r), b.store) })
			}},
		{"mulProductsPast", "is mulProducts with non-temporal stores", 4, 2, []int{0, 1}, 0, nil, func(b *block) {
			b.each(func(r int) { b.mulProducts(r, b.load(1, r), b.storePast) })
		}},
		{"mulProductsGate", "is mulProducts of gate0 p1 + gate1", 4, 2, []int{0, 1}, 2, nil,
			func(b *block) {
				b.each(func(r int) { b.mulProducts(r, b.gated(1, r), b.store) })
			}},
		{"mulProductsGatePast", "is mulProductsGate with non-temporal stores", 4, 2, []int{0, 1}, 2, nil,
			func(b *block) {
				b.each(func(r int) { b.mulProducts(r, b.gated(1, r), b.storePast) })
			}},
		{"addClip", "computes p0 = clip(par0 p1 + par1 p2 + par2)", 3, 3, nil, 0, nil, func(b *block) {
			b.each(func(r int) {
				x := b.stream(1, r)
				VFMADD213PS(b.par[2], b.par[0], x)
				VFMADD231PS(b.stream(2, r), b.par[1], x)
				b.store(b.clip.of(x), 0, r)
			})
		}},
		{"addClipGate", "computes p0 = clip(gate0 p1 + par0 p2 + gate1)", 3, 1, nil, 2, nil,
			func(b *block) {
				b.each(func(r int) {
					x := b.gated(1, r)
					VFMADD231PS(b.stream(2, r), b.par[0], x)
					b.store(b.clip.of(x), 0, r)
				})
			}},
		{"clippedProducts", "computes p0 = p1 where p2, the result of clip, is at none of its " +
			"ends, adds it to par0 and its product with p3 to par1", 4, 2, []int{0, 1}, 0, nil,
			func(b *block) {
				b.each(func(r int) {
					d := b.clip.masked(b.stream(2, r), b.stream(1, r))
					VADDPS(d, b.par[0], b.par[0])
					VFMADD231PS(b.stream(3, r), d, b.par[1])
					b.store(d, 0, r)
				})
			}},
		{"raiseRows", "puts p1 into p0 and par0 into p2 where p1 is larger than p0, or NaN",
			3, 1, nil, 0, nil, func(b *block) {
				b.each(b.raise)
			}},
		{"addWhere", "computes p0 += p1 where p2 is par0", 3, 1, nil, 0, nil, func(b *block) {
			b.each(b.addWhere)
		}},
	} {
		s.rowKernel(k)
	}
	s.activated("SiLU", "silu", func(b *block) activation { return b.sigmoid })
	s.activated("Clip", "clip", func(b *block) activation { return b.clip })
}

// activation is a function that follows a batch norm. It takes several vectors and interleaves
// their instructions: those of one vector depend on each other, and a processor's reorder window
// does not reach the next vector's.
type activation interface {
	// apply returns the function of each u, which it may overwrite; slope returns the derivatives
	// too.
	apply(u ...vec) []vec
	slope(u ...vec) (a, d []vec)
}

// activated writes the kernels with an activation.
func (s isa) activated(name, doc string, of func(*block) activation) {
	for _, k := range []rowKernel{
		{"norm" + name, "computes p0 = " + doc + "(par0 p1 + par1)", 2, 2, nil, 0, nil, func(b *block) {
			b.some(func(rows []int) {
				for i, a := range of(b).apply(b.norms(1, rows)...) {
					b.store(a, 0, rows[i])
				}
			})
		}},
		{"norm" + name + "Sum", "is norm" + name + " and adds the result to gate0", 2, 2, nil, 1,
			[]int{0}, func(b *block) {
				b.some(func(rows []int) {
					for i, a := range of(b).apply(b.norms(1, rows)...) {
						VADDPS(a, b.gate[0], b.gate[0])
						b.store(a, 0, rows[i])
					}
				})
			}},
		{"norm" + name + "Slope", "is norm" + name + " of p1 and puts the derivative into p2", 3, 2,
			nil, 0, nil, func(b *block) {
				b.some(func(rows []int) {
					a, d := of(b).slope(b.norms(1, rows)...)
					for i, r := range rows {
						b.store(a[i], 0, r)
						b.store(d[i], 2, r)
					}
				})
			}},
		{"slope" + name + "Products", "computes p0 = p1 " + doc +
			"'(par0 p2 + par1), adds it to par2 and its product with p2 to par3", 3, 4, []int{2, 3},
			0, nil, func(b *block) {
				b.slopeProducts(of(b), func(r int) vec { return b.load(1, r) })
			}},
		{"slope" + name + "ProductsGate", "is slope" + name + "Products of gate0 p1 + gate1", 3, 4,
			[]int{2, 3}, 2, nil, func(b *block) {
				b.slopeProducts(of(b), func(r int) vec { return b.gated(1, r) })
			}},
	} {
		s.rowKernel(k)
	}
}

// rowKernel describes a kernel on rows.
type rowKernel struct {
	name, doc string
	pointers  int
	params    int
	sums      []int // parameters that are written back
	gates     int
	gateSums  []int
	body      func(*block)
}

// block is a vector of columns of some rows, of each operand.
type block struct {
	isa
	p, stride []reg.GPVirtual
	par, gate []vec
	rows      int
	sigmoid   *sigmoid
	clip      *clip
	tail      *tail
}

func (b *block) each(row func(r int)) {
	for r := range b.rows {
		row(r)
	}
}

// some visits the rows in groups whose vectors fit into registers at the same time.
func (b *block) some(visit func(rows []int)) {
	together := rowBlock
	if !b.wide {
		together = max(1, 4-len(b.par)-len(b.gate))
	}
	for r := 0; r < b.rows; r += together {
		var rows []int
		for i := r; i < min(r+together, b.rows); i++ {
			rows = append(rows, i)
		}
		visit(rows)
	}
}

// at is the address of operand i in row r of the block.
func (b *block) at(i, r int) Mem {
	switch r {
	case 1, 2:
		return Mem{Base: b.p[i], Index: b.stride[i], Scale: uint8(r)}
	case 3:
		t := GP64()
		LEAQ(Mem{Base: b.p[i], Index: b.stride[i], Scale: 2}, t)
		return Mem{Base: t, Index: b.stride[i], Scale: 1}
	}
	return Mem{Base: b.p[i]}
}

func (b *block) load(i, r int) vec {
	v := b.vector()
	b.isa.load(b.at(i, r), v, b.tail)
	return v
}

// stream loads what may not be in the caches, with prefetching.
func (b *block) stream(i, r int) vec {
	if b.tail == nil {
		m := b.at(i, r)
		m.Disp += ahead
		PREFETCHT0(m)
	}
	return b.load(i, r)
}

func (b *block) store(v vec, i, r int) { b.isa.store(v, b.at(i, r), b.tail) }

// storePast uses a non-temporal store; vectors must be whole and aligned.
func (b *block) storePast(v vec, i, r int) {
	if b.tail != nil {
		b.store(v, i, r)
		return
	}
	VMOVNTPS(v, b.at(i, r))
}

func (b *block) moments(x vec) {
	VADDPS(x, b.par[0], b.par[0])
	VFMADD231PS(x, x, b.par[1])
}

// norms are par0 p + par1 of some rows.
func (b *block) norms(i int, rows []int) []vec {
	var x []vec
	for _, r := range rows {
		x = append(x, b.stream(i, r))
	}
	for _, v := range x {
		VFMADD213PS(b.par[1], b.par[0], v)
	}
	return x
}

func (b *block) gated(i, r int) vec {
	x := b.load(i, r)
	VFMADD213PS(b.gate[1], b.gate[0], x)
	return x
}

func (b *block) slopeProducts(of activation, gradient func(r int) vec) {
	b.some(func(rows []int) {
		_, slopes := of.slope(b.norms(2, rows)...)
		for i, r := range rows {
			d := gradient(r)
			VMULPS(slopes[i], d, d)
			VADDPS(d, b.par[2], b.par[2])
			VFMADD231PS(b.load(2, r), d, b.par[3])
			b.store(d, 0, r)
		}
	})
}

func (b *block) mulProducts(r int, d vec, store func(vec, int, int)) {
	VMULPS(b.load(2, r), d, d)
	VADDPS(d, b.par[0], b.par[0])
	VFMADD231PS(b.load(3, r), d, b.par[1])
	store(d, 0, r)
}

// Predicates of comparisons.
const (
	equal       = 0  // ordered, quiet
	lessThan    = 1  // ordered, signalling
	unordered   = 3  // quiet
	greaterThan = 14 // ordered, signalling
)

func (b *block) raise(r int) {
	x, largest, which := b.stream(1, r), b.load(0, r), b.load(2, r)
	if b.wide {
		larger, none := K(), K()
		VCMPPS(Imm(greaterThan), largest, x, larger)
		VCMPPS(Imm(unordered), x, x, none)
		KORW(larger, none, larger)
		VMOVAPS(x, larger, largest)
		VMOVAPS(b.par[0], larger, which)
	} else {
		larger, none := b.vector(), b.vector()
		VCMPPS(Imm(greaterThan), largest, x, larger)
		VCMPPS(Imm(unordered), x, x, none)
		VORPS(larger, none, larger)
		VBLENDVPS(larger, x, largest, largest)
		VBLENDVPS(larger, b.par[0], which, which)
	}
	b.store(largest, 0, r)
	b.store(which, 2, r)
}

func (b *block) addWhere(r int) {
	x, sum, which := b.load(1, r), b.load(0, r), b.load(2, r)
	if b.wide {
		same := K()
		VCMPPS(Imm(equal), which, b.par[0], same)
		VADDPS(x, sum, same, sum)
	} else {
		VCMPPS(Imm(equal), which, b.par[0], which)
		VADDPS(x, sum, x)
		VBLENDVPS(which, x, sum, sum)
	}
	b.store(sum, 0, r)
}

func (s isa) rowKernel(k rowKernel) {
	text(k.name+s.name, "RowArgs", k.doc)
	args := Load(Param("a"), GP64())
	b := &block{isa: s}
	for i := range k.pointers {
		b.p = append(b.p, fetch(args, rowPointer(i)))
		b.stride = append(b.stride, fetch(args, rowStride(i)))
	}
	b.sigmoid, b.clip = s.sigmoidFor(k.name), s.clipFor(k.name, args)
	image, group, many, one, end := label("image"), label("group"), label("many"), label("one"),
		label("end")
	Label(image)
	set(args, rowGroupsLeft, rowGroups)
	Label(group)
	set(args, rowLeft, rowEach)
	Label(many)
	CMPQ(argument(args, rowLeft), Imm(rowBlock))
	JL(LabelRef(one))
	b.rows = rowBlock
	b.columns(k, args)
	SUBQ(Imm(rowBlock), argument(args, rowLeft))
	JMP(LabelRef(many))
	Label(one)
	CMPQ(argument(args, rowLeft), Imm(0))
	JE(LabelRef(end))
	b.rows = 1
	b.columns(k, args)
	DECQ(argument(args, rowLeft))
	JMP(LabelRef(one))
	Label(end)
	for i, p := range b.p {
		ADDQ(argument(args, rowGap(i)), p)
	}
	if k.gates > 0 {
		gap := fetch(args, rowGateGap)
		ADDQ(gap, argument(args, rowGate))
	}
	DECQ(argument(args, rowGroupsLeft))
	JNZ(LabelRef(group))
	for i, p := range b.p {
		ADDQ(argument(args, imageGap(i)), p)
	}
	DECQ(argument(args, rowImages))
	JNZ(LabelRef(image))
	finish()
}

// columns visits the columns of the block's rows, and advances the pointers to the rows after it.
func (b *block) columns(k rowKernel, args reg.Register) {
	var parameters []reg.GPVirtual // of the channels, of the group
	for _, p := range []struct{ field, rows int }{{rowPar, k.params}, {rowGate, k.gates}} {
		pointer := reg.GPVirtual(nil)
		if p.rows > 0 {
			pointer = fetch(args, p.field)
		}
		parameters = append(parameters, pointer)
	}
	count := fetch(args, rowCols)
	loop, rest, end := label("loop"), label("rest"), label("end")
	SUBQ(Imm(uint64(b.lanes)), count)
	JL(LabelRef(rest))
	Label(loop)
	b.column(k, args, parameters)
	for _, p := range append(parameters[:2:2], b.p...) {
		if p != nil {
			ADDQ(Imm(uint64(b.bytes())), p)
		}
	}
	SUBQ(Imm(uint64(b.lanes)), count)
	JGE(LabelRef(loop))
	Label(rest)
	ADDQ(Imm(uint64(b.lanes)), count)
	JZ(LabelRef(end))
	b.tail = b.tailOf(count)
	b.column(k, args, parameters)
	b.tail = nil
	Label(end)
	back := fetch(args, rowCols)
	ANDQ(I8(-b.lanes), back)
	SHLQ(Imm(2), back)
	for i, p := range b.p {
		SUBQ(back, p)
		if b.rows == rowBlock {
			LEAQ(Mem{Base: p, Index: b.stride[i], Scale: rowBlock}, p)
		} else {
			ADDQ(b.stride[i], p)
		}
	}
}

// column loads the parameters of a vector of columns, visits the rows, and writes the sums back.
// Rows of parameters are whole vectors.
func (b *block) column(k rowKernel, args reg.Register, parameters []reg.GPVirtual) {
	par, gate := rowsFrom(args, parameters[0], rowParStride), rowsFrom(args, parameters[1], rowGateRow)
	b.par, b.gate = b.vectors(k.params), b.vectors(k.gates)
	for i, v := range b.par {
		VMOVUPS(par(i), v)
	}
	for i, v := range b.gate {
		VMOVUPS(gate(i), v)
	}
	k.body(b)
	for _, i := range k.sums {
		VMOVUPS(b.par[i], par(i))
	}
	for _, i := range k.gateSums {
		VMOVUPS(b.gate[i], gate(i))
	}
}

// rowsFrom addresses rows of parameters, whose stride is in a field of the arguments.
func rowsFrom(args reg.Register, first reg.GPVirtual, field int) func(i int) Mem {
	return func(i int) Mem {
		if i == 0 {
			return Mem{Base: first}
		}
		stride := fetch(args, field)
		if i != 3 {
			return Mem{Base: first, Index: stride, Scale: uint8(i)}
		}
		t := GP64()
		LEAQ(Mem{Base: first, Index: stride, Scale: 2}, t)
		return Mem{Base: t, Index: stride, Scale: 1}
	}
}
