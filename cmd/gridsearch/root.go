package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/crash"
	"gridsearch/internal/kernel"
	"gridsearch/internal/plural"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// Exit codes, as documented.
const (
	exitDone     = 0
	exitInternal = 1 // or latencies that could not be measured, or a failed download
	exitInput    = 2 // usage, experiment file or data
	// some runs failed, in a study that is finished or that they have stopped; or the machine has
	exitFailedRuns = 3
	// the record has begun runs that belong to no stage of the file, or images are not the study's
	exitOtherStudy  = 4
	exitLocked      = 5
	exitInterrupted = 128 // plus the number of the signal
)

// usageError marks a mistake on the command line or in a file that it names.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// execute runs a command line and returns its exit code. Data go to stdout, messages and progress
// to stderr.
func execute(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	out := &output{to: stdout}
	data := terminal.NewWriter(out)
	data.Cells = cellsOf(stdout)
	root.SetArgs(args)
	root.SetOut(data)
	root.SetErr(stderr)
	page := terminal.NewPage(data)
	ctx := context.WithValue(context.Background(), stdoutKey{}, stdout)
	understood, name := false, ""
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		understood, name = true, cmd.Name()
		if isText(cmd) {
			root.SetOut(page)
		}
		if _, err := kernel.Preferred(); err != nil {
			return usageError{err}
		}
		return nil
	}
	err := guarded(args, func() error { return root.ExecuteContext(ctx) })
	var fault *crash.Fault
	if err != nil && !understood && !errors.As(err, &fault) {
		err = usageError{err}
	}
	if _, _ = page.Flush(), data.Flush(); err == nil && out.err != nil {
		err = fmt.Errorf("standard output is not whole: %w", out.err)
	}
	if !slices.Contains([]string{"run", "doctor", workerProcess}, name) { // those say so themselves
		warnOfKernels(stderr)
	}
	if err != nil {
		complain(stderr, err)
	}
	return exitCode(err)
}

// isText reports whether a command prints text for people, which may be broken into lines: not data,
// nor what is to be copied.
func isText(cmd *cobra.Command) bool {
	if format := cmd.Flags().Lookup("format"); format != nil {
		return format.Value.String() == "table"
	}
	return slices.Contains([]string{"run", "cam", "doctor"}, cmd.Name())
}

// guarded runs a command; a panic becomes an error of one line. A worker's panic is not recovered:
// its coordinator reads the trace.
func guarded(args []string, command func() error) error {
	if slices.Contains(args[:min(1, len(args))], workerProcess) {
		return command()
	}
	err := crash.Guard(command)
	var fault *crash.Fault
	if !errors.As(err, &fault) {
		return err
	}
	if os.Getenv(traceVariable) != "" {
		return fmt.Errorf("%w\n%s", err, fault.Trace)
	}
	return fmt.Errorf("%w: this is a mistake in gridsearch; run it again with %s=1 and report the "+
		"trace with the command line", err, traceVariable)
}

// traceVariable is the environment variable that asks for the full trace of an internal error.
const traceVariable = "GRIDSEARCH_TRACE"

// warnOfKernels warns of sets of kernels that have failed their check in this process.
func warnOfKernels(out io.Writer) {
	rejected := kernel.Rejected()
	for _, set := range slices.Sorted(maps.Keys(rejected)) {
		fmt.Fprintf(out, "warning: kernels %s fail their check here and are left out: %s\n", set,
			rejected[set])
	}
}

// output remembers the first failed write: commands may ignore write errors, but must not exit with
// 0 then.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	o.err = cmp.Or(o.err, err)
	return n, err
}

// complain prints an error in the program's form: lower case, the program's name before every line.
func complain(out io.Writer, err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(out, "gridsearch: %s\n", terminal.Printable(strings.TrimRight(line, "\r\n")))
	}
}

func exitCode(err error) int {
	var usage usageError
	var input *study.InputError
	var file *database.FileError
	var mismatch *stages.MismatchError
	var locked *database.LockedError
	var interrupted *coordinator.InterruptedError
	var stopped *coordinator.StoppedError
	var failed *coordinator.FailedRunsError
	var faulted *coordinator.FaultError
	var signalled signalError
	var fault *crash.Fault
	var images *study.OtherImagesError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &fault): // whatever it is joined with
		return exitInternal
	case errors.As(err, &signalled):
		return exitInterrupted + int(signalled.signal)
	case errors.As(err, &interrupted):
		return exitInterrupted + int(syscall.SIGINT)
	case errors.As(err, &mismatch):
		return exitOtherStudy
	case errors.As(err, &locked):
		return exitLocked
	case errors.As(err, &failed), errors.As(err, &stopped), errors.As(err, &faulted):
		return exitFailedRuns
	case errors.As(err, &usage), errors.As(err, &input), errors.As(err, &file):
		return exitInput
	case errors.As(err, &images): // of a command that trains on them
		return exitOtherStudy
	}
	return exitInternal
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "gridsearch",
		Short: "Find out how to scale a convolutional network",
		Long: "gridsearch searches the coefficients of compound scaling (depth " +
			"alpha^phi, width beta^phi, resolution gamma^phi) around a small network:\nit " +
			"enumerates them, trains the networks, and says which of them can be told apart.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w\nrun %q for the flags", err, cmd.CommandPath()+" --help")
	})
	root.PersistentFlags().String("dir", "studies", "folder that holds the studies")
	root.AddCommand(newRun(), newPlan(), newSimulate(), newStatus(), newServe(), newResults(),
		newReport(), newExport(), newRetry())
	root.AddCommand(newModel(), newWeights(), newCAM(), newDataset(), newBench(), newDoctor())
	root.AddCommand(newValidate(), newSchema(), newInit(), newVersion(), newWorker(),
		newBenchProcess())
	return root
}

// exactly requires n arguments, named in the message.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return fmt.Errorf("%s wants %s, got %s\nusage: %s", cmd.CommandPath(),
				strings.Join(names, " and "), plural.Of(len(args), "argument"), cmd.UseLine())
		}
		return nil
	}
}

// signalError ends a command that was stopped by a signal.
type signalError struct {
	signal syscall.Signal
	err    error
}

func (e signalError) Error() string { return e.err.Error() }
func (e signalError) Unwrap() error { return e.err }

// stopSignals makes the first SIGINT, SIGTERM or SIGHUP cancel the stop context, with a signalError
// as its cause, and the second cancel the kill context. A closed terminal may send SIGHUP more than
// once, so it never counts as the second. Where SIGHUP is ignored, as under nohup, it stays
// ignored.
func stopSignals(parent context.Context) (stop, kill context.Context, release func()) {
	stop, stopNow := context.WithCancelCause(parent)
	kill, killNow := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		end := stopNow
		for received := range signals {
			number, _ := received.(syscall.Signal)
			if number == syscall.SIGHUP && stop.Err() != nil {
				continue
			}
			end(signalError{number, errors.New("stopped by " + received.String())})
			end = killNow
		}
	}()
	return stop, kill, func() {
		signal.Stop(signals)
		close(signals)
	}
}
