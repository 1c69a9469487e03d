package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"gridsearch/internal/nearest"
	"gridsearch/internal/report"
	"gridsearch/internal/study"
)

func newResults() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "results STUDY",
		Short: "Print the table of trials: mean, interval, cost, tied set",
		Args:  exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, report.Formats); err != nil {
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
			return report.New(s).Write(cmd.OutOrStdout(), format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, csv, json, jsonl or md")
	return cmd
}

func checkFormat(format string, known []string) error {
	if !slices.Contains(known, format) {
		return usageError{fmt.Errorf("--format %q is not known: did you mean %q?", format, nearest.Word(format, known))}
	}
	return nil
}
