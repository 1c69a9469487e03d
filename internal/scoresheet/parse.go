package scoresheet

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostLoss limits losses, whose squares are summed.
const mostLoss = 1e9

// mostTrials limits the time of a comparison, which grows with the square of their number.
const mostTrials = 1000

// Parse reads the text of a file. The metric is one of its columns; the default is top1, or the
// only column that can be one.
func Parse(file string, text []byte, metric string) (*Sheet, error) {
	p := &parser{sheet: &Sheet{File: file}, byName: map[string]int{}}
	if err := p.read(text, metric); err != nil {
		return nil, err
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return p.sheet, nil
}

// parser is a sheet that is being read.
type parser struct {
	sheet  *Sheet
	head   head
	byName map[string]int // places of the trials
}

// wrong is an error at a line.
func (p *parser) wrong(line int, format string, values ...any) error {
	return fmt.Errorf("%s:%d: %s", p.sheet.File, line, fmt.Sprintf(format, values...))
}

// cell is an error of a cell, which names the column too.
func (p *parser) cell(line int, column, format string, values ...any) error {
	return p.wrong(line, "column %s: %s", column, fmt.Sprintf(format, values...))
}

func (p *parser) read(text []byte, metric string) error {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if line := badLine(text); line > 0 {
		return p.wrong(line, "this is no text in UTF-8: save the table as CSV in UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator(text), -1
	for first := true; ; first = false {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) && first {
			return p.wrong(1, "the file is empty: its first line names the columns, trial, "+
				"seed and a metric")
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return p.syntax(err)
		}
		line, _ := r.FieldPos(0)
		if err := p.line(line, cells, first, metric); err != nil {
			return err
		}
	}
}

// badLine is the first line that is not valid UTF-8; 0 if there is none.
func badLine(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || r == 0 {
			return 1 + bytes.Count(text[:i], []byte("\n"))
		}
		i += size
	}
	return 0
}

// separators are what may stand between cells.
const separators = ",;\t"

// separator is the most frequent separator of the first line with text, outside quotes.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte("\n"))
	counts, quoted := map[rune]int{}, false
	for _, r := range string(line) {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted {
			counts[r]++
		}
	}
	return slices.MaxFunc([]rune(separators), func(a, b rune) int {
		return cmp.Compare(counts[a], counts[b])
	})
}

// syntax rewords an error about quotes.
func (p *parser) syntax(err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return fmt.Errorf("%s: %w", p.sheet.File, err)
	}
	return p.wrong(parse.Line, "a quote stands where none can: put quotes around a whole "+
		"cell, and "+
		"double those inside it")
}

func (p *parser) line(line int, cells []string, first bool, metric string) (err error) {
	for i, c := range cells {
		cells[i] = strings.TrimSpace(c)
	}
	if first {
		p.head, err = p.newHead(line, cells, metric)
		return err
	}
	if slices.IndexFunc(cells, func(c string) bool { return c != "" }) < 0 {
		return nil // a spreadsheet's empty row
	}
	if len(cells) != len(p.head.names) {
		return p.wrong(line, "%d cells where the first line names %d columns: are decimal commas "+
			"or names without quotes among them?", len(cells), len(p.head.names))
	}
	return p.run(line, cells)
}

// run reads a line.
func (p *parser) run(line int, cells []string) error {
	name := cells[p.head.at[trialColumn]]
	if err := p.checkName(line, name); err != nil {
		return err
	}
	seed, err := p.seed(line, cells[p.head.at[seedColumn]])
	if err != nil {
		return err
	}
	score, err := p.score(line, cells[p.head.at[p.sheet.Metric]])
	if err != nil {
		return err
	}
	t := p.trial(line, name)
	if t == nil {
		return p.wrong(line, "more than %d trials: compare fewer at a time", mostTrials)
	}
	for _, r := range t.Runs {
		if r.Seed == seed {
			return p.wrong(line, "trial %q has seed %d on line %d already: leave one of the two",
				name, seed, r.line)
		}
	}
	t.Runs = append(t.Runs, Run{seed, score, line})
	return p.describe(t, line, cells)
}

func (p *parser) checkName(line int, name string) error {
	switch {
	case name == "":
		return p.cell(line, trialColumn, "the cell is empty: every run needs its trial's name")
	case strings.ContainsFunc(name, unicode.IsControl):
		return p.cell(line, trialColumn, "the name %q has a tab, a line break or another control "+
			"character: leave it out", name)
	}
	return nil
}

