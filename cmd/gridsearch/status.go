package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gridsearch/internal/plural"
	"gridsearch/internal/study"
)

func newStatus() *cobra.Command {
	var format string
	var watch bool
	cmd := &cobra.Command{
		Use:   "status STUDY",
		Short: "Say how far a study is",
		Args:  exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, []string{"table", "json"}); err != nil {
				return err
			}
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			for {
				state, err := study.Glance(folder)
				if err != nil {
					return err
				}
				if err := printStatus(cmd.OutOrStdout(), state, format); err != nil || !watch ||
					state.PID == 0 {
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

func printStatus(out io.Writer, state study.Overview, format string) error {
	if format == "json" {
		return json.NewEncoder(out).Encode(state)
	}
	fmt.Fprintf(out, "%s: %s\n", state.Study, state.Activity())
	dropped := ""
	if state.Dropped > 0 {
		dropped = fmt.Sprintf(", %d dropped", state.Dropped)
	}
	fmt.Fprintf(out, "runs       %d complete, %d failed, %d waiting%s of %d\n", state.Complete,
		state.Failed, state.Waiting, dropped, state.Total)
	for _, a := range state.Running {
		fmt.Fprintf(out, "running    %s seed %d  step %d of %d  loss %.3f  last word %s ago\n",
			a.Trial, a.Seed, a.Step, a.Steps, a.Loss,
			clock(max(0, time.Since(a.Heard).Seconds())))
	}
	if state.Best != nil {
		fmt.Fprintf(out, "best       %s  %.2f %% (%s)\n", state.Best.Trial, 100*state.Best.Top1,
			plural.Of(state.Best.Runs, "run"))
	}
	if r := state.Remaining; r != nil {
		fmt.Fprintf(out, "remaining  about %s (%s to %s)\n", clock(r.Mid), clock(r.Low), clock(r.High))
	}
	for _, warning := range state.Warnings {
		fmt.Fprintf(out, "warning    %s\n", warning)
	}
	return nil
}
