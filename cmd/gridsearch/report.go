package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/figure"
	"gridsearch/internal/files"
	"gridsearch/internal/report"
	"gridsearch/internal/report/figures"
	htmlpage "gridsearch/internal/report/page"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/study"
)

func newReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report STUDY",
		Short: "Write the report of a study, its figures and its tables",
		Long: "Report writes results.csv, summary.json and report.html of a study anew, and draws the\n" +
			"figures that [report] of its experiment file asks for into its folder figures. report.html\n" +
			"is one file for a browser or a printer, which loads nothing from elsewhere: question and\n" +
			"answer, what it cost, figures, sortable tables, what is missing and why, how to repeat it.\n" +
			"Report lists the files that people read, and of each figure that cannot be drawn it says\n" +
			"why. A figure of an earlier call that is not drawn again is removed; files of other names\n" +
			"stay.\n\n" + captions(),
		Args: exactly("a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			folder, err := findStudy(cmd, args[0])
			if err != nil {
				return err
			}
			_, outcome, err := derive(cmd.Context(), folder, folder)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), folder.Path(htmlpage.FileName))
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
// summary.json, figures, report.html. Kept is the folder with the runs of the study, which a copy
// may lack.
func derive(ctx context.Context, folder, kept study.Folder) (r report.Results, o figures.Outcome,
	err error) {
	s, err := study.Load(folder)
	if err != nil {
		return r, o, err
	}
	r = report.New(s)
	for name, format := range map[string]string{"results.csv": "csv", "summary.json": "json"} {
		var text bytes.Buffer
		if err := tables.Write(&text, r, format, false); err != nil {
			return r, o, err
		}
		if err := folder.Write(name, text.Bytes()); err != nil {
			return r, o, err
		}
	}
	pictures, o := figures.Pictures(s, r, sources(ctx, s, r, kept), s.Experiment.Report.Figures)
	parts, err := partsOf(r, pictures, o)
	if err != nil {
		return r, o, err
	}
	if o, err = figures.Save(s, pictures, o); err != nil {
		return r, o, err
	}
	return r, o, files.WriteSoon(folder.Path(htmlpage.FileName), func(w io.Writer) error {
		return htmlpage.Write(w, s, r, parts)
	})
}

// partsOf is what report.html has of the tables and figures.
func partsOf(r report.Results, pictures []figures.Picture, o figures.Outcome) (htmlpage.Parts,
	error) {
	p := htmlpage.Parts{Answer: tables.Answer(r), Certainty: tables.Certainty(r), Undrawn: o.Lines()}
	columns, rows := tables.Grid(r)
	p.Columns = columns
	for _, row := range rows {
		p.Rows = append(p.Rows, htmlpage.Row(row))
	}
	for _, d := range pictures {
		svg, err := d.SVG()
		if err != nil {
			return p, fmt.Errorf("figure %s: %w", d.Name, err)
		}
		p.Pictures = append(p.Pictures, htmlpage.Picture{Name: d.Name, Caption: d.Caption,
			See: d.See, SVG: svg, Scene: d.Scene, PNG: d.PNG})
	}
	return p, nil
}
