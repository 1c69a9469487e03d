package main

import (
	"fmt"
	"os"
	"strings"

	"gridsearch/internal/files"
)

// page is a Markdown file with a generated part, between <!-- NAME --> and <!-- /NAME -->.
type page struct {
	path          string // empty for none
	before, after string // the text around the generated part, with the marks
}

// openPage reads a page and finds the part of that name, before anything is computed for it. An
// empty path is no page.
func openPage(path, name string) (page, error) {
	if path == "" {
		return page{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return page{}, err
	}
	first, last := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, found := strings.Cut(string(text), first)
	_, after, ended := strings.Cut(rest, last)
	if !found || !ended {
		return page{}, fmt.Errorf("%s has no lines %s and %s for the table to go between", path,
			strings.TrimSpace(first), last)
	}
	return page{path, before + first, last + after}, nil
}

// write replaces the generated part.
func (p page) write(text string) error {
	if p.path == "" {
		return nil
	}
	return files.Replace(p.path, []byte(p.before+"\n"+text+"\n"+p.after))
}
