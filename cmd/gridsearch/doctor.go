package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/benchmark"
	"gridsearch/internal/doctor"
	"gridsearch/internal/kernel"
	"gridsearch/internal/plural"
	"gridsearch/internal/process"
	"gridsearch/internal/program"
)

func newDoctor() *cobra.Command {
	var format string
	var quick bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine is to the program, and what would make a study slow or fail",
		Long: "Doctor looks at processor, memory, disk and data sets and measures one core and " +
			"two workers at once, in a few seconds; --quick only looks.\n" +
			"What the system does not tell is unknown (0 in JSON). Warnings do not change the exit code.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, []string{"table", "json"}); err != nil {
				return err
			}
			path, err := program.Path()
			if err != nil {
				return err
			}
			r, err := doctor.Examine(studiesDir(cmd), func(set string) error {
				return process.CheckKernels([]string{path, workerProcess}, set)
			})
			if err != nil {
				return err
			}
			if !quick {
				if err := measure(cmd, r, path); err != nil {
					return err
				}
			}
			if format == "json" {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", " ")
				return encoder.Encode(r)
			}
			return printDoctor(cmd.OutOrStdout(), r)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().BoolVar(&quick, "quick", false, "measure nothing")
	return cmd
}

func measure(cmd *cobra.Command, r *doctor.Report, path string) error {
	fmt.Fprintln(cmd.ErrOrStderr(), "measuring this machine, a few seconds")
	if err := os.Setenv(kernel.Variable, r.Kernels); err != nil { // for the workers that are measured
		return err
	}
	return r.Measure(func() (float64, error) {
		return benchmark.Scaling(cmd.Context(), []string{path, benchProcess}, 2)
	})
}

func printDoctor(out io.Writer, r *doctor.Report) error {
	row := func(name, format string, values ...any) {
		fmt.Fprintf(out, "%-12s "+format+"\n", append([]any{name}, values...)...)
	}
	row("processor", "%s, %s%s", r.CPU, plural.Of(r.Cores, "core"),
		limited(r.CoreLimit > 0, "the time of %.3g", r.CoreLimit))
	row("kernels", "%s of %s", r.Kernels, strings.Join(r.KernelsAvailable, ", "))
	row("check", "%s", checked(r.KernelChecks))
	row("denormals", "%s", map[bool]string{true: "flushed to zero while networks compute",
		false: "computed: they cannot be flushed to zero here"}[r.FlushToZero])
	if r.Measured {
		row("one core", "%.1f GFLOP/s at its peak, reads %.1f GB/s, copies %.1f GB/s", r.PeakGFLOPS,
			r.ReadGBs, r.CopyGBs)
		row("two workers", "%.2f times the images per second of one", r.TwoWorkers)
	}
	row("memory", "%s, %s available%s", doctor.Size(r.MemoryTotal), doctor.Size(r.MemoryAvailable),
		limited(r.MemoryLimit > 0, "%s", doctor.Size(r.MemoryLimit)))
	for _, d := range r.DataSets {
		row("data set", "%s", dataSetLine(d))
	}
	row("studies", "%s, %s free", r.Studies.Dir, doctor.Size(r.Studies.Free))
	row("program", "%s, numeric version %d, %s %s/%s", known(r.Revision, "unknown revision"),
		r.NumericVersion, r.Go, r.OS, r.Arch)
	for _, w := range r.Warnings {
		fmt.Fprintf(out, "warning: %s\n", w)
	}
	return nil
}

// checked says which kernels have passed their check; the warnings say what is wrong with others.
func checked(checks []doctor.Check) string {
	var right, wrong []string
	for _, c := range checks {
		if c.Problem == "" {
			right = append(right, c.Set)
		} else {
			wrong = append(wrong, c.Set)
		}
	}
	text := "every kernel computes what plain Go does: " + known(strings.Join(right, ", "),
		"of no set")
	if len(wrong) > 0 {
		text += "; not of " + strings.Join(wrong, ", ")
	}
	return text
}

func dataSetLine(d doctor.DataSet) string {
	switch {
	case !d.Found: // the messages say what to do, on lines of their own
		return strings.Join(append([]string{d.Name + " not found"},
			strings.Split(d.Problem, "\n")...), "\n             ")
	case d.Cache == "":
		return d.Name + " found"
	case d.Bytes == 0:
		return fmt.Sprintf("%s, to be drawn when it is first used and kept in %s", d.Name, d.Cache)
	}
	return fmt.Sprintf("%s, %s of it drawn and kept in %s", d.Name, doctor.Size(d.Bytes), d.Cache)
}

// limited describes a limit of control groups; empty if there is none.
func limited(holds bool, format string, value any) string {
	if !holds {
		return ""
	}
	return fmt.Sprintf(", limited to "+format+" by control groups", value)
}

// known is a text, or otherwise if it is empty.
func known(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// plainKernels is the warning that training will be slow, empty if it will not.
func plainKernels() string {
	set, err := kernel.Preferred()
	if err != nil { // the command line has said so
		return ""
	}
	if warning := doctor.PlainKernels(set.Name, kernel.Sets()[0].Name); warning != "" {
		return "warning: " + warning
	}
	return ""
}
