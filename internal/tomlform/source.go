package tomlform

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"gridsearch/internal/tomlform/place"
)

// source is the state that all tables of a file share.
type source struct {
	form   Form
	file   string
	places map[string]place.Place // by path
	errs   *Errors
	rules  Rules // nil where nobody asks for them
}

// syntaxMistake locates a syntax error. The decoder's line is one too far where a line ends early;
// its offset is right.
func syntaxMistake(file, text string, err error) Mistake {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return Mistake{File: file, Text: err.Error()}
	}
	at := min(max(0, parse.Position.Start), len(text))
	return mistakeAt(file, text, at, sentence(parse.Message))
}

// mistakeAt is a mistake at a byte of the text.
func mistakeAt(file, text string, at int, message string) Mistake {
	start := strings.LastIndexByte(text[:at], '\n') + 1
	return Mistake{File: file, Line: strings.Count(text[:at], "\n") + 1,
		Column: utf8.RuneCountInString(text[start:at]) + 1, Text: message}
}

// sentence writes a message of the decoder as messages are written here: lower case but for
// abbreviations, no full stop.
func sentence(message string) string {
	message = strings.TrimSuffix(strings.TrimSpace(message), ".")
	first, size := utf8.DecodeRuneInString(message)
	if next, _ := utf8.DecodeRuneInString(message[size:]); unicode.IsUpper(next) { // TOML
		return message
	}
	return strings.ToLower(string(first)) + message[size:]
}

// set puts a key=value pair into the values of a file. The value is TOML, or else a string; tables
// of an array are numbered from 0: constraint.0.target=1.9.
func (s *source) set(values map[string]any, setting string) error {
	key, text, ok := strings.Cut(setting, "=")
	if !ok || key == "" {
		return fmt.Errorf("a setting is key=value, like %s", s.form.Setting)
	}
	from, parts := "--set "+setting, strings.Split(key, ".")
	if slices.Contains(parts, "") {
		parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
		example, _, _ := strings.Cut(s.form.Setting, "=")
		return fmt.Errorf("a part of the key %q is empty: did you mean %q?", key,
			cmp.Or(strings.Join(parts, "."), example))
	}
	path := ""
	for i := 0; i < len(parts)-1; i++ {
		path = place.Join(path, parts[i])
		switch inner := values[parts[i]].(type) {
		case nil:
			fresh := map[string]any{}
			values[parts[i]], values = fresh, fresh
			s.places[path] = place.Place{Setting: from}
		case map[string]any:
			values = inner
		case []map[string]any:
			n, err := strconv.Atoi(parts[i+1])
			if err != nil || n < 0 || n >= len(inner) || i+2 >= len(parts) {
				return fmt.Errorf("%s is a list of %d tables: number them from 0, like %s.0.%s",
					path, len(inner), path, s.form.Item)
			}
			i++
			path, values = place.Item(path, n), inner[n]
		default:
			return fmt.Errorf("%s is no table", path)
		}
	}
	name := parts[len(parts)-1]
	path = place.Join(path, name)
	s.forget(path)
	values[name] = settingValue(text)
	s.places[path] = place.Place{Setting: from, Raw: text}
	return nil
}

// plainSetting is the text of a setting whose key wants text, as it stands: what TOML would read as
// a number, a date or true needs no quotation marks there.
func (s *source) plainSetting(path string, value any) (text string, ok bool) {
	switch value.(type) {
	case int64, float64, bool, time.Time:
		p := s.places[path]
		return p.Raw, p.Setting != ""
	}
	return "", false
}

// forget removes the places of a path and of everything below it.
func (s *source) forget(path string) {
	maps.DeleteFunc(s.places, func(p string, _ place.Place) bool {
		return p == path || strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[")
	})
}

// settingValue reads the value of a setting: TOML, or else the text itself, so that no shell needs
// quotes within quotes.
func settingValue(text string) any {
	value := map[string]any{}
	if _, err := toml.Decode("v = "+text, &value); err != nil || len(value) != 1 {
		return text
	}
	return value["v"]
}

// fail records a mistake at a path, or at its nearest parent that the file has.
func (s *source) fail(path, format string, values ...any) {
	m := s.mistake(path)
	m.Text = fmt.Sprintf(format, values...)
	s.errs.List = append(s.errs.List, m)
}

// mistake is a mistake without a text at a path, or at its nearest parent that the file has.
func (s *source) mistake(path string) Mistake {
	for ; path != ""; path = place.Parent(path) {
		p, ok := s.places[path]
		switch {
		case ok && p.Setting != "":
			return Mistake{File: p.Setting}
		case ok:
			return Mistake{File: s.file, Line: p.Line, Column: p.Column}
		}
	}
	return Mistake{File: s.file}
}
