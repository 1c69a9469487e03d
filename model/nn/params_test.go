package nn

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/model"
	"gridsearch/model/layer"
)

func parameters(t testing.TB, arch model.Architecture, seed uint64, zero bool) *layer.Parameters {
	t.Helper()
	p, err := NewParameters(arch, seed, zero)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fanOut is the authors' number for a convolution: k*k times the channels of the kernel's last
// axis, which for a depthwise one is 1.
func fanOut(shape []int) int {
	switch len(shape) {
	case 2:
		return shape[1]
	case 3:
		return shape[0] * shape[1]
	}
	return shape[0] * shape[1] * shape[3]
}

// TestInitialisers compares mean and deviation of B0's kernels with those of their distributions,
// to 5 standard errors, and the rest exactly.
func TestInitialisers(t *testing.T) {
	arch, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range parameters(t, arch, 3, false).List {
		want, deviation := float32(0), 0.
		switch {
		case q.Name == "head.classifier.weight":
			bound := 1 / math.Sqrt(1000)
			deviation = bound / math.Sqrt(3)
			if slices.Max(q.Value) > float32(bound) || slices.Min(q.Value) < float32(-bound) {
				t.Errorf("%s leaves +-%v", q.Name, bound)
			}
		case strings.HasSuffix(q.Name, ".weight"):
			deviation = math.Sqrt(2 / float64(fanOut(q.Shape)))
		case strings.HasSuffix(q.Name, ".gamma"):
			want = 1
		}
		if q.Decay != (deviation > 0) {
			t.Errorf("%s has weight decay: %v", q.Name, q.Decay)
		}
		if deviation == 0 {
			if slices.Max(q.Value) != want || slices.Min(q.Value) != want {
				t.Errorf("%s is not %v", q.Name, want)
			}
			continue
		}
		n := float64(len(q.Value))
		ones := slices.Repeat([]float32{1}, len(q.Value))
		mean, square := dot(q.Value, ones)/n, dot(q.Value, q.Value)/n
		if math.Abs(mean) > 5*deviation/math.Sqrt(n) ||
			math.Abs(square/deviation/deviation-1) > 5*math.Sqrt(2/n) {
			t.Errorf("%s has mean %.4f and deviation %.4f, want 0 and %.4f", q.Name, mean,
				math.Sqrt(square), deviation)
		}
	}
}

// TestZeroResidual: with the option, the last gamma of blocks with a skip is 0, and of no others.
func TestZeroResidual(t *testing.T) {
	for _, arch := range []model.Architecture{small(), every()} {
		skips := map[string]bool{}
		for _, b := range arch.Blocks() {
			last := map[string]string{model.Basic: "conv2", model.Bottleneck: "conv3"}[b.Kind]
			skips[b.Name+"."+cmp.Or(last, "project")+".bn.gamma"] = b.Skip
		}
		for _, q := range parameters(t, arch, 1, true).List {
			if !strings.HasSuffix(q.Name, ".gamma") {
				continue
			}
			if zero := q.Value[0] == 0; zero != skips[q.Name] {
				t.Errorf("%s: %s starts at %v", arch.Name, q.Name, q.Value[0])
			}
		}
	}
}

// TestParametersAreNamed: names are unique, say block and layer, and decide the initial values:
// what another architecture shares is the same there.
func TestParametersAreNamed(t *testing.T) {
	arch := small()
	p := parameters(t, arch, 1, false)
	var names []string
	values := map[string][]float32{}
	for _, q := range p.List {
		names = append(names, q.Name)
		values[q.Name] = q.Value
	}
	if len(values) != len(names) {
		t.Error("two parameters have one name")
	}
	for _, want := range []string{"stem.conv.weight", "stem.conv.bn.gamma",
		"block0.depthwise.weight", "block1.expand.weight", "block1.expand.bn.beta",
		"block2.se.reduce.bias", "block2.se.expand.weight", "block3.project.weight",
		"head.conv.bn.gamma", "head.classifier.weight", "head.classifier.bias"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s in %v", want, names)
		}
	}
	arch.Head++
	changed := 0
	for _, q := range parameters(t, arch, 1, false).List {
		if !slices.Equal(q.Value, values[q.Name]) {
			changed++
			if !strings.HasPrefix(q.Name, "head.") {
				t.Errorf("another head changes %s", q.Name)
			}
		}
	}
	if other := parameters(t, small(), 2, false); changed == 0 || slices.Equal(other.List[0].Value,
		p.List[0].Value) {
		t.Error("another head or seed changes nothing")
	}
}

