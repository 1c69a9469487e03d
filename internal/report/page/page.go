// Package page writes the report of a study: one HTML file with the question, the answer and its
// certainty, what it cost, figures, tables, what is missing and why, and how to repeat it.
//
// The file is whole: style, scripts and figures are in it, and its content security policy forbids
// it to load anything. Scripts sort tables and open what is folded before the page is printed;
// everything can be read without them. What it says is derived from the study's folder alone, so
// equal records give equal bytes.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/internal/report/page/space"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// FileName is the report's name in the folder of its study.
const FileName = "report.html"

//go:embed page.html page.css page.js
var files embed.FS

var layout = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"shown": shown, "program": program,
	// what json.Marshal writes has no < and no &, so that nothing in it ends the script
	"data": func(scene []byte) template.JS { return template.JS(scene) },
}).ParseFS(files, "page.html"))

// program names what has trained: by the beginning of its revision, with a plus where it has been
// changed since, or else of its checksum.
func program(e store.Environment) string {
	switch {
	case e.Revision == "":
		return "binary " + fmt.Sprintf("%.12s", e.BinaryHash)
	case e.Dirty:
		return fmt.Sprintf("%.12s+", e.Revision)
	}
	return fmt.Sprintf("%.12s", e.Revision)
}

// Parts are what packages tables and figures make of the results.
type Parts struct {
	Answer    []string // sentences: tables.Answer
	Certainty []string // tables.Certainty
	Columns   []string // tables.Grid
	Rows      []Row
	Pictures  []Picture // figures.Pictures
	Undrawn   []string  // which figures are not drawn, and why, a sentence each
}

// Row is a trial with its cells, one a column.
type Row struct {
	report.Trial
	Cells []string
}

// Picture is a figure as a whole SVG document, and what makes a bitmap of it where that is too
// large.
type Picture struct {
	Name    string // as in the registry
	Caption string // what it shows, in a line
	See     string // how to read it, in a sentence or two
	SVG     []byte
	Scene   []byte // JSON of what a reader can turn, for package space; nil for others
	PNG     func() ([]byte, error)
}

// Write writes the report of a study. The error of a picture that is no figure names it.
func Write(w io.Writer, s *study.Study, r report.Results, p Parts) error {
	c, err := newContent(s, r, p)
	if err != nil {
		return err
	}
	return layout.Execute(w, c)
}

// content is what the page shows.
type content struct {
	Study   string
	Policy  string // content security policy
	Style   template.CSS
	Scripts []template.JS

	State       string // how far the study is
	Description string
	Question    []string
	Answer      []string
	Certainty   []string
	Warnings    []string
	Facts       []fact // the answer in numbers
	Cost        []fact

	Figures []drawing
	Undrawn []string

	Trials   grid
	Runs     runTable
	Excluded []group // trials by what excludes them
	Failed   []group // runs by their error
	Repeated []group // runs by the error of an attempt that has been repeated
	Dropped  string  // runs
	Waiting  string  // runs

	Places []study.Place
	Repeat repeat
	Papers []paper
}

// fact is a number with its name and a remark, which may be empty.
type fact struct{ Name, Value, Remark string }

func newContent(s *study.Study, r report.Results, p Parts) (c content, err error) {
	c = content{Study: s.Plan.Study, State: state(s),
		Description: s.Experiment.Study.Description, Question: question(s),
		Answer: answer(s, r, p.Answer), Certainty: sentences(p.Certainty),
		Warnings: sentences(r.Warnings), Facts: facts(r), Cost: cost(s),
		Trials: trials(r, p), Runs: runs(s), Excluded: excluded(r), Failed: failed(s),
		Repeated: repeated(s), Repeat: again(s), Papers: papers(s)}
	n := count(s)
	if n.waiting > 0 {
		c.Waiting = open(n)
	}
	if n.dropped > 0 {
		c.Dropped = plural.Of(n.dropped, "run")
	}
	if c.Places, err = s.Places(); err != nil {
		return c, err
	}
	if c.Undrawn = p.Undrawn; len(p.Pictures) == 0 {
		c.Undrawn = sentences(c.Undrawn)
	}
	for i, p := range p.Pictures {
		d, err := draw(p)
		if err != nil {
			return c, err
		}
		d.Number = i + 1
		c.Figures = append(c.Figures, d)
	}
	return c, c.dress()
}

// dress adds style, scripts and the policy that allows these alone.
func (c *content) dress() error {
	style, err := files.ReadFile("page.css")
	if err != nil {
		return err
	}
	c.Style = template.CSS(string(style) + space.Style)
	c.Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
		"form-action 'none'; script-src"
	own, err := files.ReadFile("page.js")
	if err != nil {
		return err
	}
	for _, text := range []string{string(own), space.Script} {
		sum := sha256.Sum256([]byte(text))
		c.Policy += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		c.Scripts = append(c.Scripts, template.JS(text))
	}
	return nil
}
