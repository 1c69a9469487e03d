package main

import (
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"gridsearch/internal/study"
)

func newWorker() *cobra.Command {
	return &cobra.Command{
		Use:    "worker",
		Short:  "Train runs that come on standard input (started by run)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Ctrl-C reaches the whole group of processes; the supervisor decides what it means and closes the input.
			signal.Ignore(os.Interrupt)
			return study.Work(cmd.Context(), os.Stdin, cmd.OutOrStdout())
		},
	}
}
