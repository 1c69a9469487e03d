// Package tomlform reads the tables of a TOML file strictly: every unknown key, wrong type and
// invalid value is reported at once, each with line, column and the nearest valid name. Settings
// from outside, such as train.epochs=3, override the file's values.
//
// A reader asks a Table for keys by name and type; what nobody has asked for is unknown (Finish).
// On the way the table notes what each key is held to, which is a description of the format
// (Collect). The package knows no format: which keys there are, its callers say.
package tomlform

import (
	"fmt"

	"github.com/BurntSushi/toml"

	"gridsearch/internal/tomlform/place"
)

// Form is what messages about all files of a format need.
type Form struct {
	Setting string // key and value of a setting: "train.epochs=3"
	Item    string // a key of a table in an array: "target"
	Deepest string // how many levels the deepest key has: "six"
}

// Open decodes a file and applies settings, key=value pairs; the table is nil if the text is no
// TOML. The errors are those so far: the table, and those inside it, add to them as they are read.
func (f Form) Open(file string, bytes []byte, settings []string) (*Table, *Errors) {
	s := &source{form: f, file: file, errs: &Errors{}}
	text, values := place.WithoutMark(string(bytes)), map[string]any{}
	if at, deep := place.TooDeep(text); deep {
		s.errs.List = append(s.errs.List, mistakeAt(file, text, at, f.tooDeep()))
		return nil, s.errs
	}
	if _, err := toml.Decode(text, &values); err != nil {
		s.errs.List = append(s.errs.List, syntaxMistake(file, text, err))
		return nil, s.errs
	}
	s.places = place.Scan(text)
	for _, setting := range settings {
		if _, deep := place.TooDeep(setting); deep {
			s.errs.List = append(s.errs.List, Mistake{File: fmt.Sprintf("--set %.60s", setting),
				Text: f.tooDeep()})
		} else if err := s.set(values, setting); err != nil {
			s.errs.List = append(s.errs.List, Mistake{File: "--set " + setting, Text: err.Error()})
		}
	}
	return newTable("", values, s), s.errs
}

// tooDeep is the message about a text in which place.TooDeep has found something.
func (f Form) tooDeep() string {
	return fmt.Sprintf("tables and lists are nested more than %d levels deep: no key needs more "+
		"than %s", place.MaxDepth, f.Deepest)
}
