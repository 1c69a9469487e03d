package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"gridsearch/internal/study"
)

func newStatus() *cobra.Command {
	var format string
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
			state, err := study.Glance(folder)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if format == "json" {
				encoder := json.NewEncoder(out)
				encoder.SetIndent("", " ")
				return encoder.Encode(state)
			}
			fmt.Fprintf(out, "%s: %s\n", state.Study, state.Activity())
			fmt.Fprintf(out, "runs       %d complete, %d failed, %d waiting of %d\n", state.Complete, state.Failed, state.Waiting, state.Total)
			if state.Best != nil {
				fmt.Fprintf(out, "best       %s  %.2f %% (%s)\n", state.Best.Trial, 100*state.Best.Top1, plural(state.Best.Runs, "run"))
			}
			if state.RemainingSeconds > 0 {
				fmt.Fprintf(out, "remaining  about %s at the pace of the runs so far\n", clock(state.RemainingSeconds))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}
