package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"gridsearch/internal/benchmark"
	"gridsearch/internal/doctor"
	"gridsearch/internal/machine"
	"gridsearch/internal/nearest"
	"gridsearch/internal/plural"
	"gridsearch/internal/program"
	"gridsearch/internal/si"
	"gridsearch/internal/terminal"
	"gridsearch/model"
)

// benchProcess is the hidden command that measures one workload for bench and doctor.
const benchProcess = "bench-process"

func newBench() *cobra.Command {
	w := benchmark.Default()
	var format, list, into string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast this machine trains networks and runs them",
		Long: "Bench measures the standard workloads: training steps and inference of " +
			"EfficientNet-B0 and of narrower ones. --threads and --rounds are for all of them;\n" +
			"any other flag measures one workload of your own instead, with 10 classes and the " +
			"values below where you say nothing.\n\n" +
			"A training step is the whole of it: forward pass, loss, backward pass and " +
			"optimiser, with dropout and stochastic depth; images are random. Speeds are those of the\n" +
			"shortest step, at 2 operations a multiply-add and 3 passes in training; the share " +
			"is of what so many cores do when they do nothing but multiply and add in registers,\n" +
			"measured beforehand. --workloads table-4 measures the latencies of the paper's " +
			"Table 4, at batch 1, and holds them against the paper's as Markdown (--format md), " +
			"which --into\n" +
			"writes into a page; --resolution makes a quick look of it. Networks that memory is " +
			"too small for are left out. Each workload runs in a process of its own, and its " +
			"peak memory is that process's from start to end (0 in JSON where the system does not tell).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, []string{"table", "json", "md"}); err != nil {
				return err
			}
			workloads, err := benchWorkloads(cmd, w, list)
			if err != nil {
				return usageError{err}
			}
			if list != table4 && (format == "md" || into != "") {
				return usageError{errors.New("--format md and --into are for --workloads " + table4)}
			}
			page, err := openPage(into, table4)
			if err != nil {
				return usageError{err}
			}
			document, err := bench(cmd, workloads)
			if err != nil {
				return err
			}
			return errors.Join(printBench(cmd.OutOrStdout(), document, format),
				page.write(document.Table4()))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&w.Mode, "mode", w.Mode, strings.Join(benchmark.Modes, " or "))
	flags.StringVar(&w.Baseline, "baseline", w.Baseline, "network: "+strings.Join(model.Presets(),
		", "))
	flags.Float64Var(&w.Width, "width", w.Width, "coefficient of its channels")
	flags.Float64Var(&w.Depth, "depth", w.Depth, "coefficient of its repeats")
	flags.IntVar(&w.Resolution, "resolution", w.Resolution, "pixels on a side")
	flags.IntVar(&w.Batch, "batch", w.Batch, "images of a step")
	flags.IntVar(&w.Classes, "classes", w.Classes, "classes")
	flags.IntVar(&w.Threads, "threads", w.Threads, "threads of a step")
	flags.IntVar(&w.Rounds, "rounds", w.Rounds, "steps that are timed")
	flags.StringVar(&list, "workloads", "standard", "standard or "+table4)
	flags.StringVar(&format, "format", "table", "table, json or, for "+table4+", md")
	flags.StringVar(&into, "into", "", "page that has the table: it is replaced between <!-- "+
		table4+" --> and <!-- /"+table4+" -->")
	return cmd
}

// table4 names the workloads of the paper's Table 4.
const table4 = "table-4"

// benchWorkloads is the workload that flags describe, or those of a list if no flag does.
func benchWorkloads(cmd *cobra.Command, w benchmark.Workload,
	list string) ([]benchmark.Workload, error) {
	if lists := []string{"standard", table4}; !slices.Contains(lists, list) {
		return nil, fmt.Errorf("--workloads %q are not known: did you mean %q?", list,
			nearest.Word(list, lists))
	}
	if list == table4 {
		return benchTable4(cmd, w)
	}
	if err := w.Check(); err != nil {
		return nil, err
	}
	for _, flag := range []string{"mode", "baseline", "width", "depth", "resolution", "batch",
		"classes"} {
		if cmd.Flags().Changed(flag) {
			return []benchmark.Workload{w}, nil
		}
	}
	return benchmark.Standard(w.Threads, w.Rounds), nil
}

