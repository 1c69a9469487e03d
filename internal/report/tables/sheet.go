package tables

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// sheetCSV prints the runs of a file of scores, with its own columns; accuracies as fractions.
func (r results) sheetCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{append([]string{"trial", "seed", r.Metric}, r.Sheet.Columns...)}
	for _, t := range r.Trials {
		cells := map[string]string{"madds": strconv.FormatInt(t.MAdds, 10),
			"params": strconv.FormatInt(t.Params, 10), "family": t.Control,
			"alpha": alpha(t), "beta": beta(t), "gamma": gamma(t), "phi": phi(t)}
		for _, run := range t.Runs {
			row := []string{t.Name, strconv.Itoa(run.Seed), number(run.Top1)}
			for _, name := range r.Sheet.Columns {
				row = append(row, cells[name])
			}
			rows = append(rows, row)
		}
	}
	return c.WriteAll(rows)
}

// named reports whether the trials have coefficients.
func (r results) named() bool {
	return r.Has("alpha") || r.Has("beta") || r.Has("gamma")
}

// title is the title of the column of means.
func (r results) title() string {
	switch {
	case r.Sheet == nil || r.Metric == "top1":
		return "top-1 %"
	case r.Lower():
		return r.Metric
	}
	return r.Metric + " %"
}

// value prints a score, accuracies in percent.
func (r results) value(v *float64) string {
	if r.Lower() && v != nil {
		return fmt.Sprintf("%.4f", *v)
	}
	return percent(v)
}

// signed prints a difference with its sign.
func (r results) signed(v float64) string {
	if r.Lower() {
		return unsigned(fmt.Sprintf("%+.4f", v))
	}
	return unsigned(fmt.Sprintf("%+.2f", 100*v))
}

// unsigned removes the sign of zero.
func unsigned(text string) string {
	if strings.Trim(text, "+0.") == "" {
		return text[1:]
	}
	return text
}

// amount prints the size of a difference with its unit.
func (r results) amount(v float64) string {
	if r.Lower() {
		return fmt.Sprintf("%.4f", v)
	}
	return fmt.Sprintf("%.2f points", 100*v)
}
