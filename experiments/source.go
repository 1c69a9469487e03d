package experiments

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
)

// source is what all tables of a file share.
type source struct {
	file   string
	places map[string]place // by path
	errs   *Errors
	rules  rules // nil where nobody asks for them
}

// open decodes a file and applies settings; the table is nil if the text is no TOML.
func open(file string, bytes []byte, settings []string) (*table, *Errors) {
	s := &source{file: file, errs: &Errors{}}
	text, values := withoutMark(string(bytes)), map[string]any{}
	if at, deep := tooDeep(text); deep {
		s.errs.List = append(s.errs.List, deepMistake(file, text, at))
		return nil, s.errs
	}
	if _, err := toml.Decode(text, &values); err != nil {
		s.errs.List = append(s.errs.List, syntaxMistake(file, text, err))
		return nil, s.errs
	}
	s.places = scan(text)
	for _, setting := range settings {
		if _, deep := tooDeep(setting); deep {
			s.errs.List = append(s.errs.List, Mistake{File: fmt.Sprintf("--set %.60s", setting),
				Text: deepText})
		} else if err := s.set(values, setting); err != nil {
			s.errs.List = append(s.errs.List, Mistake{File: "--set " + setting, Text: err.Error()})
		}
	}
	return newTable("", values, s), s.errs
}

// withoutMark drops a byte order mark, which the decoder takes and which would shift the first
// line's columns.
func withoutMark(text string) string {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return rest
		}
	}
	return text
}

// syntaxMistake says where a text is no TOML. The decoder's own line is one too far where a line
// ends early; its offset is right.
func syntaxMistake(file, text string, err error) Mistake {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return Mistake{File: file, Text: err.Error()}
	}
	before := text[:min(max(0, parse.Position.Start), len(text))]
	start := strings.LastIndexByte(before, '\n') + 1
	return Mistake{File: file, Line: strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[start:]) + 1, Text: sentence(parse.Message)}
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
		return errors.New("a setting is key=value, like train.epochs=3")
	}
	from, parts := "--set "+setting, strings.Split(key, ".")
	if slices.Contains(parts, "") {
		parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
		return fmt.Errorf("a part of the key %q is empty: did you mean %q?", key,
			cmp.Or(strings.Join(parts, "."), "train.epochs"))
	}
	path := ""
	for i := 0; i < len(parts)-1; i++ {
		path = join(path, parts[i])
		switch inner := values[parts[i]].(type) {
		case nil:
			fresh := map[string]any{}
			values[parts[i]], values = fresh, fresh
			s.places[path] = place{setting: from}
		case map[string]any:
			values = inner
		case []map[string]any:
			n, err := strconv.Atoi(parts[i+1])
			if err != nil || n < 0 || n >= len(inner) || i+2 >= len(parts) {
				return fmt.Errorf("%s is a list of %d tables: number them from 0, like %s.0.%s",
					path, len(inner), path, "target")
			}
			i++
			path, values = item(path, n), inner[n]
		default:
			return fmt.Errorf("%s is no table", path)
		}
	}
	name := parts[len(parts)-1]
	path = join(path, name)
	s.forget(path)
	values[name] = settingValue(text)
	s.places[path] = place{setting: from, raw: text}
	return nil
}

// plainSetting is the text of a setting whose key wants text, as it stands: what TOML would read as
// a number, a date or true needs no quotation marks there.
func (s *source) plainSetting(path string, value any) (text string, ok bool) {
	switch value.(type) {
	case int64, float64, bool, time.Time:
		p := s.places[path]
		return p.raw, p.setting != ""
	}
	return "", false
}

// forget drops the places of a path and of all that is in it.
func (s *source) forget(path string) {
	maps.DeleteFunc(s.places, func(p string, _ place) bool {
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

// fail notes a mistake at a path, or at the nearest thing around it that the file has.
func (s *source) fail(path, format string, values ...any) {
	m := s.mistake(path)
	m.Text = fmt.Sprintf(format, values...)
	s.errs.List = append(s.errs.List, m)
}

// mistake is one without a text at a path, or at the nearest thing around it that the file has.
func (s *source) mistake(path string) Mistake {
	for ; path != ""; path = parent(path) {
		p, ok := s.places[path]
		switch {
		case ok && p.setting != "":
			return Mistake{File: p.setting}
		case ok:
			return Mistake{File: s.file, Line: p.line, Column: p.column}
		}
	}
	return Mistake{File: s.file}
}
