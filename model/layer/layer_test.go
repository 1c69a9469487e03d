package layer

import (
	"math"
	"slices"
	"testing"

	"gridsearch/internal/random"
)

// normals draws n standard normal numbers.
func normals(n int, names ...any) []float32 {
	s := random.New(7, names...)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(s.Norm())
	}
	return x
}

// TestDraw: factors are 0 at the rate asked for, keep the expectation, and are 1 outside training.
func TestDraw(t *testing.T) {
	const n = 100000
	factors := make([]float32, n)
	for _, rate := range []float64{0, .2, .7} {
		draw(factors, rate, true, random.New(1, "draw"))
		zeros := 0
		for _, f := range factors {
			if f == 0 {
				zeros++
			} else if math.Abs(float64(f)*(1-rate)-1) > 1e-6 {
				t.Fatalf("rate %v: a factor is %v", rate, f)
			}
		}
		if deviation := math.Sqrt(n * rate * (1 - rate)); math.Abs(float64(zeros)-n*rate) > 4*deviation {
			t.Errorf("rate %v: %d of %d are 0", rate, zeros, n)
		}
		draw(factors, rate, false, random.New(1, "draw"))
		if slices.Min(factors) != 1 || slices.Max(factors) != 1 {
			t.Errorf("rate %v: outside training there are factors that are not 1", rate)
		}
	}
}

// TestDroppedExamplesPass: stochastic depth leaves the input of a dropped example as it is, and
// other blocks and steps drop others.
func TestDroppedExamplesPass(t *testing.T) {
	const batch, size = 16, 3
	w := &Param{Value: normals(size*size, "weight"), Grad: make([]float32, size*size)}
	time := &Clock{}
	forward := func(name string, step int) ([]float32, []float32) {
		l := &Residual{Chain: Chain{Layers: []Layer{&Pointwise{Weight: w, Area: 1, In: size,
			Out: size}}, Scratch: &Scratch{}},
			Drop: DropPath{Settings: Settings{Training: true, Seed: 1, Clock: time}, Name: name, Rate: .5}}
		x, y := normals(batch*size, "x"), make([]float32, l.Allocate(batch))
		time.Step = step
		l.Forward(y, x)
		for n, f := range l.Factors {
			if same := slices.Equal(x[n*size:][:size], y[n*size:][:size]); same != (f == 0) {
				t.Errorf("%s, step %d: example %d has factor %v, passes unchanged: %v", name, step, n, f, same)
			}
		}
		return l.Factors, y
	}
	factors, y := forward("block1", 1)
	again, z := forward("block1", 1)
	if !slices.Equal(factors, again) || !slices.Equal(y, z) {
		t.Error("the same step drops other examples")
	}
	for _, other := range []struct {
		name string
		step int
	}{{"block1", 2}, {"block2", 1}} {
		if f, _ := forward(other.name, other.step); slices.Equal(f, factors) {
			t.Errorf("%s, step %d drops the same examples as block1 in step 1", other.name, other.step)
		}
	}
}
