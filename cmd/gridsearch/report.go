package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/figure"
	"gridsearch/internal/report"
	"gridsearch/internal/report/figures"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/study"
)

func newReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report STUDY",
		Short: "Draw the figures of a study and write its tables",
		Long: "Report writes results.csv and summary.json of a study anew, and draws the figures that\n" +
			"[report] of its experiment file asks for into its folder figures. It lists the files that\n" +
			"it has drawn, and of each figure that cannot be drawn it says why. A figure of an earlier\n" +
			"call that is not drawn again is removed; files of other names stay.\n\n" + captions(),
		Args: exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			_, outcome, err := derive(folder)
			if err != nil {
				return err
			}
			for _, path := range outcome.Drawn {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			for _, line := range outcome.Lines() {
				fmt.Fprintln(cmd.ErrOrStderr(), line)
			}
			return nil
		},
	}
}

// captions are the names and captions of all figures, one per line.
func captions() string {
	var lines []string
	for _, f := range figure.All {
		lines = append(lines, fmt.Sprintf("%-17s %s", f.Name, f.Caption))
	}
	return strings.Join(lines, "\n")
}

// derive renews everything in a study's folder that is derived from its record: results.csv,
// summary.json, figures.
func derive(folder study.Folder) (report.Results, figures.Outcome, error) {
	s, err := study.Load(folder)
	if err != nil {
		return report.Results{}, figures.Outcome{}, err
	}
	results := report.New(s)
	for name, format := range map[string]string{"results.csv": "csv", "summary.json": "json"} {
		var text bytes.Buffer
		if err := tables.Write(&text, results, format, false); err != nil {
			return results, figures.Outcome{}, err
		}
		if err := folder.Write(name, text.Bytes()); err != nil {
			return results, figures.Outcome{}, err
		}
	}
	outcome, err := figures.Study(s, results)
	return results, outcome, err
}
