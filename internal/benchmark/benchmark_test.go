package benchmark

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/internal/kernel"
	"gridsearch/internal/latency"
	"gridsearch/model"
)

// tiny is the smallest resolution that B0's strides do not reduce to nothing.
func tiny(mode string) Workload {
	w := Default()
	w.Mode, w.Width, w.Resolution, w.Batch, w.Rounds = mode, .1, 17, 4, 1
	return w
}

// TestSummarize: the shortest step counts for speeds, and two threads have the peak of two cores.
func TestSummarize(t *testing.T) {
	cost := model.Cost{MAdds: 5e8, Params: 7}
	steps := []time.Duration{40 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond,
		20 * time.Millisecond}
	for _, c := range []struct {
		mode    string
		threads int
		gflops  float64
		share   float64
	}{{Train, 1, 1200, 12}, {Train, 2, 1200, 6}, {Infer, 1, 400, 4}} {
		w := Default()
		w.Mode, w.Batch, w.Threads = c.mode, 4, c.threads
		r := w.summarize(cost, steps, 100)
		got := []float64{r.StepMSMin, r.StepMSMedian, r.ImagesPerSecond, r.GFLOPS, r.PeakShare,
			float64(r.Params), float64(r.MAdds)}
		want := []float64{10, 25, 400, c.gflops, c.share, 7, 5e8}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-9*want[i] {
				t.Errorf("%s with %d threads gives %v, want %v", c.mode, c.threads, got, want)
				break
			}
		}
	}
	if got := Default().summarize(cost, steps[:3], 1).StepMSMedian; got != 30 {
		t.Errorf("the median of three is %v", got)
	}
}

func TestName(t *testing.T) {
	w := Default()
	for baseline, want := range map[string]string{"efficientnet-lite0": "LITE0 32 px batch 128",
		"resnet-152": "resnet-152 32 px batch 128"} {
		if w.Baseline = baseline; w.Name() != want {
			t.Errorf("got %s, want %s", w.Name(), want)
		}
	}
}

