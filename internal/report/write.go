package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Formats lists the forms that Write knows.
var Formats = []string{"table", "csv", "json", "jsonl", "md"}

// Write prints results in one of the Formats: the table and Markdown for people, in percent,
// ranked, and with all columns where it is wide; CSV with a line for each run and JSON lines with
// one for each trial, in plan order.
func (r Results) Write(w io.Writer, format string, wide bool) error {
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
	return encoder.Encode(r)
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

func (r Results) csv(w io.Writer) error {
	if r.sheet != nil {
		return r.sheetCSV(w)
	}
	c := csv.NewWriter(w)
	rows := [][]string{{"study", "trial", "control", "key", "seed", "state", "top1", "top5", "loss", "madds", "params", "activations", "madds_ratio", "error"}}
	for _, b := range r.batches() {
		rows[0] = append(rows[0], fmt.Sprintf("latency_%d_seconds", b))
	}
	rows[0] = append(rows[0], "alpha", "beta", "gamma", "phi")
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
			rows = append(rows, append(row, t.alpha(), t.beta(), t.gamma(), t.phi()))
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
