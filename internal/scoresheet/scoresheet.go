// Package scoresheet reads another program's scores: a table of runs as text, with commas,
// semicolons or tabs between the cells.
//
// The first line names the columns: trial, seed and a metric; madds, alpha, beta, gamma, phi and
// family where they are known. Every further line is a run. What `gridsearch results --format csv`
// prints is such a table. What cannot be read for certain is an error with its line.
package scoresheet

import (
	"slices"
	"strings"
)

// Sheet is the content of a file.
type Sheet struct {
	File    string
	Metric  string
	Lower   bool     // values are better the lower they are, and are in units of their own
	Percent bool     // values were percent: Runs have fractions
	Small   int      // of values in percent, those of at most 1, which may be fractions by mistake
	Columns []string // of the trials, that the file has
	Seeds   []int    // in growing order
	Trials  []Trial  // the base first, the others in the order of the file
	Base    bool     // the first trial is the base
}

// Trial is a network with its runs.
type Trial struct {
	Name     string
	Families []string
	MAdds    int64 // multiply-adds of one image; 0 where the file has none
	Params   int64 // parameters; 0 where the file has none
	Alpha    Span
	Beta     Span
	Gamma    Span
	Phi      Span
	Runs     []Run // by seed

	line int // the first one
}

// Span is a coefficient as the file has it, or the interval of those that build one network; empty
// where it has none.
type Span struct{ Low, High string }

// Run is a training; a run without a score is missing.
type Run struct {
	Seed  int
	Score *float64 // accuracies are fractions

	line int
}

// Has reports whether the file has a column of the trials.
func (s *Sheet) Has(column string) bool { return slices.Contains(s.Columns, column) }

// lowerNames are metrics, or last words of their names, that are better the lower they are.
var lowerNames = []string{"loss", "brier", "ece", "nll", "error", "err", "mse", "rmse", "mae",
	"perplexity"}

// lower reports whether a metric is better the lower it is: loss, val_loss, val/loss.
func lower(metric string) bool {
	words := strings.FieldsFunc(metric, func(r rune) bool {
		return strings.ContainsRune("/_-. ", r)
	})
	return len(words) > 0 && slices.Contains(lowerNames, words[len(words)-1])
}

// base is the name of the base network's trial, and of its family.
const base = "base"

func (t Trial) isBase() bool {
	return strings.EqualFold(t.Name, base) || slices.Contains(t.Families, base)
}

// runs counts the runs with a score.
func (s *Sheet) runs() int {
	n := 0
	for _, t := range s.Trials {
		for _, r := range t.Runs {
			if r.Score != nil {
				n++
			}
		}
	}
	return n
}
