package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gridsearch/internal/study"
)

func newRetry() *cobra.Command {
	return &cobra.Command{
		Use:   "retry STUDY",
		Short: "Let failed runs wait again",
		Args:  exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			n, err := study.Retry(folder)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s to train again: %s\n", plural(n, "run"), commandLine(cmd, studyName(folder, args[0]), nil))
			return err
		},
	}
}
