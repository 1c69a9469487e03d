package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/forecast"
	"gridsearch/internal/plural"
	"gridsearch/internal/si"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
	"gridsearch/search/planner"
)

func newPlan() *cobra.Command {
	var settings []string
	var format, data string
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Print what a study would train, without training",
		Args:  exactly("an experiment file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, []string{"table", "json"}); err != nil {
				return err
			}
			p, err := study.Prepare(cmd.Context(),
				newReading("auto", cmd.ErrOrStderr()).access(data), args[0], settings...)
			if err != nil {
				return err
			}
			if warning := plainKernels(); warning != "" {
				fmt.Fprintln(cmd.ErrOrStderr(), warning)
			}
			out := cmd.OutOrStdout()
			if format == "json" {
				encoder := json.NewEncoder(out)
				encoder.SetIndent("", " ")
				return encoder.Encode(p.Plan.Document(p.Experiment.Study.Name))
			}
			return printPlan(cmd, p)
		},
	}
	cmd.Flags().StringArrayVar(&settings, "set", nil,
		"set a key of the experiment file, like train.epochs=3 (repeatable)")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().StringVar(&data, "data", "", "folder of the data, instead of the file's")
	return cmd
}

func printPlan(cmd *cobra.Command, p *study.Prepared) error {
	plan, out := p.Plan, cmd.OutOrStdout()
	fmt.Fprintf(out, "%s: %s, %d %s all constraints and %s %s\n", p.Experiment.Study.Name,
		plural.Of(plan.Points, "point"),
		plan.Kept, plural.Verb(plan.Kept, "satisfies", "satisfy"), plural.Verb(plan.Kept, "builds",
			"build"), plural.Of(plan.Networks, "network"))
	for _, r := range plan.Removed {
		fmt.Fprintf(out, "  %s keeps %d of %d\n", r.Constraint, plan.Points-r.Alone, plan.Points)
	}
	fmt.Fprintf(out, "%s with base and controls, %s each\n\n", plural.Of(len(plan.Trials), "trial"),
		plural.Of(p.Experiment.Replication.Seeds, "seed"))
	t := terminal.NewTable(out)
	t.MayLack("activations", "labels", "params", "nominal", "multiply-adds", "control", "repeats")
	fmt.Fprintln(t, "trial\tcontrol\tlabels\tnominal\tx "+
		"base\tmultiply-adds\tparams\tactivations\tpixels\trepeats\tchannels\t")
	for _, trial := range plan.Document("").Trials {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.3f\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", trial.Name,
			strings.Join(trial.Controls(), ","), labels(trial), nominal(trial.Labels), trial.MAddsRatio,
			si.Text(float64(trial.MAdds)), si.Text(float64(trial.Params)),
			si.Text(float64(trial.Activations)), trial.Resolution,
			join(trial.Repeats), join(trial.Channels), trial.ExcludedBy)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	warnings := plan.Warnings(p.Experiment.Replication.Seeds, p.Validation)
	if rounded := p.Experiment.Rounded(); rounded != "" {
		warnings = append(warnings, rounded)
	}
	remarks, err := p.Remarks(cmd.Context())
	if err != nil {
		return err
	}
	remarks.Warnings = append(warnings, remarks.Warnings...)
	for _, line := range remarks.Lines() {
		fmt.Fprintf(out, "\n%s", line)
	}
	estimate, err := forecast.Measure(p)
	if err != nil {
		return err
	}
	if estimate.Runs > 0 {
		fmt.Fprintf(out, "\nabout %s for %s on %s of this machine, at %.1f GFLOP/s (measured now "+
			"on the base network)\n",
			si.Clock(estimate.Seconds), plural.Of(estimate.Runs, "run"), plural.Of(estimate.Workers,
				"core"), estimate.FLOPS/1e9)
	}
	reading, err := forecast.Read(cmd.Context(), p)
	if err != nil || reading == nil {
		return err
	}
	_, err = fmt.Fprint(out, readingLines(*reading, estimate.Workers))
	return err
}

// readingLines say what reading photographs takes, and warn where that is more than there is. Without
// a folder for packs, each of the workers has its own, and so has the program that starts them.
func readingLines(r forecast.Reading, workers int) string {
	var text strings.Builder
	packs := "the packs of " + plural.Of(r.Sizes, "size")
	if r.Decode > 0 {
		fmt.Fprintf(&text, "reading: %s once, about %s; ", plural.Of(r.Decode, "image"), si.Clock(r.Seconds))
	} else {
		text.WriteString("reading: no image has to be decoded; ")
	}
	if r.Folder == "" {
		total := r.Bytes * int64(workers+1)
		fmt.Fprintf(&text, "%s take %sB in each of %s (%sB of memory free)\n", packs,
			si.Text(float64(r.Bytes)), plural.Of(workers+1, "process"),
			si.Text(float64(r.MemoryFree)))
		if r.MemoryFree > 0 && total > r.MemoryFree {
			fmt.Fprintf(&text, "warning: that is %sB, more than there is; with a cache directory "+
				"(XDG_CACHE_HOME) processes share one copy\n", si.Text(float64(total)))
		}
		return text.String()
	}
	fmt.Fprintf(&text, "%s take %sB in %s", packs, si.Text(float64(r.Bytes)), r.Folder)
	if r.DiskFree > 0 {
		fmt.Fprintf(&text, " (%sB free)", si.Text(float64(r.DiskFree)))
	}
	text.WriteString("\n")
	if r.DiskFree > 0 && r.Write > r.DiskFree {
		fmt.Fprintf(&text, "warning: %sB are to be written there, more than is free; XDG_CACHE_HOME puts "+
			"them elsewhere\n", si.Text(float64(r.Write)))
	}
	if r.MemoryFree > 0 && r.Largest > r.MemoryFree {
		fmt.Fprintf(&text, "warning: those of the largest size take %sB, more than the %sB of memory that "+
			"are free: every epoch reads them from the disk\n", si.Text(float64(r.Largest)),
			si.Text(float64(r.MemoryFree)))
	}
	return text.String()
}

// labels counts the points of a trial, kept and excluded.
func labels(t planner.DocumentTrial) string {
	if n := len(t.ExcludedLabels); n > 0 {
		return fmt.Sprintf("%d +%d excluded", len(t.Labels), n)
	}
	return fmt.Sprint(len(t.Labels))
}

// nominal is the range of the labels' nominal products, to four digits.
func nominal(labels []planner.Label) string {
	low, high := labels[0].Nominal, labels[0].Nominal
	for _, l := range labels {
		if l.Nominal.Cmp(low) < 0 {
			low = l.Nominal
		}
		if l.Nominal.Cmp(high) > 0 {
			high = l.Nominal
		}
	}
	if low == high {
		return fmt.Sprintf("%.4g", low.Float64())
	}
	return fmt.Sprintf("%.4g..%.4g", low.Float64(), high.Float64())
}

func join(numbers []int) string { return strings.Trim(fmt.Sprint(numbers), "[]") }
