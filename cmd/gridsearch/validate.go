package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gridsearch/experiments"
)

func newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check experiment files and report every mistake in them",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, path := range args {
				if _, err := experiments.Load(path); err != nil {
					return usageError{err}
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s is valid\n", path)
			}
			return nil
		},
	}
}
