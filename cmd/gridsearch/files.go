package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"gridsearch/internal/files"
)

// writeOutput writes a file that the command line names, completely or not at all.
func writeOutput(path string, content func(io.Writer) error) error {
	return outputError(files.Write(path, content))
}

// writeNew writes a file that must not exist yet.
func writeNew(cmd *cobra.Command, path string, text []byte) error {
	err := files.New(path, text)
	if errors.Is(err, fs.ErrExist) {
		return usageError{fmt.Errorf("%s exists already: it is not overwritten; name another "+
			"file with --output", path)}
	}
	if err != nil {
		return outputError(err)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "wrote", path)
	return err
}

// outputError marks a system error about a file that the command line names.
func outputError(err error) error {
	if about := (*fs.PathError)(nil); errors.As(err, &about) {
		return usageError{err}
	}
	return err
}
