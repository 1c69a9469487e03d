package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gridsearch/internal/plural"
	"gridsearch/internal/study"
)

func newRetry() *cobra.Command {
	latencies := false
	cmd := &cobra.Command{
		Use:   "retry STUDY",
		Short: "Let failed runs wait again, or latencies be measured again",
		Args:  exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			if latencies {
				n, err := study.ForgetLatencies(folder)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s forgotten: measure again with %s\n",
					plural.Of(n, "measured time"), commandLine(cmd, studyName(folder, args[0]), nil))
				return err
			}
			n, err := study.Retry(folder)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s to train again: %s\n", plural.Of(n, "run"),
				commandLine(cmd, studyName(folder, args[0]), nil))
			return err
		},
	}
	cmd.Flags().BoolVar(&latencies, "latencies", false,
		"forget the measured latencies instead: the next run measures them again")
	return cmd
}
