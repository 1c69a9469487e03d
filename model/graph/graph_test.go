package graph

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// elementwise is an operation of one input, y = f(x), with the gradient dx = dy * slope(x).
func elementwise(name string, size int, f, slope func(float32) float32) Operation {
	return Operation{
		Name: name, Kind: "forward", Shape: []int{size},
		Run: func(out []float32, in [][]float32) error {
			for i, v := range in[0] {
				out[i] = f(v)
			}
			return nil
		},
		Gradient: func(b *Builder, in []*Node, out, gradient *Node) []*Node {
			return []*Node{b.Apply(Operation{
				Name: name + ".gradient", Kind: "backward", Shape: []int{size},
				Run: func(dx []float32, in [][]float32) error {
					for i, v := range in[0] {
						dx[i] = slope(v) * in[2][i]
					}
					return nil
				},
			}, in[0], out, gradient)}
		},
	}
}

func square(name string, size int) Operation {
	return elementwise(name, size, func(v float32) float32 { return v * v },
		func(v float32) float32 { return 2 * v })
}

func cube(name string, size int) Operation {
	return elementwise(name, size, func(v float32) float32 { return v * v * v },
		func(v float32) float32 { return 3 * v * v })
}

// total is the sum of all elements of its inputs, a scalar.
func total(inputs, size int) Operation {
	return Operation{
		Name: "total", Kind: "forward",
		Run: func(out []float32, in [][]float32) error {
			out[0] = 0
			for _, x := range in {
				for _, v := range x {
					out[0] += v
				}
			}
			return nil
		},
		Gradient: func(b *Builder, in []*Node, out, gradient *Node) []*Node {
			spread := b.Apply(Operation{
				Name: "total.gradient", Kind: "backward", Shape: []int{size},
				Run: func(dx []float32, in [][]float32) error {
					for i := range dx {
						dx[i] = in[1][0]
					}
					return nil
				},
			}, out, gradient)
			return slices.Repeat([]*Node{spread}, inputs)
		},
	}
}

// watched passes the gradient of its input through an operation that keeps it where the test can
// read it.
func watched(o Operation, kept []float32) Operation {
	inner := o.Gradient
	o.Gradient = func(b *Builder, in []*Node, out, gradient *Node) []*Node {
		return []*Node{b.Apply(Operation{Name: o.Name + ".watch", Kind: "gradient", Shape: o.Shape,
			Output: kept,
			Run:    func(out []float32, in [][]float32) error { copy(out, in[0]); return nil }},
			inner(b, in, out, gradient)...)}
	}
	return o
}

func run(t testing.TB, p *Program) {
	t.Helper()
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
}