func TestStandard(t *testing.T) {
	names := []string{"B0 32 px batch 128", "B0 width 0.5 32 px batch 128",
		"B0 width 0.25 24 px batch 64", "B0 64 px batch 64", "B0 224 px batch 16",
		"inference B0 224 px batch 1", "inference B0 224 px batch 16"}
	var got []string
	for _, w := range Standard(1, 5) {
		if err := w.Check(); err != nil || w.Rounds != 5 {
			t.Errorf("%s: %d rounds, %v", w.Name(), w.Rounds, err)
		}
		got = append(got, w.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("the workloads are %q", got)
	}
	w := Default()
	w.Baseline, w.Depth = "efficientnet-b3", 1.5
	if w.Name() != "B3 depth 1.5 32 px batch 128" {
		t.Errorf("it is called %s", w.Name())
	}
}

// TestCheck: the error for an impossible value names the nearest possible one.
func TestCheck(t *testing.T) {
	for want, change := range map[string]func(*Workload){
		"":                       func(w *Workload) { w.Resolution = 17 },
		`did you mean "train"`:   func(w *Workload) { w.Mode = "tarin" },
		`did you mean "infer"`:   func(w *Workload) { w.Mode = "inferr" },
		"\"efficientnet-b1\"":    func(w *Workload) { w.Baseline = "efficientnet-1" },
		"--batch is from 2":      func(w *Workload) { w.Batch = 1 },
		"the nearest is 2":       func(w *Workload) { w.Batch = -5 },
		"the nearest is 65536":   func(w *Workload) { w.Batch = 1 << 40 },
		"0 is not, the nearest":  func(w *Workload) { w.Mode, w.Batch = Infer, 0 },
		"--rounds is from 1":     func(w *Workload) { w.Rounds = 0 },
		"--threads is from 1":    func(w *Workload) { w.Threads = 0 },
		"--classes is from 2":    func(w *Workload) { w.Classes = 1 },
		"the nearest is 17 (":    func(w *Workload) { w.Resolution = 16 },
		"the nearest is 17 (sta": func(w *Workload) { w.Resolution = 1 },
		"--resolution is from 1": func(w *Workload) { w.Resolution = 0 },
		"--width is above 0":     func(w *Workload) { w.Width = 0 },
		"--depth is above 0":     func(w *Workload) { w.Depth = math.NaN() },
		"most 100: +Inf is not":  func(w *Workload) { w.Width = math.Inf(1) },
	} {
		w := Default()
		change(&w)
		err := w.Check()
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	w := tiny(Infer)
	w.Batch = 1
	if err := w.Check(); err != nil {
		t.Errorf("inference of one image: %v", err)
	}
}

// TestMeasure measures both modes and finds the network that was asked for.
func TestMeasure(t *testing.T) {
	for _, mode := range Modes {
		w := tiny(mode)
		r, err := Measure(w, 100)
		if err != nil {
			t.Fatal(err)
		}
		arch, err := w.Architecture()
		if err != nil {
			t.Fatal(err)
		}
		if cost := arch.Cost(); r.Params != cost.Params || r.MAdds != cost.MAdds || r.Workload != w {
			t.Errorf("%s measures %+v", mode, r)
		}
		if !(r.StepMSMin > 0 && r.StepMSMedian >= r.StepMSMin && r.GFLOPS > 0) {
			t.Errorf("%s has impossible times: %+v", mode, r)
		}
	}
}

// TestNoise: every run sees the same images, which look normalised.
func TestNoise(t *testing.T) {
	a, b := make([]float32, 10_000), make([]float32, 10_000)
	latency.Noise(a)
	latency.Noise(b)
	var sum, square float64
	for _, v := range a {
		sum += float64(v)
		square += float64(v) * float64(v)
	}
	if !slices.Equal(a, b) || math.Abs(sum) > 400 || math.Abs(square-10_000) > 600 {
		t.Errorf("sum %v, sum of squares %v, the same again: %v", sum, square, slices.Equal(a, b))
	}
}

// TestStepsPerSecond: workers add up, and one that fails is an error.
func TestStepsPerSecond(t *testing.T) {
	got, err := stepsPerSecond(Default(), 2, func(Workload) (Result, error) {
		return Result{StepMSMedian: 4}, nil
	})
	if err != nil || got != 500 {
		t.Errorf("two workers with steps of 4 ms make %v a second, %v", got, err)
	}
	if _, err := stepsPerSecond(Default(), 2, func(Workload) (Result, error) {
		return Result{},
			io.ErrUnexpectedEOF
	}); err == nil {
		t.Error("two workers fail without an error")
	}
}

// TestServe answers a request, and refuses anything else.
func TestServe(t *testing.T) {
	text, err := json.Marshal(request{tiny(Infer), 100})
	if err != nil {
		t.Fatal(err)
	}
	in, out := io.Pipe()
	gone := make(chan struct{})
	var answer bytes.Buffer
	go func() { _, _ = out.Write(text) }()
	if err := Serve(in, &answer, func() { close(gone) }); err != nil {
		t.Fatal(err)
	}
	var r Result
	if err := json.Unmarshal(answer.Bytes(), &r); err != nil ||
		r.Name != "inference B0 width 0.1 17 px batch 4" {
		t.Errorf("it answers %s (%v)", answer.String(), err)
	}
	select {
	case <-gone:
		t.Error("it is abandoned while its input is open")
	default:
	}
	out.Close()
	<-gone
	for _, bad := range []string{"", "{", `{"workload": {"mode": "train"}}`} {
		if err := Serve(strings.NewReader(bad), io.Discard, func() {}); err == nil {
			t.Errorf("%q is answered", bad)
		}
	}
}

func TestMeasureInNoProcess(t *testing.T) {
	if _, err := MeasureIn(context.Background(), []string{"/nowhere/gridsearch"}, tiny(Infer), 100,
		io.Discard); err == nil || !strings.Contains(err.Error(), "start the process") {
		t.Errorf("a program that is not there gives %v", err)
	}
}

// TestDocument checks the names in the JSON, which other programs read.
func TestDocument(t *testing.T) {
	d := Document{SchemaVersion: SchemaVersion, Machine: kernel.Machine{PeakGFLOPS: 1},
		Workloads: []Result{Default().summarize(model.Cost{}, []time.Duration{1}, 1)}}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var top map[string]json.RawMessage
	var rows []map[string]any
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(top["workloads"], &rows); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		got  []string
		want string
	}{
		{keys(top), "copy_gb_s cores cpu go kernels peak_gflops read_gb_s schema_version workloads"},
		{keys(rows[0]), "baseline batch classes depth gflops images_per_s madds mode name params " +
			"peak_memory_bytes peak_share resolution rounds step_ms_median step_ms_min threads width"},
	} {
		if got := strings.Join(c.got, " "); got != c.want {
			t.Errorf("the names are %s, want %s", got, c.want)
		}
	}
}

func keys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestTable4: the paper's networks at their resolutions, ratios of what was measured, dashes for
// what was not, and a note where the sizes are not the paper's.
func TestTable4(t *testing.T) {
	d := &Document{CPU: "a processor", Kernels: "avx2", Go: "go1"}
	for i, w := range Table4(0, 1, 20) {
		if err := w.Check(); err != nil {
			t.Fatal(err)
		}
		arch, err := w.Architecture()
		if err != nil {
			t.Fatal(err)
		}
		published, err := model.Preset(w.Baseline)
		if err != nil || published.Pixels != w.Resolution || published.Cost() != arch.Cost() {
			t.Errorf("%s is not the published network (%v)", w.Name(), err)
		}
		r := w.summarize(arch.Cost(), []time.Duration{time.Duration(100/(i+1)) * time.Millisecond,
			time.Duration(120/(i+1)) * time.Millisecond}, 100)
		d.Workloads = append(d.Workloads, r)
	}
	const want = `| network | pixels | params, M | multiply-adds, G | shortest, ms | median, ms | of peak | published, ms |
|---|---|---|---|---|---|---|---|
| ResNet-152 | 224 | 60.2 | 11.51 | 100.0 | 110.0 | 230 % | 554 |
| EfficientNet-B1 | 240 | 7.8 | 0.69 | 50.0 | 55.0 | 27 % | 98 |
| ratio | | 7.7x | 16.8x | 2.0x | 2.0x | | 5.7x |
| GPipe (an AmoebaNet, not here) | | - | - | - | - | - | 19000 |
| EfficientNet-B7 | 600 | 66.3 | 37.75 | 33.0 | 36.5 | 2288 % | 3100 |
| ratio | | - | - | - | - | | 6.1x |

a processor, kernels avx2, go1; batch 1, threads: 1, passes behind the warm-up: 20.
`
	if got := d.Table4(); got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	d.Workloads = d.Workloads[:1]
	d.Workloads[0].Resolution = 64
	if got := d.Table4(); !strings.Contains(got, "| EfficientNet-B1 | | - |") ||
		!strings.Contains(got, "a quick look, not at the networks' resolutions; batch 1") {
		t.Errorf("a quick look is\n%s", got)
	}
	if got := (&Document{}).Table4(); !strings.Contains(got, "nothing was measured") {
		t.Errorf("an empty table is\n%s", got)
	}
}
