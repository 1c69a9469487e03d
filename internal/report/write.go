package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"gridsearch/search"
)

// Formats lists the forms that Write knows.
var Formats = []string{"table", "csv", "json", "jsonl", "md"}

// Write prints results in one of the Formats: the table and Markdown for people, in percent and ranked; CSV with a line for each run and JSON lines with
// one for each trial, in plan order.
func (r Results) Write(w io.Writer, format string) error {
	switch format {
	case "table":
		return r.table(w)
	case "md":
		return r.markdown(w)
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
	return encoder.Encode(r)
}

func (r Results) columns() []string {
	columns := []string{"trial", "control", "n", "top-1 %", r.level() + " interval", "sd", "top-5 %", "multiply-adds", "x base", "params"}
	for _, b := range r.batches() {
		if b == 1 {
			columns = append(columns, "latency, ms")
			continue
		}
		columns = append(columns, fmt.Sprintf("of %d, ms", b))
	}
	columns = append(columns, "tied", "best")
	if r.checked() {
		columns = append(columns, "sign flip p")
	}
	return columns
}

// level is the confidence in percent.
func (r Results) level() string { return strconv.FormatFloat(100*r.Confidence, 'g', 4, 64) + " %" }

// row is what the columns say of a trial.
func (r Results) row(t Trial) []string {
	tied, best := "", ""
	if t.Tied != nil && *t.Tied {
		tied = "*"
	}
	if t.BestChance != nil {
		best = fmt.Sprintf("%.0f %%", 100**t.BestChance)
	}
	interval := "?"
	if t.CILow != nil {
		interval = fmt.Sprintf("%.2f..%.2f", 100**t.CILow, 100**t.CIHigh)
	}
	n := strconv.Itoa(t.N)
	if failed := t.failed(); failed > 0 {
		n += fmt.Sprintf(" (%d failed)", failed)
	}
	control := t.Control
	if t.ExcludedBy != "" {
		n = "-"
	}
	row := []string{t.Name, control, n, percent(t.MeanTop1), interval, percent(t.SDTop1), percent(t.MeanTop5), SI(float64(t.MAdds)), fmt.Sprintf("%.2f", t.MAddsRatio), SI(float64(t.Params))}
	for _, b := range r.batches() {
		cell := ""
		if l := t.latency(b); l != nil {
			cell = Milliseconds(l.Shortest)
		}
		row = append(row, cell)
	}
	row = append(row, tied, best)
	switch {
	case t.SignFlip != nil:
		row = append(row, fmt.Sprintf("%.3f", *t.SignFlip))
	case r.checked():
		row = append(row, "")
	}
	return row
}

// Milliseconds prints seconds as milliseconds with three digits or more.
func Milliseconds(seconds float64) string {
	ms := 1e3 * seconds
	return strconv.FormatFloat(ms, 'f', max(0, 2-int(math.Floor(math.Log10(max(ms, 1e-3))))), 64)
}

func (t Trial) failed() int {
	n := 0
	for _, r := range t.Runs {
		if r.State == "failed" {
			n++
		}
	}
	return n
}

func percent(v *float64) string {
	if v == nil {
		return "?"
	}
	return fmt.Sprintf("%.2f", 100**v)
}

// SI prints a number with three digits and a prefix: 288 k, 1.23 M.
func SI(v float64) string {
	for _, p := range []struct {
		size float64
		name string
	}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if v >= .9995*p.size {
			return strconv.FormatFloat(v/p.size, 'g', 3, 64) + p.name
		}
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func (r Results) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(r.columns(), "\t"))
	for _, trial := range r.ranked() {
		fmt.Fprintln(t, strings.Join(r.row(trial), "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.Findings(), "\n"))
	return err
}

func (r Results) markdown(w io.Writer) error {
	rule := strings.Repeat("---|", len(r.columns()))
	if _, err := fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(r.columns(), " | "), rule); err != nil {
		return err
	}
	for _, trial := range r.ranked() {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(r.row(trial), " | ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.Findings(), "\n"))
	return err
}

// Findings says in sentences what the table shows, and what it does not.
func (r Results) Findings() []string {
	var lines []string
	tied := r.TiedSet()
	switch {
	case len(tied) == 1:
		lines = append(lines, fmt.Sprintf("best: %s; no other trial is in the %s confidence set", tied[0].Name, r.level()))
	case len(tied) > 1:
		names := make([]string, len(tied))
		for i, t := range tied {
			names[i] = t.Name
		}
		lines = append(lines, fmt.Sprintf("these %d of %d trials cannot be told apart (%s confidence set, paired by seed): %s", len(tied), len(r.Trials), r.level(), strings.Join(names, "; ")))
	}
	if r.checked() {
		lines = append(lines, "sign flip p: how likely so large a difference to the highest mean is among equals, whatever the noise, adjusted by Holm for the number of trials")
	}
	if line := r.imageError(); line != "" {
		lines = append(lines, line)
	}
	for _, warning := range r.Warnings {
		lines = append(lines, "warning: "+warning)
	}
	for _, t := range r.Trials {
		if t.ExcludedBy != "" {
			lines = append(lines, fmt.Sprintf("not trained: %s: %s", t.Name, t.ExcludedBy))
		}
		for _, run := range t.Runs {
			if run.State == "failed" {
				lines = append(lines, fmt.Sprintf("failed: %s seed=%d: %s", t.Name, run.Seed, run.Error))
			}
		}
	}
	return lines
}

// imageError says how well the validation images know an accuracy: the error between seeds does not hold this one.
func (r Results) imageError() string {
	trials := r.ranked()
	if r.Validation == 0 || trials[0].MeanTop1 == nil {
		return ""
	}
	best := trials[0].MeanTop1
	return fmt.Sprintf("binomial standard error on %d validation images: %.2f points at %s %%, the best mean, and %.2f at 50 %%",
		r.Validation, 100*search.BinomialError(*best, r.Validation), percent(best), 100*search.BinomialError(.5, r.Validation))
}

func (r Results) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"study", "trial", "control", "key", "seed", "state", "top1", "top5", "loss", "madds", "params", "activations", "madds_ratio", "error"}}
	for _, b := range r.batches() {
		rows[0] = append(rows[0], fmt.Sprintf("latency_%d_seconds", b))
	}
	for _, t := range r.Trials {
		for _, run := range t.Runs {
			row := []string{r.Study, t.Name, t.Control, run.Key, strconv.Itoa(run.Seed), run.State, number(run.Top1), number(run.Top5), number(run.Loss),
				strconv.FormatInt(t.MAdds, 10), strconv.FormatInt(t.Params, 10), strconv.FormatInt(t.Activations, 10), strconv.FormatFloat(t.MAddsRatio, 'g', -1, 64), run.Error}
			for _, b := range r.batches() {
				cell := ""
				if l := t.latency(b); l != nil {
					cell = number(&l.Shortest)
				}
				row = append(row, cell)
			}
			rows = append(rows, row)
		}
	}
	return c.WriteAll(rows)
}

// number is exact, and empty for what is not known.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