// TestRunFollowsItsInputs: every run computes values and gradients anew from what the input's slice
// holds.
func TestRunFollowsItsInputs(t *testing.T) {
	x, dx, loss := []float32{1, 2, 3}, make([]float32, 3), float32(0)
	p, err := Build(func(b *Builder) (*Node, []*Node) {
		in := b.Input("x", x, 3)
		sum := total(1, 3)
		compute := sum.Run
		sum.Run = func(out []float32, in [][]float32) error {
			defer func() { loss = out[0] }()
			return compute(out, in)
		}
		return b.Apply(sum, b.Apply(watched(square("square", 3), dx), in)), []*Node{in}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, scale := range []float32{1, -2, 10} {
		x[0], x[1], x[2] = scale, 2*scale, 3*scale
		run(t, p)
		if want := []float32{2 * scale, 4 * scale, 6 * scale}; loss != 14*scale*scale ||
			!slices.Equal(dx, want) {
			t.Errorf("x = %v: loss %v, gradient %v, want %v and %v", x, loss, dx, 14*scale*scale, want)
		}
	}
	if c := p.Count(); c["forward"] != 2 || c["backward"] != 2 || c["gradient"] != 1 {
		t.Errorf("the nodes are %v", c)
	}
	if f := p.Foreign(); len(f) > 1 {
		t.Errorf("Gorgonia added %v", f)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestGradientsAreAdded: a value that is used twice has the sum of both gradients, added by
// Gorgonia, in every run again.
func TestGradientsAreAdded(t *testing.T) {
	x, dx := []float32{1, 2}, make([]float32, 2)
	p, err := Build(func(b *Builder) (*Node, []*Node) {
		in := b.Input("x", x, 2)
		shared := b.Apply(watched(square("shared", 2), dx), in)
		return b.Apply(total(2, 2), b.Apply(square("a", 2), shared), b.Apply(cube("b", 2), shared)),
			[]*Node{in}
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		run(t, p)
		// The derivative of (x^2)^2 + (x^2)^3 is 4 x^3 + 6 x^5.
		if want := []float32{10, 4*8 + 6*32}; !slices.Equal(dx, want) {
			t.Fatalf("the gradient is %v, want %v", dx, want)
		}
	}
	if f := p.Foreign(); len(f) != 2 {
		t.Errorf("Gorgonia added %v, want the constant 1 and one sum", f)
	}
}

// TestFixedInputs: no gradient is made for data.
func TestFixedInputs(t *testing.T) {
	p, err := Build(func(b *Builder) (*Node, []*Node) {
		data, weight := b.Input("data", make([]float32, 2), 2), b.Input("weight", make([]float32, 2), 2)
		sum := total(2, 2)
		all := sum.Gradient
		sum.Gradient = func(b *Builder, in []*Node, out, gradient *Node) []*Node {
			return []*Node{nil, all(b, in, out, gradient)[1]}
		}
		sum.Fixed = func(input int) bool { return input == 0 }
		return b.Apply(sum, b.Apply(square("of data", 2), data), b.Apply(square("of weight", 2),
			weight)), []*Node{weight}
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, p)
	if c := p.Count(); c["backward"] != 2 {
		t.Errorf("%d gradients, want those of the sum and of the weight's square", c["backward"])
	}
}

func TestBuildErrors(t *testing.T) {
	value := func() []float32 { return make([]float32, 1) }
	for _, c := range []struct {
		name, want string
		make       func(*Builder) (*Node, []*Node)
	}{
		{"two inputs", `two nodes are called "x"`, func(b *Builder) (*Node, []*Node) {
			b.Input("x", value(), 1)
			return b.Input("x", value(), 1), nil
		}},
		{"two operations", `two nodes are called "y"`, func(b *Builder) (*Node, []*Node) {
			x := b.Input("x", value(), 1)
			return b.Apply(square("y", 1), b.Apply(square("y", 1), x)), nil
		}},
		{"size", "input x has 1 numbers, its shape [2 3] wants 6", func(b *Builder) (*Node, []*Node) {
			return b.Apply(square("y", 1), b.Input("x", value(), 2, 3)), nil
		}},
		// These names were searched for: FNV-1a gives the two nodes one hash.
		{"hash", "have one hash", func(b *Builder) (*Node, []*Node) {
			return b.Apply(total(2, 1), b.Input("bias.zmuvpc", value(), 1),
				b.Input("weight.pbyqci", value(), 1)), nil
		}},
		{"no gradient", "differentiate total: ", func(b *Builder) (*Node, []*Node) {
			x, o := b.Input("x", value(), 1), square("y", 1)
			o.Gradient = nil
			return b.Apply(total(1, 1), b.Apply(o, x)), []*Node{x}
		}},
		{"in a gradient", `two nodes are called "x"`, func(b *Builder) (*Node, []*Node) {
			x, o := b.Input("x", value(), 1), square("y", 1)
			o.Gradient = func(b *Builder, in []*Node, out, gradient *Node) []*Node {
				return []*Node{b.Apply(Operation{Name: "x", Shape: []int{1}}, in[0], out, gradient)}
			}
			return b.Apply(total(1, 1), b.Apply(o, x)), []*Node{x}
		}},
	} {
		if _, err := Build(c.make); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Build(func(b *Builder) (*Node, []*Node) {
		return b.Apply(square("y", 1), b.Input("x", value(), 1)), nil
	}); err != nil {
		t.Errorf("after the errors nothing can be built: %v", err)
	}
}

// TestFailuresEndTheRunOnly: errors and panics of operations name the operation, and the program
// runs again.
func TestFailuresEndTheRunOnly(t *testing.T) {
	var fail func()
	var failure error
	y := make([]float32, 1)
	p, err := Build(func(b *Builder) (*Node, []*Node) {
		return b.Apply(Operation{Name: "fragile", Shape: []int{1}, Output: y,
			Run: func(out []float32, in [][]float32) error {
				if fail != nil {
					fail()
				}
				out[0] = in[0][0] + 1
				return failure
			}}, b.Input("x", []float32{4}, 1)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(want string) {
		t.Helper()
		if err := p.Run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	fail = func() { panic("out of luck") }
	check("fragile: panic: out of luck")
	var empty []float32
	fail = func() { empty[0] = 1 }
	check("fragile: panic: runtime error: index out of range")
	fail, failure = nil, errors.New("no number")
	check("fragile: no number")
	failure = nil
	if run(t, p); y[0] != 5 {
		t.Errorf("after the failures the result is %v", y)
	}
}

// TestStaleInputs: an operation refuses the value that another left in an earlier run.
func TestStaleInputs(t *testing.T) {
	var second *op
	p, err := Build(func(b *Builder) (*Node, []*Node) {
		y := b.Apply(square("second", 1), b.Apply(square("first", 1), b.Input("x", []float32{3}, 1)))
		second = y.node.Op().(*op)
		return y, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, p)
	value := second.sources[0].value
	if _, err := second.Do(value); err != nil {
		t.Errorf("in the same run: %v", err)
	}
	p.builder.run++ // a run in which Gorgonia leaves the first operation out
	if _, err := second.Do(value); err == nil || !strings.Contains(err.Error(),
		"second: input first is of run 1, this is run 2") {
		t.Errorf("got %v", err)
	}
}

// TestConcurrentPrograms builds and runs graphs side by side; the race detector watches Gorgonia's
// shared constants.
func TestConcurrentPrograms(t *testing.T) {
	var wait sync.WaitGroup
	start := make(chan struct{}) // all at once: the first to come would warm up for the others
	for i := range 8 {
		wait.Go(func() {
			<-start
			x, dx := []float32{float32(i)}, make([]float32, 1)
			for range 5 {
				p, err := Build(func(b *Builder) (*Node, []*Node) {
					in := b.Input("x", x, 1)
					return b.Apply(total(1, 1), b.Apply(watched(square("y", 1), dx), in)), []*Node{in}
				})
				if err != nil {
					t.Error(err)
					return
				}
				for range 5 {
					if err := p.Run(); err != nil || dx[0] != float32(2*i) {
						t.Errorf("program %d: gradient %v, error %v", i, dx, err)
					}
				}
			}
		})
	}
	close(start)
	wait.Wait()
}

// TestRunAllocatesNoTensor: what a run allocates does not grow with the tensors.
func TestRunAllocatesNoTensor(t *testing.T) {
	const size = 1 << 18 // 1 MiB a tensor
	p, err := Build(func(b *Builder) (*Node, []*Node) {
		in := b.Input("x", make([]float32, size), size)
		shared := b.Apply(square("shared", size), in)
		return b.Apply(total(2, size), b.Apply(square("a", size), shared),
			b.Apply(cube("b", size), shared)), []*Node{in}
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, p)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const runs = 10
	for range runs {
		run(t, p)
	}
	runtime.ReadMemStats(&after)
	if bytes := (after.TotalAlloc - before.TotalAlloc) / runs; bytes > 16<<10 {
		t.Errorf("a run allocates %d bytes", bytes)
	}
}
