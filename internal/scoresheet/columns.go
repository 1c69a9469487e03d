package scoresheet

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/nearest"
)

// Columns with a fixed meaning.
const (
	trialColumn  = "trial"
	seedColumn   = "seed"
	maddsColumn  = "madds"
	paramsColumn = "params"
	familyColumn = "family"
	usualMetric  = "top1"
)

// coefficientColumns are numbers of a trial, which may be intervals.
var coefficientColumns = []string{"alpha", "beta", "gamma", "phi"}

// described are the columns of a trial.
var described = append([]string{maddsColumn, paramsColumn, familyColumn}, coefficientColumns...)

// silent are columns of `gridsearch results --format csv` that are not metrics unless asked for.
var silent = []string{"study", "control", "key", "state", "activations", "madds_ratio", "error"}

// head is the first line.
type head struct {
	names []string
	at    map[string]int // places of columns
}

// newHead reads the first line, and finds the metric.
func (p *parser) newHead(line int, cells []string, metric string) (head, error) {
	h := head{at: map[string]int{}}
	for i, c := range cells {
		name := strings.ToLower(c)
		if j, twice := h.at[name]; twice && name != "" {
			return h, p.wrong(line, "columns %d and %d are both named %s: rename "+
				"one", j+1, i+1, name)
		}
		h.names, h.at[name] = append(h.names, name), i
	}
	for _, name := range []string{trialColumn, seedColumn} {
		if _, ok := h.at[name]; !ok {
			return h, p.wrong(line, "no column is named %s (the nearest is %s): the first "+
				"line names "+
				"the columns %s, %s and a metric, with commas, semicolons or tabs between "+
				"them", name,
				nearest.Words(name, h.names), trialColumn, seedColumn)
		}
	}
	if i, ok := h.at["control"]; ok { // what our own files call it
		if _, ok := h.at[familyColumn]; !ok {
			h.at[familyColumn] = i
		}
	}
	p.sheet.Columns = slices.DeleteFunc(slices.Clone(described), func(name string) bool {
		_, ok := h.at[name]
		return !ok
	})
	return h, p.findMetric(line, h, metric)
}

// findMetric finds the column of the scores.
func (p *parser) findMetric(line int, h head, metric string) error {
	metrics := h.metrics()
	name := strings.ToLower(metric)
	switch {
	case name != "" && !(h.has(name) && slices.Contains(append(metrics, silent...), name)):
		return p.wrong(line, "no column is a metric %q: did you mean %s?", metric,
			nearest.Words(name, metrics))
	case name != "":
	case slices.Contains(metrics, usualMetric):
		name = usualMetric
	case len(metrics) == 0:
		return p.wrong(line, "no column is a metric: beside %s and %s a file needs one, such as %s",
			trialColumn, seedColumn, usualMetric)
	case len(metrics) > 1:
		return p.wrong(line, "which column is the metric? Choose with --metric: %s",
			strings.Join(metrics, ", "))
	default:
		name = metrics[0]
	}
	p.sheet.Metric, p.sheet.Lower = name, lower(name)
	return nil
}

func (h head) has(name string) bool {
	_, ok := h.at[name]
	return ok
}

// metrics are the columns that may be metrics.
func (h head) metrics() []string {
	other := append([]string{"", trialColumn, seedColumn}, append(described, silent...)...)
	return slices.DeleteFunc(slices.Clone(h.names), func(name string) bool {
		return slices.Contains(other, name) || strings.HasPrefix(name, "latency_")
	})
}

// describe reads what a line says about its trial. Cells may be empty, but lines of a trial must
// not contradict each other.
func (p *parser) describe(t *Trial, line int, cells []string) error {
	for _, name := range p.sheet.Columns {
		text := cells[p.head.at[name]]
		if text == "" {
			continue
		}
		if err := p.set(t, line, name, text); err != nil {
			return err
		}
	}
	return nil
}

// set sets one column of a trial.
func (p *parser) set(t *Trial, line int, name, text string) error {
	switch name {
	case maddsColumn, paramsColumn:
		count, err := p.count(line, name, text)
		if err != nil {
			return err
		}
		to := &t.MAdds
		if name == paramsColumn {
			to = &t.Params
		}
		return keep(p, t, line, name, to, count, *to == 0)
	case familyColumn:
		families := familyNames(text)
		if t.Families != nil && !slices.Equal(t.Families, families) {
			return p.contradiction(t, line, name)
		}
		t.Families = families
		return nil
	}
	span, err := p.span(line, name, text)
	if err != nil {
		return err
	}
	to := []*Span{&t.Alpha, &t.Beta, &t.Gamma, &t.Phi}[slices.Index(coefficientColumns, name)]
	return keep(p, t, line, name, to, span, *to == Span{})
}

// keep sets a new value, and compares a later one with it.
func keep[T comparable](p *parser, t *Trial, line int, name string, to *T, v T, isNew bool) error {
	if !isNew && *to != v {
		return p.contradiction(t, line, name)
	}
	*to = v
	return nil
}

func (p *parser) contradiction(t *Trial, line int, name string) error {
	return p.cell(line, name, "trial %q has another value on an earlier line (its first is "+
		"%d): all "+
		"runs of a trial are of one network", t.Name, t.line)
}

// familyNames splits the families of a cell.
func familyNames(text string) []string {
	var names []string
	for _, name := range strings.Split(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// most limits costs to what integers and logarithms can represent.
const most = 1e18

// count reads the multiply-adds or the parameters of a network.
func (p *parser) count(line int, column, text string) (int64, error) {
	v, err := p.number(line, column, text)
	if err != nil {
		return 0, err
	}
	if !(v >= 1 && v <= most) {
		what := "multiply-adds of one image"
		if column == paramsColumn {
			what = "parameters"
		}
		return 0, p.cell(line, column, "%s is no number of %s", text, what)
	}
	return int64(math.Round(v)), nil
}

// decimal is a number without an exponent, which coefficients are.
var decimal = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,15})?$`)

// span reads a coefficient, or two with .. between them.
func (p *parser) span(line int, name, text string) (Span, error) {
	low, high, two := strings.Cut(text, "..")
	if !two {
		high = low
	}
	var ends [2]float64
	for i, end := range []string{low, high} {
		v, err := p.number(line, name, end)
		if err != nil {
			return Span{}, err
		}
		if !decimal.MatchString(end) || v == 0 && name != "phi" {
			return Span{}, p.cell(line, name, "%q is no coefficient: write a positive number like "+
				"1.15, or an interval of those that build one network like 1..1.15", text)
		}
		ends[i] = v
	}
	if ends[0] > ends[1] {
		return Span{}, p.cell(line, name, "the interval %s ends below its beginning", text)
	}
	return Span{low, high}, nil
}

var (
	decimalComma = regexp.MustCompile(`^[+-]?[0-9]*,[0-9]+$`)
	plainNumber  = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
)

// number reads a finite number in plain decimal notation.
func (p *parser) number(line int, column, text string) (float64, error) {
	if decimalComma.MatchString(text) {
		return 0, p.cell(line, column, "%s has a decimal comma: write %s", text,
			strings.Replace(text, ",", ".", 1))
	}
	v, err := strconv.ParseFloat(text, 64)
	if !plainNumber.MatchString(text) || err != nil {
		return 0, p.cell(line, column, "%q is no number: write one like 0.753, and leave the "+
			"cell of "+
			"a missing run empty", text)
	}
	return v, nil
}
