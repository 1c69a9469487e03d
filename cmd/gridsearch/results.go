package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"gridsearch/internal/nearest"
	"gridsearch/internal/report"
	"gridsearch/internal/report/scores"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/study"
)

func newResults() *cobra.Command {
	var format string
	var wide bool
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
			"a trial's mean beside the others'.\n\n" + sheetHelp,
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
			if sheet.file != "" {
				return sheet.print(cmd, format, wide, more)
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
			if more.Images || more.Metric != "" {
				return printScores(cmd, s, more, format)
			}
			return tables.Write(cmd.OutOrStdout(), report.New(s), format, wide)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv, json, jsonl or md")
	cmd.Flags().BoolVar(&wide, "wide", false,
		"all columns of table and md: names, runs, intervals, top-5 (where a run has\n"+
			"less than 100 %), parameters, latencies")
	addScores(cmd, &more)
	sheet.add(cmd)
	return cmd
}

func checkFormat(format string, known []string) error {
	if !slices.Contains(known, format) {
		return usageError{fmt.Errorf("--format %q is not known: did you mean %q?",
			format, nearest.Word(format, known))}
	}
	return nil
}
