package main

import (
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"gridsearch/internal/kernel"
	"gridsearch/internal/program"
	"gridsearch/internal/worker"
)

// workerProcess is the hidden command that trains runs for another process.
const workerProcess = "worker"

func newWorker() *cobra.Command {
	var without []string
	var places worker.Places
	cmd := &cobra.Command{
		Use:    workerProcess,
		Short:  "Train runs that come on standard input (started by run)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Ctrl-C, a service that is stopped and a terminal that is closed reach the whole group
			// of processes; the coordinator decides what it means and closes the input.
			signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			program.Sign()
			for _, w := range without {
				set, reason, _ := strings.Cut(w, ": ")
				kernel.Reject(set, reason)
			}
			return worker.Work(cmd.Context(), os.Stdin, cmd.OutOrStdout(), places)
		},
	}
	cmd.Flags().StringVar(&places.Runs, "runs", "", "folder of the runs' folders")
	cmd.Flags().StringVar(&places.Data, "data", "", "folder of the data (default: their usual place)")
	cmd.Flags().StringArrayVar(&without, "without", nil, "SET: REASON of kernels that have failed")
	return cmd
}