// trial finds a trial or begins it; nil where there are too many.
func (p *parser) trial(line int, name string) *Trial {
	i, ok := p.byName[name]
	if !ok {
		if i = len(p.sheet.Trials); i == mostTrials {
			return nil
		}
		p.byName[name] = i
		p.sheet.Trials = append(p.sheet.Trials, Trial{Name: name, line: line})
	}
	return &p.sheet.Trials[i]
}

func (p *parser) seed(line int, text string) (int, error) {
	seed, err := strconv.Atoi(text)
	switch {
	case text == "":
		return 0, p.cell(line, seedColumn, "the cell is empty: runs with the same seed are "+
			"compared, "+
			"so that every run needs one")
	case err != nil:
		return 0, p.cell(line, seedColumn, "%q is no whole number", text)
	}
	return seed, nil
}

// score is nil for an empty cell: the run is missing.
func (p *parser) score(line int, text string) (*float64, error) {
	if text == "" {
		return nil, nil
	}
	v, err := p.number(line, p.sheet.Metric, text)
	if err != nil {
		return nil, err
	}
	if !p.sheet.Lower && (v < 0 || v > 100) {
		return nil, p.cell(line, p.sheet.Metric, "%s is no accuracy: those are 0..1, or 0..100 in "+
			"percent (metrics that are better the lower they are: %s)", text,
			strings.Join(lowerNames, ", "))
	}
	if v < -mostLoss || v > mostLoss {
		return nil, p.cell(line, p.sheet.Metric, "%s is beyond any loss: leave the cell of a "+
			"run that "+
			"diverged empty", text)
	}
	return &v, nil
}

// finish checks the whole and puts it in order.
func (p *parser) finish() error {
	s := p.sheet
	for i := range s.Trials {
		slices.SortFunc(s.Trials[i].Runs, func(a, b Run) int { return cmp.Compare(a.Seed, b.Seed) })
		for _, r := range s.Trials[i].Runs {
			if r.Score != nil {
				s.Seeds = append(s.Seeds, r.Seed)
			}
		}
	}
	slices.Sort(s.Seeds)
	s.Seeds = slices.Compact(s.Seeds)
	if err := p.checkSize(); err != nil {
		return err
	}
	p.scale()
	if err := p.checkMAdds(); err != nil {
		return err
	}
	return p.baseFirst()
}

// checkSize returns an error if there is too little to compare.
func (p *parser) checkSize() error {
	s := p.sheet
	switch {
	case s.runs() == 0:
		return p.wrong(1, "no run has a score in column %s", s.Metric)
	case len(s.Trials) == 1:
		return p.wrong(s.Trials[0].line, "%q is the only trial: there is nothing to compare "+
			"it with",
			s.Trials[0].Name)
	case len(s.Seeds) == 1:
		return p.wrong(s.Trials[0].line, "%d is the only seed: one run of a trial shows no "+
			"noise, so "+
			"that no difference can be told from it; train every trial with two seeds or more, "+
			"better three", s.Seeds[0])
	}
	return nil
}

// scale converts percent to fractions.
func (p *parser) scale() {
	s := p.sheet
	small := 0
	p.eachScore(func(v *float64) {
		s.Percent = s.Percent || *v > 1 && !s.Lower
		if *v <= 1 {
			small++
		}
	})
	if s.Percent {
		s.Small = small
		p.eachScore(func(v *float64) { *v /= 100 })
	}
}

func (p *parser) eachScore(do func(*float64)) {
	for _, t := range p.sheet.Trials {
		for _, r := range t.Runs {
			if r.Score != nil {
				do(r.Score)
			}
		}
	}
}

// checkMAdds requires a cost for every trial if there is one for any.
func (p *parser) checkMAdds() error {
	for _, t := range p.sheet.Trials {
		if p.sheet.Has(maddsColumn) && t.MAdds == 0 {
			return p.cell(t.line, maddsColumn, "trial %q has no multiply-adds, others have: "+
				"give all "+
				"or leave the column out", t.Name)
		}
	}
	return nil
}

// baseFirst moves the base network to the front.
func (p *parser) baseFirst() error {
	s := p.sheet
	i := slices.IndexFunc(s.Trials, Trial.isBase)
	if i < 0 {
		return nil
	}
	for _, other := range s.Trials[i+1:] {
		if other.isBase() {
			return p.wrong(other.line, "trial %q is a base, and so is %q on line %d: name one",
				other.Name, s.Trials[i].Name, s.Trials[i].line)
		}
	}
	t := s.Trials[i]
	s.Trials = slices.Insert(slices.Delete(s.Trials, i, i+1), 0, t)
	s.Base = true
	return nil
}