// benchTable4 lists the workloads of Table 4 that fit into memory.
func benchTable4(cmd *cobra.Command, w benchmark.Workload) ([]benchmark.Workload, error) {
	for _, flag := range []string{"mode", "baseline", "width", "depth", "batch", "classes"} {
		if cmd.Flags().Changed(flag) {
			return nil, fmt.Errorf("--%s describes a workload of your own: leave it out with "+
				"--workloads %s", flag, table4)
		}
	}
	if !cmd.Flags().Changed("resolution") {
		w.Resolution = 0
	}
	var list []benchmark.Workload
	_, available := machine.Memory()
	for _, w := range benchmark.Table4(w.Resolution, w.Threads, w.Rounds) {
		if err := w.Check(); err != nil {
			return nil, err
		}
		arch, err := w.Architecture()
		if err != nil {
			return nil, err
		}
		// more than inference takes
		if need := arch.TrainingBytes(w.Batch); available > 0 && need > available {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s is left out: it may take %s of memory, %s are "+
				"available\n", w.Name(), doctor.Size(need), doctor.Size(available))
			continue
		}
		list = append(list, w)
	}
	return list, nil
}

// bench measures workloads one after the other.
func bench(cmd *cobra.Command, workloads []benchmark.Workload) (*benchmark.Document, error) {
	path, err := program.Path()
	if err != nil {
		return nil, err
	}
	stop, _, release := stopSignals(cmd.Context())
	defer release()
	fmt.Fprintln(cmd.ErrOrStderr(), "measuring one core")
	document, err := benchmark.NewDocument()
	if err != nil {
		return nil, err
	}
	for i, w := range workloads {
		fmt.Fprintf(cmd.ErrOrStderr(), "[%d/%d] %s, %s\n", i+1, len(workloads), w.Name(),
			plural.Of(w.Rounds, "step"))
		r, err := benchmark.MeasureIn(stop, []string{path, benchProcess}, w, document.PeakGFLOPS,
			cmd.ErrOrStderr())
		if cause := context.Cause(stop); cause != nil {
			return nil, cause
		}
		if err != nil {
			return nil, err
		}
		document.Workloads = append(document.Workloads, r)
	}
	return document, nil
}

func printBench(out io.Writer, d *benchmark.Document, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", " ")
		return encoder.Encode(d)
	}
	if format == "md" {
		_, err := fmt.Fprint(out, d.Table4())
		return err
	}
	fmt.Fprintf(out, "%s, %s, kernels %s, %s\n", d.CPU, plural.Of(d.Cores, "core"), d.Kernels, d.Go)
	fmt.Fprintf(out, "one core: %.1f GFLOP/s at its peak, reads %.1f GB/s, copies %.1f GB/s\n\n",
		d.PeakGFLOPS, d.ReadGBs, d.CopyGBs)
	t := terminal.NewTable(out)
	t.MayLack("median", "params", "peak memory", "multiply-adds")
	fmt.Fprintln(t, "workload\tthreads\tparams\tmultiply-adds\tstep, "+
		"ms\tmedian\timages/s\tGFLOP/s\tof peak\tpeak memory\t")
	for _, r := range d.Workloads {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%.2f\t%.2f\t%.0f\t%.1f\t%.0f %%\t%s\t\n", r.Name, r.Threads,
			si.Text(float64(r.Params)), si.Text(float64(r.MAdds)),
			r.StepMSMin, r.StepMSMedian, r.ImagesPerSecond, r.GFLOPS, 100*r.PeakShare,
			doctor.Size(r.PeakMemoryBytes))
	}
	return t.Flush()
}

func newBenchProcess() *cobra.Command {
	return &cobra.Command{
		Use:    benchProcess,
		Short:  "Measure the workload that comes on standard input (started by bench and doctor)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Ctrl-C reaches the whole process group; the parent decides what to do and closes the
			// input.
			signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			return benchmark.Serve(os.Stdin, cmd.OutOrStdout(),
				func() { os.Exit(exitInterrupted + int(syscall.SIGTERM)) })
		},
	}
}
