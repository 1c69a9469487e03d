package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/export"
	"gridsearch/internal/export/bundle"
	"gridsearch/internal/export/tensorboard"
	"gridsearch/internal/files"
	"gridsearch/internal/plural"
	"gridsearch/internal/study"
)

// exportFormats are those of whole studies.
var exportFormats = []string{"csv", "jsonl", "parquet", "tensorboard"}

func newExport() *cobra.Command {
	var format, output string
	var bundled, weights bool
	cmd := &cobra.Command{
		Use:   "export STUDY",
		Short: "Write the runs of a study for other programs, or all of it as one archive",
		Long: "Export writes every run of a study with its seed, curve, times, hosts and attempts, the\n" +
			"cost and the coefficients of its network. It changes nothing in the study, which may be\n" +
			"running. Files that are there are not overwritten. docs/data.md has the columns.\n\n" +
			"csv          a row a run; into a folder (one that is there, or a name that ends with a\n" +
			"             slash) runs.csv, curves.csv and executions.csv\n" +
			"jsonl        a line a run, with its curve and executions as lists\n" +
			"parquet      a folder with runs.parquet, curves.parquet and executions.parquet\n" +
			"tensorboard  a folder of event files for TensorBoard, its HParams tab included, where\n" +
			"             the seeds of a network are one session group\n\n" +
			"With --bundle it writes one zip file with plan, record, tables, figures, predictions and\n" +
			"environment, with checksums and a description: what one attaches to a paper.",
		Args: exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if bundled && cmd.Flags().Changed("format") {
				return usageError{errors.New("--bundle has files of its own: leave out --format")}
			}
			if weights && !bundled {
				return usageError{errors.New("--weights is for --bundle: gridsearch weights export " +
					"writes those of one run")}
			}
			if err := checkFormat(format, exportFormats); err != nil {
				return err
			}
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			s, err := study.Load(folder)
			if err != nil {
				return err
			}
			if n := len(s.Unplanned); n > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s of the record belong to no stage of the plan and are "+
					"left out: gridsearch status says which\n", plural.Of(n, "run"))
			}
			if bundled {
				return writeBundle(cmd, folder, output, weights)
			}
			return writeExport(cmd, s, format, output)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "csv", "csv, jsonl, parquet or tensorboard")
	flags.StringVar(&output, "output", "", "file or folder to write (default: standard output for csv and "+
		"jsonl; else the study's name with the format, or with .zip)")
	flags.BoolVar(&bundled, "bundle", false, "write everything of the study as one zip file")
	flags.BoolVar(&weights, "weights", false, "with --bundle: the weights of all runs too")
	return cmd
}

// writeExport writes the runs of a study in one of exportFormats.
func writeExport(cmd *cobra.Command, s *study.Study, format, output string) error {
	all, err := export.New(s)
	if err != nil {
		return err
	}
	switch format {
	case "jsonl":
		return writeRuns(cmd, output, all.JSONL)
	case "csv":
		if output == "" || !isFolder(output) {
			return writeRuns(cmd, output, all.RunsCSV)
		}
		return writeFolder(cmd, output, all.CSV())
	case "parquet":
		return writeFolder(cmd, orNamed(output, s.Folder, "-parquet"), all.Parquet())
	}
	output = orNamed(output, s.Folder, "-tensorboard")
	if entries, err := os.ReadDir(output); err == nil && len(entries) > 0 {
		return usageError{fmt.Errorf("%s holds files already, which TensorBoard would show beside the "+
			"study's: name another folder with --output", output)}
	}
	return writeFolder(cmd, output, tensorboard.Files(all))
}

// writeRuns writes one file, or standard output where none is named.
func writeRuns(cmd *cobra.Command, output string, write func(io.Writer) error) error {
	if output == "" {
		return write(cmd.OutOrStdout())
	}
	if info, err := os.Stat(output); err == nil && info.IsDir() {
		return usageError{fmt.Errorf("%s is a folder: name a file with --output", output)}
	}
	if err := free(output); err != nil {
		return err
	}
	if err := writeOutput(output, write); err != nil {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), "wrote", output)
	return err
}

// isFolder says whether a path is meant as a folder's.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || os.IsPathSeparator(path[len(path)-1])
}

// orNamed is the path given, or else one in this folder that is called after the study.
func orNamed(output string, folder study.Folder, ending string) string {
	if output != "" {
		return output
	}
	return nameOf(folder) + ending
}

// nameOf is the name of a study's folder.
func nameOf(folder study.Folder) string {
	path, err := filepath.Abs(string(folder))
	if err != nil {
		path = string(folder)
	}
	return filepath.Base(path)
}

// free returns the error of a file that is there already.
func free(path string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil // a pipe and a device are written to
	}
	return usageError{fmt.Errorf("%s exists already: it is not overwritten; name another place with "+
		"--output", path)}
}

// writeFolder writes files into a folder, each whole or not at all, and none where one is there
// already.
func writeFolder(cmd *cobra.Command, folder string, list []export.File) error {
	for _, f := range list {
		if err := free(filepath.Join(folder, filepath.FromSlash(f.Name))); err != nil {
			return err
		}
	}
	for _, f := range list {
		path := filepath.Join(folder, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return outputError(err)
		}
		if err := outputError(files.WriteSoon(path, f.Write)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "wrote %s: %s\n", folder, said(list))
	return err
}

// said names files, or counts them where they are many.
func said(list []export.File) string {
	if len(list) > 3 {
		return plural.Of(len(list), "file")
	}
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

func writeBundle(cmd *cobra.Command, folder study.Folder, output string, weights bool) error {
	output = orNamed(output, folder, ".zip")
	if isFolder(output) {
		return usageError{fmt.Errorf("%s is a folder: name a file with --output", output)}
	}
	if err := free(output); err != nil {
		return err
	}
	var notes []string
	err := writeOutput(output, func(w io.Writer) (err error) {
		notes, err = bundle.Write(w, folder, nameOf(folder), weights,
			func(copied study.Folder) ([]string, error) {
				_, outcome, err := derive(cmd.Context(), copied, folder)
				return outcome.Lines(), err
			})
		return err
	})
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(cmd.ErrOrStderr(), note)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "wrote", output)
	return err
}
