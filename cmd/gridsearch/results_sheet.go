package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/figure/literature"
	"gridsearch/internal/nearest"
	"gridsearch/internal/report"
	"gridsearch/internal/report/figures"
	"gridsearch/internal/report/scores"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/scoresheet"
)

// sheetHelp is the help about files of scores.
const sheetHelp = "With --scores the same is said of numbers that another program has trained:\n" +
	"a table of runs as text, with commas, semicolons or tabs. Its first line names the columns:\n" +
	"trial, seed, and top1 or another metric; where known madds, params, alpha, beta, gamma, phi and\n" +
	"family. Accuracies are fractions, or percent where one is above 1. Losses are better the\n" +
	"lower they are: metrics whose name ends in loss, brier, ece, nll, error, err, mse, rmse,\n" +
	"mae or perplexity. An empty cell is a run that is missing. The base network is the trial,\n" +
	"or family, of that name. In JSON mean_top1 and top1 are then the metric that metric names."

// sheetFlags are the flags about files of scores.
type sheetFlags struct {
	file    string
	figures string
	about   string // data set of published models
}

func (f *sheetFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "scores", "",
		"a file of scores that another program has trained, in place of a study;\n"+
			"--metric then names its column")
	cmd.Flags().StringVar(&f.figures, "figures", "",
		"with --scores: draw accuracy against madds, and families' curves, into this\n"+
			"folder, as SVG and PNG; what cannot be drawn says why")
	cmd.Flags().StringVar(&f.about, "reference", literature.None,
		"with --figures: the data set of the scores, whose published models params and flops\n"+
			"show: "+strings.Join(f.data(), ", "))
}

// data are the names that --reference takes: a file of scores has no data set of its own.
func (f *sheetFlags) data() []string {
	return slices.DeleteFunc(literature.Names(), func(name string) bool {
		return name == literature.Automatic
	})
}

// check refuses flags that need --scores.
func (f *sheetFlags) check() error {
	if f.about != literature.None {
		return usageError{errors.New("--reference goes with --scores and --figures: an experiment " +
			"file says it as [report] reference")}
	}
	if f.figures != "" {
		return usageError{errors.New("--figures goes with --scores: a study's figures are " +
			"drawn by gridsearch report")}
	}
	return nil
}

func (f *sheetFlags) print(cmd *cobra.Command, format string, wide, plot bool,
	r scores.Request) error {
	if err := checkFormat(format, tables.Formats); err != nil {
		return err
	}
	if r.Images {
		return usageError{errors.New("--images compares the predictions of a study's runs: a " +
			"file of scores has none")}
	}
	if !slices.Contains(f.data(), f.about) {
		return usageError{fmt.Errorf("--reference %q is not known: did you mean %q?", f.about,
			nearest.Word(f.about, f.data()))}
	}
	results, err := f.read(r.Metric)
	if err != nil {
		return usageError{err}
	}
	if f.figures != "" {
		if err := f.draw(cmd, results); err != nil {
			return err
		}
	}
	if plot {
		return printPlot(cmd, results)
	}
	return tables.Write(cmd.OutOrStdout(), results, format, wide)
}

func (f *sheetFlags) read(metric string) (report.Results, error) {
	text, err := os.ReadFile(f.file)
	if err != nil {
		return report.Results{}, err
	}
	sheet, err := scoresheet.Parse(f.file, text, metric)
	if err != nil {
		return report.Results{}, err
	}
	return report.FromSheet(sheet), nil
}

// draw draws the figures, and says on stderr which it has drawn and why others cannot be.
func (f *sheetFlags) draw(cmd *cobra.Command, r report.Results) error {
	outcome, err := figures.Sheet(r, f.figures, f.about)
	if err != nil {
		return usageError{fmt.Errorf("--figures %s: %w", f.figures, err)}
	}
	for _, line := range append(outcome.Drawn, outcome.Lines()...) {
		fmt.Fprintln(cmd.ErrOrStderr(), line)
	}
	return nil
}
