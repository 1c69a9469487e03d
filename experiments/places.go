package experiments

import (
	"fmt"
	"strings"
)

// place is where a key stands, from 1.
type place struct{ line, column int }

// scan finds the places of the tables and keys of a TOML text that has been decoded without error: it need not check anything. Keys inside inline
// tables stand where the line's own key does.
func scan(text string) map[string]place {
	s := scanner{places: map[string]place{}, count: map[string]int{}}
	for i, line := range strings.Split(text, "\n") {
		s.line(line, i+1)
	}
	return s.places
}

type scanner struct {
	places map[string]place
	count  map[string]int // tables of each array so far
	table  string
	depth  int    // of open brackets of a value that goes on
	quote  string // """ or ''' of a string that goes on
}

func (s *scanner) line(line string, number int) {
	column := len(line) - len(strings.TrimLeft(line, " \t")) + 1
	body := line[column-1:]
	switch {
	case s.depth > 0 || s.quote != "":
		s.value(body)
	case strings.HasPrefix(body, "[["):
		name := clean(body[2:strings.Index(body, "]]")])
		s.table = fmt.Sprintf("%s[%d]", name, s.count[name])
		s.count[name]++
		s.note(name, number, column)
		s.note(s.table, number, column)
	case strings.HasPrefix(body, "["):
		s.table = clean(body[1:strings.Index(body, "]")])
		s.note(s.table, number, column)
	default:
		key, value, ok := strings.Cut(body, "=")
		if !ok || strings.HasPrefix(body, "#") {
			return
		}
		path := clean(key)
		if s.table != "" {
			path = s.table + "." + path
		}
		s.note(path, number, column)
		s.value(value)
	}
}

func (s *scanner) note(path string, line, column int) {
	if _, ok := s.places[path]; !ok {
		s.places[path] = place{line, column}
	}
}

// clean takes quotes and spaces off a dotted key.
func clean(key string) string {
	parts := strings.Split(key, ".")
	for i, part := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(part), `"'`)
	}
	return strings.Join(parts, ".")
}

// value follows brackets and strings to the end of a line.
func (s *scanner) value(text string) {
	for text != "" {
		if s.quote != "" {
			end := closing(text, s.quote)
			if end < 0 {
				if len(s.quote) == 1 {
					s.quote = "" // cannot be in valid TOML; do not swallow the rest of the file
				}
				return
			}
			text, s.quote = text[end+len(s.quote):], ""
			continue
		}
		switch c := text[0]; {
		case strings.HasPrefix(text, `"""`) || strings.HasPrefix(text, "'''"):
			s.quote = text[:3]
		case c == '"' || c == '\'':
			s.quote = text[:1]
		case c == '[' || c == '{':
			s.depth++
		case c == ']' || c == '}':
			s.depth--
		case c == '#':
			return
		}
		text = text[max(1, len(s.quote)):]
	}
}

// closing finds the end of a string, past escaped quotes where the quote allows escapes.
func closing(text, quote string) int {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && quote[0] == '"' {
			i++
		} else if strings.HasPrefix(text[i:], quote) {
			return i
		}
	}
	return -1
}
