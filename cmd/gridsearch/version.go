package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"gridsearch/internal/environment"
	"gridsearch/internal/job"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions that a result depends on",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(),
				"gridsearch %s\nnumeric version %d, kernels %s\n%s %s/%s\n",
				known(environment.Revision(), "unknown revision"), job.NumericVersion,
				environment.KernelSet(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
