// Package place finds where the keys, tables and list items of a TOML text stand. The decoder gives
// a position with a syntax error alone, and none with its values: hence this second reading.
//
// A path is keys joined by dots, with the index of list items in brackets: model.stages[2].kernel.
package place

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// Place says where a key or the item of a list comes from.
type Place struct {
	Line, Column int    // from 1, the column in characters; 0 for what is set from outside
	Raw          string // a number as it is written; empty for anything else
	Setting      string // the setting that it comes from, empty for the text itself
}

// Scan finds the places of all keys, tables and list items of a TOML text that the decoder has
// accepted, by path: it need not check anything, and it never fails.
func Scan(text string) map[string]Place {
	s := scanner{text: text, lines: []int{0}, places: map[string]Place{}, count: map[string]int{}}
	for i, c := range []byte(text) {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	for s.skip(" \t\r\n"); s.at < len(text); s.skip(" \t\r\n") {
		if s.peek() == '[' {
			s.header()
		} else {
			s.pair(s.table)
		}
	}
	return s.places
}

type scanner struct {
	text   string
	at     int   // next byte
	lines  []int // where each line begins
	places map[string]Place
	count  map[string]int // tables of each [[array]] so far
	table  string         // path of the table whose keys follow
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// skip goes over these characters and comments.
func (s *scanner) skip(characters string) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '#':
			end := strings.IndexByte(s.text[s.at:], '\n')
			if end < 0 {
				end = len(s.text) - s.at
			}
			s.at += end
		case strings.IndexByte(characters, c) >= 0:
			s.at++
		default:
			return
		}
	}
}

// note keeps the first place of a path.
func (s *scanner) note(path string, at int, raw string) {
	if _, ok := s.places[path]; ok {
		return
	}
	line, exact := slices.BinarySearch(s.lines, at)
	if !exact {
		line--
	}
	s.places[path] = Place{Line: line + 1, Column: utf8.RuneCountInString(
		s.text[s.lines[line]:at]) + 1, Raw: raw}
}

// header reads [table] or [[array]].
func (s *scanner) header() {
	start, isArray := s.at, strings.HasPrefix(s.text[s.at:], "[[")
	s.at++
	if isArray {
		s.at++
	}
	keys := s.keys()
	s.table = ""
	for i, key := range keys {
		s.table = Join(s.table, key)
		s.note(s.table, start, "")
		if isArray && i == len(keys)-1 {
			s.count[s.table]++
		}
		if n := s.count[s.table]; n > 0 {
			s.table = Item(s.table, n-1)
			s.note(s.table, start, "")
		}
	}
	for s.peek() == ']' {
		s.at++
	}
}

// pair reads key = value into the table of a path.
func (s *scanner) pair(path string) {
	start := s.at
	for _, key := range s.keys() {
		path = Join(path, key)
		s.note(path, start, "")
	}
	if s.peek() != '=' { // not in a text that the decoder has accepted
		s.at++
		return
	}
	s.at++
	s.skip(" \t")
	s.value(path)
}

// keys reads a dotted key.
func (s *scanner) keys() []string {
	var keys []string
	for {
		s.skip(" \t")
		keys = append(keys, s.key())
		s.skip(" \t")
		if s.peek() != '.' {
			return keys
		}
		s.at++
	}
}

func (s *scanner) key() string {
	start := s.at
	if c := s.peek(); c == '"' || c == '\'' {
		s.quoted()
		return unquote(s.text[start:s.at])
	}
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n.=[]{},#\"'", s.text[s.at]) < 0 {
		s.at++
	}
	return s.text[start:s.at]
}

// unquote lets the decoder read a quoted key.
func unquote(quoted string) string {
	var v struct{ V string }
	if _, err := toml.Decode("V = "+quoted, &v); err != nil {
		return strings.Trim(quoted, `"'`)
	}
	return v.V
}

// quoted goes over a string of any of the four kinds.
func (s *scanner) quoted() {
	quote := s.text[s.at : s.at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.at:], triple) {
		quote = triple
	}
	for s.at += len(quote); s.at < len(s.text); s.at++ {
		if strings.HasPrefix(s.text[s.at:], quote) {
			s.at += len(quote)
			for len(quote) == 3 && s.peek() == quote[0] { // a string may end in one or two quotes of its own
				s.at++
			}
			return
		}
		if s.text[s.at] == '\\' && quote[0] == '"' {
			s.at++
		}
	}
	s.at = min(s.at, len(s.text))
}

// value goes over a value and notes what is in it.
func (s *scanner) value(path string) {
	switch s.peek() {
	case '"', '\'':
		s.quoted()
	case '[':
		s.list(path)
	case '{':
		s.inline(path)
	default:
		start := s.at
		for s.at < len(s.text) && strings.IndexByte(",]}#\r\n", s.text[s.at]) < 0 {
			s.at++
		}
		p := s.places[path]
		p.Raw = strings.TrimSpace(s.text[start:s.at])
		s.places[path] = p
	}
}

func (s *scanner) list(path string) {
	s.at++
	for i := 0; ; i++ {
		s.skip(" \t\r\n,")
		if c := s.peek(); c == ']' || s.at >= len(s.text) {
			s.at = min(s.at+1, len(s.text))
			return
		}
		start := s.at
		s.note(Item(path, i), start, "")
		s.value(Item(path, i))
		if s.at == start { // a stray bracket; not in a text that the decoder has accepted
			s.at++
		}
	}
}

func (s *scanner) inline(path string) {
	s.at++
	for {
		s.skip(" \t\r\n,")
		if c := s.peek(); c == '}' || s.at >= len(s.text) {
			s.at = min(s.at+1, len(s.text))
			return
		}
		s.pair(path)
	}
}

// WithoutMark drops a byte order mark, which the decoder takes and which would shift the first
// line's columns: Scan wants a text without.
func WithoutMark(text string) string {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return rest
		}
	}
	return text
}

// Join is the path of a key of a table.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Item is the path of an item of a list.
func Item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Parent is the path without its last key or index; empty for the root.
func Parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }
