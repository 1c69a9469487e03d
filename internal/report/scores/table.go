package scores

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"gridsearch/dataset"
	"gridsearch/internal/plural"
	"gridsearch/internal/terminal"
)

// table prints the comparison for people: accuracies and their differences in percent.
func (v *Images) table(w io.Writer) {
	if v.N == 0 {
		fmt.Fprintln(w, "no run is complete yet: there are no images to compare trials on")
		return
	}
	fmt.Fprintf(w, "%s; the best is %s\n\n", plural.Of(v.N, "validation image"), v.Best)
	v.classTable(w)
	v.pairTable(w)
	if v.Own != nil {
		fmt.Fprintf(w, "runs of the best with each other: agreement %s %%, kappa %s\n",
			fixed(&v.Own.Agreement, 100, 1), fixed(v.Own.Kappa, 1, 2))
	}
	fmt.Fprintln(w, v.signalLine())
}

func (v *Images) classTable(w io.Writer) {
	t := terminal.NewTable(w)
	fmt.Fprintln(t, "class\timages\tbest, %\tall trials, %")
	for _, c := range v.Classes {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", dataset.Quote(c.Class), c.Images, fixed(c.best, 100, 1),
			fixed(c.all, 100, 1))
	}
	t.Flush()
	fmt.Fprintln(w)
}

// pairNotes explains the columns of the pairs.
const pairNotes = `
top-1 and loss: a trial's less the best's on the same images, seeds averaged, with intervals by
bootstrap over images; best alone, it alone: images that one of two runs of a seed classifies
correctly, a mean over seeds; McNemar p: combined over seeds. They speak of these networks on other
images, not of other seeds: which trials are tied is said without --images
`

func (v *Images) pairTable(w io.Writer) {
	if len(v.Pairs) == 0 {
		fmt.Fprintln(w, "no other trial has a seed in common with the best")
		return
	}
	level := strconv.FormatFloat(100*v.confidence, 'g', 4, 64) + " %"
	t := terminal.NewTable(w)
	t.MayLack("kappa", "agreement", "best alone", "it alone", "seeds", level, "loss, nats", "McNemar p")
	fmt.Fprintln(t, strings.Join([]string{"against the best", "seeds", "top-1, points", level,
		"loss, nats", level, "best alone", "it alone", "McNemar p", "agreement", "kappa"}, "\t"))
	for _, p := range v.Pairs {
		fmt.Fprintln(t, strings.Join(p.row(), "\t"))
	}
	t.Flush()
	notes := pairNotes
	if terminal.CellsOf(w) > 0 { // where they are broken into lines that fit
		notes = "\n" + strings.ReplaceAll(strings.TrimSpace(notes), "\n", " ") + "\n"
	}
	fmt.Fprint(w, notes)
}

func (p Pair) row() []string {
	return []string{p.Trial, strconv.Itoa(len(p.Seeds)),
		fmt.Sprintf("%+.2f", 100*p.Top1.Mean),
		fmt.Sprintf("%+.2f..%+.2f", 100*p.Top1.Low, 100*p.Top1.High),
		fmt.Sprintf("%+.4f", p.Loss.Mean),
		fmt.Sprintf("%+.4f..%+.4f", p.Loss.Low, p.Loss.High),
		average(p.BestAlone), average(p.TrialAlone), fixed(p.P, 1, 3),
		fixed(&p.Agreement, 100, 1) + " %", fixed(p.Kappa, 1, 2)}
}

// average prints the mean of counts.
func average(counts []int) string {
	sum := 0
	for _, c := range counts {
		sum += c
	}
	return strconv.FormatFloat(float64(sum)/float64(len(counts)), 'f', 1, 64)
}

// signalLine compares how well the metrics separate trials.
func (v *Images) signalLine() string {
	var parts []string
	for _, s := range v.Spreads {
		if s.Signal == nil || s.Noise == nil {
			return "signal-to-noise is not known: it takes two trials beside the base, with two " +
				"runs each"
		}
		ratio := "no noise"
		if s.Ratio != nil {
			ratio = strconv.FormatFloat(*s.Ratio, 'f', 2, 64)
		}
		parts = append(parts, s.name()+" "+ratio+" ("+s.deviations()+")")
	}
	first := v.Spreads[0]
	return fmt.Sprintf("signal-to-noise over %s and %s, the s.d. between trials over "+
		"that of a run: %s", plural.Of(first.Trials, "trial"), plural.Of(first.Seeds, "seed"),
		strings.Join(parts, ", "))
}

func (s Spread) name() string {
	if s.Metric == "top1" {
		return "top-1"
	}
	return s.Metric
}

func (s Spread) deviations() string {
	if s.Metric == "top1" {
		return fixed(s.Signal, 100, 2) + " over " + fixed(s.Noise, 100, 2) + " points"
	}
	return fixed(s.Signal, 1, 4) + " over " + fixed(s.Noise, 1, 4) + " nats"
}
