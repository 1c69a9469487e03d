package main

import (
	"errors"
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
			var bad []error
			for _, path := range args {
				if _, err := experiments.Load(path); err != nil {
					bad = append(bad, err)
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s is valid\n", path)
			}
			if len(bad) > 0 {
				return usageError{errors.Join(bad...)}
			}
			return nil
		},
	}
}
