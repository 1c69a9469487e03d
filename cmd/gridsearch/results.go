package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"gridsearch/internal/nearest"
	"gridsearch/internal/report"
	"gridsearch/internal/report/scores"
	"gridsearch/internal/study"
)

func newResults() *cobra.Command {
	var format string
	var more scores.Request
	cmd := &cobra.Command{
		Use:   "results STUDY",
		Short: "Print the table of trials: mean, interval, cost, tied set",
		Args:  exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
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
			return report.New(s).Write(cmd.OutOrStdout(), format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv, json, jsonl or md")
	addScores(cmd, &more)
	return cmd
}

func checkFormat(format string, known []string) error {
	if !slices.Contains(known, format) {
		return usageError{fmt.Errorf("--format %q is not known: did you mean %q?", format, nearest.Word(format, known))}
	}
	return nil
}
