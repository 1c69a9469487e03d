package main

import (
	"os"
	"os/signal"
	"syscall"

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
			// Ctrl-C, and a service that is stopped, reach the whole group of processes; the supervisor decides what it means and closes the input.
			signal.Ignore(os.Interrupt, syscall.SIGTERM)
			return study.Work(cmd.Context(), os.Stdin, cmd.OutOrStdout())
		},
	}
}
