package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/nearest"
	"gridsearch/internal/recall"
	"gridsearch/internal/report/scores"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/study"
	"gridsearch/search/images"
)

// addScores adds the flags for other metrics and for single images.
func addScores(cmd *cobra.Command, more *scores.Request) {
	flags := cmd.Flags()
	flags.StringVar(&more.Metric, "metric", "",
		"the trials by "+metricNames()+", in a table of its own (table or json)")
	flags.BoolVar(&more.Images, "images", false,
		"the trials tied with the best, image by image: accuracy of each class, McNemar's test,\n"+
			"bootstrap over images, agreement of errors, signal-to-noise (table or json)")
}

func metricNames() string {
	names := images.MetricNames()
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// checkResults checks the flags of results.
func checkResults(cmd *cobra.Command, format string, more scores.Request) error {
	if err := checkFormat(format, tables.Formats); err != nil {
		return err
	}
	if _, ok := images.FindMetric(more.Metric); !ok && cmd.Flags().Changed("metric") {
		return usageError{fmt.Errorf("--metric %q is not known: did you mean %s? There are %s",
			more.Metric, nearest.Words(more.Metric, images.MetricNames()), metricNames())}
	}
	if (more.Images || more.Metric != "") && !slices.Contains(scores.Formats, format) {
		return usageError{fmt.Errorf("--format %s is of the table of trials: with --metric or "+
			"--images use %s", format, strings.Join(scores.Formats, " or "))}
	}
	return nil
}

func printScores(cmd *cobra.Command, s *study.Study, more scores.Request, format string) error {
	more.Note = func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), text) }
	more.Predictions = recall.Each
	d, err := scores.New(s, more)
	if err != nil {
		return err
	}
	return d.Write(cmd.OutOrStdout(), format)
}