// TestClone: a clone has the values, in memory of its own, and networks can be built on it.
func TestClone(t *testing.T) {
	arch := small()
	n, p := trainer(t, arch, 4)
	c := p.Clone()
	step(t, n, 0)
	if slices.Equal(c.Statistics[0].Mean, p.Statistics[0].Mean) {
		t.Error("training moves the statistics of the clone")
	}
	again, err := NewTrainer(arch, c, Options{Batch: 4, Seed: 3, LabelSmoothing: .1})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	fill(again, 1, arch.Classes)
	step(t, again, 0)
	for i, q := range c.List {
		if q.Name != p.List[i].Name || !slices.Equal(q.Value, p.List[i].Value) ||
			!slices.Equal(q.Grad, p.List[i].Grad) {
			t.Errorf("%s of the clone differs", q.Name)
		}
		q.Value[0]++
		if p.List[i].Value[0] == q.Value[0] {
			t.Errorf("%s is shared", q.Name)
		}
	}
	for i, s := range c.Statistics {
		if s.Name != p.Statistics[i].Name || !slices.Equal(s.Mean, p.Statistics[i].Mean) ||
			!slices.Equal(s.Variance, p.Statistics[i].Variance) {
			t.Errorf("%s of the clone differs", s.Name)
		}
	}
}

// TestBuildErrors: what does not fit together is refused, and the parameters stay as they are.
func TestBuildErrors(t *testing.T) {
	with := func(change func(*model.Architecture)) model.Architecture {
		a := small()
		a.Stages = slices.Clone(a.Stages)
		change(&a)
		return a
	}
	p := parameters(t, small(), 1, false)
	count, statistics := len(p.List), len(p.Statistics)
	for _, c := range []struct {
		arch  model.Architecture
		batch int
		want  string
	}{
		{small(), 0, "build small: the batch must be 1 or more, not 0"},
		{with(func(a *model.Architecture) { a.Head = 20 }), 2,
			"head.conv.weight has shape [9 13], the architecture wants [9 20]"},
		{with(func(a *model.Architecture) { a.Stages = append(a.Stages, a.Stages[2]) }), 2,
			"the parameters have no block4.expand.weight, the architecture wants one"},
		{with(func(a *model.Architecture) { a.Stages[1].SERatio = 0 }), 2,
			"the parameters have block1.se.reduce.weight, the architecture does not"},
		{with(func(a *model.Architecture) { a.Stages[0].Block = "fused" }), 2,
			`block0: block "fused" is not known: use one of mbconv, inverted-residual`},
	} {
		_, trainer := NewTrainer(c.arch, p, Options{Batch: c.batch})
		_, evaluator := NewEvaluator(c.arch, p, Options{Batch: c.batch})
		for _, err := range []error{trainer, evaluator} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		}
		if len(p.List) != count || len(p.Statistics) != statistics {
			t.Fatalf("%s: there are %d parameters and %d statistics now, were %d and %d", c.want,
				len(p.List), len(p.Statistics), count, statistics)
		}
	}
	if _, err := NewParameters(with(func(a *model.Architecture) { a.Head = -1 }), 1,
		false); err == nil || !strings.Contains(err.Error(), "channels of the head") {
		t.Errorf("got %v", err)
	}
	if _, err := NewEvaluator(small(), &layer.Parameters{}, Options{Batch: 2}); err == nil ||
		!strings.Contains(err.Error(), "have no stem.conv.weight") {
		t.Errorf("got %v", err)
	}
}

// TestDrawAsPyTorch compares B0's kernels and biases with the distributions that torch.nn.Conv2d
// and Linear start from, to 5 standard errors.
func TestDrawAsPyTorch(t *testing.T) {
	arch, err := model.Preset("efficientnet-b0")
	if err != nil {
		t.Fatal(err)
	}
	p := parameters(t, arch, 3, true)
	before := p.Clone()
	p.DrawAsPyTorch()
	for name, fan := range map[string]int{"stem.conv.weight": 27, "block3.depthwise.weight": 25,
		"block3.expand.weight": 24, "block3.se.reduce.weight": 144, "block3.se.reduce.bias": 144,
		"block3.se.expand.bias": 6, "head.conv.weight": 320, "head.classifier.weight": 1280,
		"head.classifier.bias": 1280} {
		values, bound, sum := p.ByName[name].Value, 1/math.Sqrt(float64(fan)), 0.
		for _, v := range values {
			sum += float64(v) * float64(v)
		}
		n := float64(len(values))
		// the fourth moment of a uniform variable is 9/5 of the squared second
		if got, want := sum/n, bound*bound/3; math.Abs(got-want) > 5*want*math.Sqrt(.8/n) {
			t.Errorf("%s has variance %v, want %v", name, got, want)
		}
		if slices.Max(values) > float32(bound) || slices.Min(values) < float32(-bound) {
			t.Errorf("%s leaves +-%v", name, bound)
		}
	}
	for i, q := range p.List {
		if norm := strings.Contains(q.Name, ".bn."); norm != slices.Equal(q.Value, before.List[i].Value) {
			t.Errorf("%s is drawn: %v", q.Name, norm)
		}
	}
}
