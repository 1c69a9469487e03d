package main

import (
	"github.com/spf13/cobra"

	"gridsearch/experiments/schema"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of experiment files, for editors",
		Long: "Schema prints the format of experiment files as a JSON Schema (draft 7):\n" +
			"with it, an editor completes keys, shows what they are and marks mistakes.\n" +
			"Write it to a file and name that in the first line of an experiment file,\n" +
			"for editors that read TOML with taplo (VS Code's Even Better TOML among\n" +
			"them):\n\n" +
			"    gridsearch schema > gridsearch.schema.json\n" +
			"    #:schema ./gridsearch.schema.json\n\n" +
			"What several keys say together only gridsearch validate tells.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := schema.JSON()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
