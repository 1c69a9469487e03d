package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/experiments"
	"gridsearch/internal/files"
	"gridsearch/internal/nearest"
)

func newInit() *cobra.Command {
	names := readyFiles()
	return &cobra.Command{
		Use:   "init FILE [NAME]",
		Short: "Write a ready experiment file to start from",
		Long: "Init writes one of the ready experiment files: " + strings.Join(names, ", ") +
			" (default quickstart).",
		Args:      cobra.RangeArgs(1, 2),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.HasSuffix(args[0], ".toml") {
				return usageError{fmt.Errorf(
					"%q is no name of an experiment file: did you mean %q?", args[0], args[0]+".toml")}
			}
			name := "quickstart"
			if len(args) == 2 {
				name = args[1]
			}
			if newer, old := renamed[name]; old {
				name = newer
			}
			text, err := experiments.Files.ReadFile(name + ".toml")
			if err != nil {
				return usageError{fmt.Errorf("there is no ready file %q: did you mean %q?", name,
					nearest.Word(name, names))}
			}
			err = files.New(args[0], text)
			if errors.Is(err, fs.ErrExist) {
				return usageError{fmt.Errorf("%s exists already: it is not overwritten", args[0])}
			}
			if err != nil {
				return usageError{err}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s; start it with: %s\n", args[0],
				commandLine(cmd, args[0], nil))
			return err
		},
	}
}

// renamed are former names of ready files.
var renamed = map[string]string{"paper-b0": "paper-grid"}

// readyFiles lists the embedded experiment files without their endings.
func readyFiles() []string {
	paths, err := fs.Glob(experiments.Files, "*.toml")
	if err != nil { // a malformed pattern
		panic(err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(path, ".toml")
	}
	return paths
}
