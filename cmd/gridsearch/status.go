package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gridsearch/internal/plural"
	"gridsearch/internal/si"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

func newStatus() *cobra.Command {
	var format string
	var watch bool
	cmd := &cobra.Command{
		Use:   "status STUDY",
		Short: "Say how far a study is",
		Long: "Status prints how far a study is. On a terminal it has a bar for each running run, as the\n" +
			"table of gridsearch run has: filled as far as the run has come, and as high as the loss\n" +
			"was, the mean of each epoch and of the one that goes on the last step's, between the\n" +
			"lowest and the highest so far.",
		Args: exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, []string{"table", "json"}); err != nil {
				return err
			}
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			show := statusPrinter(cmd, format, watch)
			for {
				state, err := study.Glance(folder)
				if err != nil {
					return err
				}
				if err := show(state); err != nil || !watch || state.PID == 0 {
					return err
				}
				time.Sleep(watchEvery)
			}
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().BoolVar(&watch, "watch", false, "go on until nobody works on the study any more")
	return cmd
}

// watchEvery is the interval of --watch.
const watchEvery = 2 * time.Second

// statusPrinter prints one state after the other; on a terminal whose lines can be redrawn, a watched
// one takes the place of the one before.
func statusPrinter(cmd *cobra.Command, format string, watch bool) func(study.Overview) error {
	out := cmd.OutOrStdout()
	if format == "json" {
		return func(state study.Overview) error { return json.NewEncoder(out).Encode(state) }
	}
	if file, ok := terminalOf(cmd); ok && watch {
		area := areaOn(file)
		return func(state study.Overview) error {
			var text strings.Builder
			columns, _ := sizeOf(file)
			printStatus(&text, state, columns-1)
			area.Draw(terminal.Lines(text.String(), columns-1))
			return nil
		}
	}
	return func(state study.Overview) error {
		printStatus(out, state, terminal.CellsOf(out))
		return nil
	}
}

// printStatus prints a state; on a terminal of so many cells, 0 for none, the running runs have a bar
// of their losses so far.
func printStatus(out io.Writer, state study.Overview, cells int) {
	fmt.Fprintf(out, "%s: %s\n", state.Study, state.Activity())
	dropped := ""
	if state.Dropped > 0 {
		dropped = fmt.Sprintf(", %d dropped", state.Dropped)
	}
	fmt.Fprintf(out, "runs       %d complete, %d failed, %d waiting%s of %d\n", state.Complete,
		state.Failed, state.Waiting, dropped, state.Total)
	for _, a := range state.Running {
		heard := fmt.Sprintf("last word %s ago", si.Clock(max(0, time.Since(a.Heard).Seconds())))
		if cells > 0 {
			room := cells - len("           [] 100 %  ") - len(heard)
			heard = fmt.Sprintf("\n           [%s] %3d %%  %s", losses(a,
				min(manyLosses, max(fewLosses, room)), hasUnicode()), percentOf(a.Step, a.Steps), heard)
		} else {
			heard = "  " + heard
		}
		fmt.Fprintf(out, "running    %s seed %d  step %d of %d  loss %.3f%s\n", a.Trial, a.Seed, a.Step,
			a.Steps, a.Loss, heard)
	}
	if state.Best != nil {
		fmt.Fprintf(out, "best       %s  %.2f %% (%s)\n", state.Best.Trial, 100*state.Best.Top1,
			plural.Of(state.Best.Runs, "run"))
	}
	if r := state.Remaining; r != nil {
		fmt.Fprintf(out, "remaining  about %s (%s to %s)\n", si.Clock(r.Mid), si.Clock(r.Low), si.Clock(r.High))
	}
	for _, warning := range state.Warnings {
		fmt.Fprintf(out, "warning    %s\n", warning)
	}
}
