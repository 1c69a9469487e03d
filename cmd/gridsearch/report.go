package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"gridsearch/internal/report"
	"gridsearch/internal/study"
)

func newReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report STUDY",
		Short: "Draw the figures of a study and write its tables",
		Args:  exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			if _, err := derive(folder); err != nil {
				return err
			}
			drawn, err := figures(folder)
			if err == nil && len(drawn) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "no figure is drawn: no run is complete, or the experiment file asks for none")
			}
			for _, path := range drawn {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		},
	}
}

// figures lists the files of a study's figures.
func figures(folder study.Folder) ([]string, error) {
	files, err := os.ReadDir(folder.Path(report.FiguresFolder))
	var paths []string
	for _, f := range files {
		if end := filepath.Ext(f.Name()); end == ".svg" || end == ".png" { // and not what a kill has left half written
			paths = append(paths, folder.Path(report.FiguresFolder, f.Name()))
		}
	}
	return paths, err
}

// derive renews everything in a study's folder that follows from its record: results.csv, summary.json, figures.
func derive(folder study.Folder) (report.Results, error) {
	s, err := study.Load(folder)
	if err != nil {
		return report.Results{}, err
	}
	results := report.New(s)
	for name, format := range map[string]string{"results.csv": "csv", "summary.json": "json"} {
		var text bytes.Buffer
		if err := results.Write(&text, format, false); err != nil {
			return results, err
		}
		if err := folder.Write(name, text.Bytes()); err != nil {
			return results, err
		}
	}
	return results, report.Figures(s, results)
}
