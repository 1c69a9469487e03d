package benchmark

import (
	"fmt"
	"slices"
	"strings"
)

// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet, 2019, Table 4: batch 1 on one core of an Intel Xeon E5-2690, the mean of 20 runs.

// pair is a column of [effnet] Table 4: an EfficientNet and a network of the same accuracy that it
// is compared with.
type pair struct {
	against, network published
	speedUp          float64
}

// published is a network with the paper's latency of one image.
type published struct {
	name       string
	baseline   string // empty for a network that this program does not have
	resolution int
	seconds    float64
}

var table4 = []pair{
	{published{"ResNet-152", "resnet-152", 224, .554}, published{"EfficientNet-B1",
		"efficientnet-b1", 240, .098}, 5.7},
	{published{"GPipe (an AmoebaNet, not here)", "", 0, 19}, published{"EfficientNet-B7",
		"efficientnet-b7", 600, 3.1}, 6.1},
}

// Table4 lists the workloads of [effnet] Table 4, at their own resolutions or, for a quick look,
// all at another one.
func Table4(resolution, threads, rounds int) []Workload {
	var list []Workload
	for _, p := range table4 {
		for _, n := range []published{p.against, p.network} {
			if n.baseline == "" {
				continue
			}
			list = append(list, Workload{Mode: Infer, Baseline: n.baseline, Width: 1, Depth: 1,
				Resolution: n.resolution, Batch: 1, Threads: threads, Rounds: rounds, Classes: 1000})
			if resolution > 0 {
				list[len(list)-1].Resolution = resolution
			}
		}
	}
	return list
}

// Table4 is [effnet] Table 4 in Markdown, with the document's measurements beside the paper's.
// Networks that were not measured have a dash.
func (d *Document) Table4() string {
	var text strings.Builder
	text.WriteString("| network | pixels | params, M | multiply-adds, G | shortest, ms | median, " +
		"ms | of peak | published, ms |\n|---|---|---|---|---|---|---|---|\n")
	for _, p := range table4 {
		against, network := d.result(p.against), d.result(p.network)
		text.WriteString(p.against.row(against))
		text.WriteString(p.network.row(network))
		ratio := func(of func(*Result) float64) string {
			if against == nil || network == nil {
				return "-"
			}
			return fmt.Sprintf("%.1fx", of(against)/of(network))
		}
		fmt.Fprintf(&text, "| ratio | | %s | %s | %s | %s | | %.1fx |\n",
			ratio(func(r *Result) float64 { return float64(r.Params) }),
			ratio(func(r *Result) float64 { return float64(r.MAdds) }),
			ratio(func(r *Result) float64 { return r.StepMSMin }),
			ratio(func(r *Result) float64 { return r.StepMSMedian }), p.speedUp)
	}
	fmt.Fprintf(&text, "\n%s, kernels %s, %s; %s.\n", d.CPU, d.Kernels, d.Go, d.conditions())
	return text.String()
}

// conditions says what the rows of a table have in common.
func (d *Document) conditions() string {
	if len(d.Workloads) == 0 {
		return "nothing was measured"
	}
	w := d.Workloads[0]
	text := fmt.Sprintf("batch 1, threads: %d, passes behind the warm-up: %d", w.Threads, w.Rounds)
	if !slices.ContainsFunc(Table4(0, w.Threads, w.Rounds),
		func(full Workload) bool { return full == w.Workload }) {
		text = "a quick look, not at the networks' resolutions; " + text
	}
	return text
}

// result finds the measurement of a network, or nil.
func (d *Document) result(of published) *Result {
	for i, r := range d.Workloads {
		if r.Baseline == of.baseline {
			return &d.Workloads[i]
		}
	}
	return nil
}

func (p published) row(r *Result) string {
	if r == nil {
		return fmt.Sprintf("| %s | | - | - | - | - | - | %.0f |\n", p.name, 1e3*p.seconds)
	}
	return fmt.Sprintf("| %s | %d | %.1f | %.2f | %.1f | %.1f | %.0f %% | %.0f |\n", p.name,
		r.Resolution, float64(r.Params)/1e6, float64(r.MAdds)/1e9, r.StepMSMin, r.StepMSMedian,
		100*r.PeakShare, 1e3*p.seconds)
}
