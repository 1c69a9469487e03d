package main

import (
	"fmt"
	"image/png"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/dataset"
	"gridsearch/internal/plural"
)

func newDataset() *cobra.Command {
	var path, sheet string
	var columns int
	cmd := &cobra.Command{
		Use:       "dataset NAME",
		Short:     "Describe a data set and draw a contact sheet",
		Long:      "Data sets: " + strings.Join(dataset.Names(), ", ") + ".",
		Args:      exactly("the name of a data set"),
		ValidArgs: dataset.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := dataset.Open(dataset.Spec{Name: args[0], Path: path})
			if err != nil {
				return usageError{err}
			}
			info := source.Info()
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s: %d training and %s of %d x %d pixels, %s, %s\norigin: %s "+
				"(licence: %s)\nclasses: %s\n", info.Name, info.Train, plural.Of(info.Test, "test image"),
				info.Native, info.Native, plural.Of(info.Channels, "channel"),
				plural.Of(len(info.Classes), "class"), info.Origin, info.Licence,
				strings.Join(info.Classes, ", "))
			if sheet == "" {
				return nil
			}
			return writeSheet(source, columns, sheet)
		},
	}
	cmd.Flags().StringVar(&path, "path", "", "folder of its files, where there is no usual place")
	cmd.Flags().StringVar(&sheet, "sheet", "", "write a contact sheet to this PNG file")
	cmd.Flags().IntVar(&columns, "columns", 12, "images of each class on the sheet")
	return cmd
}

func writeSheet(source dataset.Source, columns int, path string) error {
	if columns < 1 {
		return usageError{fmt.Errorf("--columns must be 1 or more, not %d", columns)}
	}
	picture, err := dataset.ContactSheet(source, columns)
	if err != nil {
		return err
	}
	return writeOutput(path, func(w io.Writer) error { return png.Encode(w, picture) })
}
