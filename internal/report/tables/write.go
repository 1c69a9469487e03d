// Package tables prints results: as a table with sentences for people, as CSV, JSON, JSON lines and
// Markdown.
package tables

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"gridsearch/internal/report"
)

// Formats lists the formats that Write can write.
var Formats = []string{"table", "csv", "json", "jsonl", "md"}

// results are what is printed.
type results struct{ report.Results }

// Write prints results in one of the Formats: the table and Markdown for people, in percent,
// ranked, and with all columns if wide is set; CSV with a line for each run and JSON lines with one
// for each trial, in plan order. To a *terminal.Page the table keeps to the width of its terminal,
// unless wide is set.
func Write(w io.Writer, all report.Results, format string, wide bool) error {
	r := results{all}
	switch format {
	case "table":
		return r.table(w, wide)
	case "md":
		return r.markdown(w, wide)
	case "csv":
		return r.csv(w)
	case "jsonl":
		encoder := json.NewEncoder(w)
		for _, t := range r.Trials {
			if err := encoder.Encode(t); err != nil {
				return err
			}
		}
		return nil
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(all)
}

func percent(v *float64) string {
	if v == nil {
		return "?"
	}
	return fmt.Sprintf("%.2f", 100**v)
}

func (r results) csv(w io.Writer) error {
	if r.Sheet != nil {
		return r.sheetCSV(w)
	}
	c := csv.NewWriter(w)
	rows := [][]string{{"study", "trial", "control", "key", "seed", "state", "top1", "top5", "loss",
		"madds", "params", "activations", "madds_ratio", "error"}}
	for _, b := range r.Batches() {
		rows[0] = append(rows[0], fmt.Sprintf("latency_%d_seconds", b))
	}
	rows[0] = append(rows[0], "alpha", "beta", "gamma", "phi")
	for _, t := range r.Trials {
		for _, run := range t.Runs {
			row := []string{r.Study, t.Name, t.Control, run.Key, strconv.Itoa(run.Seed), run.State,
				number(run.Top1), number(run.Top5), number(run.Loss), strconv.FormatInt(t.MAdds, 10),
				strconv.FormatInt(t.Params, 10), strconv.FormatInt(t.Activations, 10),
				number(&t.MAddsRatio), run.Error}
			for _, b := range r.Batches() {
				cell := ""
				if l := t.Latency(b); l != nil {
					cell = number(&l.Shortest)
				}
				row = append(row, cell)
			}
			rows = append(rows, append(row, alpha(t), beta(t), gamma(t), phi(t)))
		}
	}
	return c.WriteAll(rows)
}

// number is exact; empty for nil.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
