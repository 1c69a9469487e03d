package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"gridsearch/internal/nearest"
	"gridsearch/internal/report"
	"gridsearch/internal/report/chart"
	"gridsearch/internal/report/scores"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

func newResults() *cobra.Command {
	var format string
	var wide, plot bool
	var more scores.Request
	var sheet sheetFlags
	cmd := &cobra.Command{
		Use:   "results STUDY | results --scores FILE.csv",
		Short: "Print the table of trials: coefficients, cost, accuracy, tied set",
		Long: "Results prints a study's table of trials, the best first and the base apart, and what\n" +
			"it shows in sentences. A coefficient is an interval where several points build the\n" +
			"network. tied marks the trials that cannot be told from the best: a model confidence\n" +
			"set on scores that are paired by seed, of those whose p is above 1 - confidence_level.\n" +
			"behind best is the mean less the highest other one, in points, with intervals that\n" +
			"hold for all trials at once.\n\n" +
			"In JSON accuracies and their differences are fractions, and fields are only ever\n" +
			"added: p; behind_best with behind_best_low and behind_best_high (negative: behind);\n" +
			"best_probability, the posterior probability of the highest true mean (up to November\n" +
			"2026 a bootstrap share, which was no probability); permutation_p or sign_flip_p,\n" +
			"whichever check [analysis] asks for; noise_sd of one run, pairing_saved of its\n" +
			"variance, and image_effect_sd, what another draw of the validation images would add to\n" +
			"a trial's mean beside the others'.\n\n" +
			"On a terminal that is too narrow the table gives way in this order: short headings,\n" +
			"coefficients of four digits, long names, p, the intervals of behind best, behind best,\n" +
			"FLOPs x base; a line below says what is left out, and sentences are broken to fit.\n" +
			"--plot has a shape, or where the locale is not UTF-8 a letter, for each family: filled,\n" +
			"or a capital, where tied; a number is of so many trials in one place.\n\n" + sheetHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if sheet.file != "" && len(args) == 0 {
				return nil
			}
			if sheet.file != "" {
				return fmt.Errorf("--scores reads a file in place of a study: leave out "+
					"%q", args[0])
			}
			return exactly("a study (or --scores FILE.csv)")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkPlot(cmd, plot); err != nil {
				return err
			}
			if sheet.file != "" {
				return sheet.print(cmd, format, wide, plot, more)
			}
			if err := sheet.check(); err != nil {
				return err
			}
			if err := checkResults(cmd, format, more); err != nil {
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
			if plot && more.Metric != "" {
				return usageError{errors.New("--plot draws a study's top-1: leave out --metric")}
			}
			if more.Images || more.Metric != "" {
				return printScores(cmd, s, more, format)
			}
			if plot {
				return printPlot(cmd, report.New(s))
			}
			return tables.Write(cmd.OutOrStdout(), report.New(s), format, wide)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv, json, jsonl or md")
	cmd.Flags().BoolVar(&wide, "wide", false,
		"all columns of table and md: names, runs, intervals, top-5 (where a run has\n"+
			"less than 100 %), parameters, latencies")
	cmd.Flags().BoolVar(&plot, "plot", false,
		"draw accuracy against multiply-adds as text, in place of the table")
	addScores(cmd, &more)
	sheet.add(cmd)
	return cmd
}

// checkPlot refuses flags of the table beside --plot.
func checkPlot(cmd *cobra.Command, plot bool) error {
	for _, name := range []string{"format", "wide", "images"} {
		if plot && cmd.Flags().Changed(name) {
			return usageError{fmt.Errorf("--plot draws in place of the table: leave out --%s", name)}
		}
	}
	return nil
}

// printPlot draws results as text, as wide as the terminal, or 80 columns.
func printPlot(cmd *cobra.Command, r report.Results) error {
	if why := chart.Unplottable(r); why != "" {
		return usageError{errors.New("--plot: " + why)}
	}
	columns := cmp.Or(terminal.CellsOf(cmd.OutOrStdout()), 80)
	return chart.Write(cmd.OutOrStdout(), r, chart.Options{Columns: columns, Unicode: hasUnicode()})
}

func checkFormat(format string, known []string) error {
	if !slices.Contains(known, format) {
		return usageError{fmt.Errorf("--format %q is not known: did you mean %q?",
			format, nearest.Word(format, known))}
	}
	return nil
}
