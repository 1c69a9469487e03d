// Package table reads lists of images: CSV files with the columns path, label and perhaps split.
package table

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a list.
const (
	longestLine = 1 << 20 // bytes
	mostLines   = 10_000_000
)

// The columns of a list, of which the last may be missing.
const (
	pathColumn = iota
	labelColumn
	splitColumn
)

// columnNames are what the columns may be called, in lower case; the first is the name in messages.
var columnNames = [3][]string{
	pathColumn:  {"path", "file", "filename", "image", "image_path"},
	labelColumn: {"label", "class", "category"},
	splitColumn: {"split", "part", "set", "subset"},
}

// reader reads the lines of a list.
type reader struct {
	*Mistakes
	delimiter byte
	width     int    // fields of the header
	columns   [3]int // of the fields; -1 for a missing split
	line      int
}

// field is a value with its first character's column, from 1.
type field struct {
	text   string
	column int
}

// Row is an image of a list.
type Row struct {
	Path   string // as it is written
	Label  string // empty only in the test part, for no label
	Part   Part
	Line   int // from 1
	Column int // of the path in its line, in characters, from 1
}

// Read takes the images of a list one after the other. The first line names the columns, in any
// order and letters of any case; the delimiter is a comma, a semicolon or a tab. Lines without text
// are passed over. What is wrong in a line is added to the mistakes; the error is of what ends the
// reading, among it more than 10 million lines, or the cause of a cancelled context.
func Read(ctx context.Context, from io.Reader, m *Mistakes, take func(Row)) error {
	t := &reader{Mistakes: m}
	lines := bufio.NewReaderSize(from, longestLine+len("\r\n"))
	for {
		if t.line%1000 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, err := lines.ReadSlice('\n')
		switch t.line++; {
		case err == io.EOF && len(line) == 0:
			if t.width == 0 {
				return fmt.Errorf("%q is empty: expected are a line path,label or "+
					"path,label,split, and a line for each image", t.File)
			}
			return nil
		case err != nil && err != io.EOF && err != bufio.ErrBufferFull:
			return fmt.Errorf("%q: %w", t.File, err)
		case t.line > mostLines:
			return fmt.Errorf("%q has more than %d lines", t.File, mostLines)
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) > longestLine {
			return fmt.Errorf("%q:%d: the line is longer than %d bytes", t.File, t.line,
				longestLine)
		}
		if t.width > 0 {
			t.row(string(line), take)
		} else if err := t.header(string(line)); err != nil {
			return err
		}
	}
}

// header finds the delimiter and the columns.
func (t *reader) header(text string) error {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return fmt.Errorf("%s is UTF-16: save it as UTF-8", t.File)
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if at := strings.IndexByte(text, '\r'); at >= 0 {
		t.Add(t.line, utf8.RuneCountInString(text[:at])+1,
			"a line ends in a carriage return alone: end lines in a newline")
		return t.Err()
	}
	t.delimiter = ','
	for _, d := range []byte(";\t") {
		if strings.Count(text, string(d)) > strings.Count(text, string(t.delimiter)) {
			t.delimiter = d
		}
	}
	fields, ok := t.split(text)
	if !ok {
		return t.Err()
	}
	t.width = len(fields)
	for i, names := range columnNames {
		t.columns[i] = t.find(fields, names)
		if t.columns[i] < 0 && i != splitColumn {
			t.Add(t.line, 1, "no column is called %s (or %s): the first line must name the "+
				"columns, as in path,label,split", names[0], strings.Join(names[1:], ", "))
		}
	}
	return t.Err()
}

// find is the field of a header with one of the names, -1 if there is none.
func (t *reader) find(fields []field, names []string) int {
	found := -1
	for i, f := range fields {
		if !slices.Contains(names, strings.ToLower(f.text)) {
			continue
		}
		if found >= 0 {
			t.Add(t.line, f.column, "the columns %.100q and %.100q are both the %s: rename one",
				fields[found].text, f.text, names[0])
		}
		found = i
	}
	return found
}

// split cuts a line into its fields. Spaces around fields are no part of them, but are inside
// quotes, where a quote is written twice.
func (t *reader) split(text string) (fields []field, ok bool) {
	column := 1
	for {
		trimmed := strings.TrimLeft(text, " ")
		f := field{column: column + len(text) - len(trimmed)}
		var length int
		if strings.HasPrefix(trimmed, `"`) {
			if f.text, length = unquote(trimmed); length < 0 {
				t.Add(t.line, f.column, "the quote that opens here is not closed on its line")
				return nil, false
			}
			rest := strings.TrimLeft(trimmed[length:], " ")
			if rest != "" && rest[0] != t.delimiter {
				t.Add(t.line, f.column, "text follows the closing quote: write a quote inside a "+
					"field twice")
				return nil, false
			}
			length = len(trimmed) - len(rest)
		} else {
			if length = strings.IndexByte(trimmed, t.delimiter); length < 0 {
				length = len(trimmed)
			}
			f.text = strings.TrimRight(trimmed[:length], " ")
		}
		fields = append(fields, f)
		if length == len(trimmed) {
			return fields, true
		}
		column = f.column + utf8.RuneCountInString(trimmed[:length]) + 1
		text = trimmed[length+1:]
	}
}

// unquote reads a field in quotes at the start of a text; length is -1 if it is not closed.
func unquote(text string) (value string, length int) {
	var b strings.Builder
	for at := 1; ; {
		next := strings.IndexByte(text[at:], '"')
		if next < 0 {
			return "", -1
		}
		b.WriteString(text[at : at+next])
		if at += next + 1; !strings.HasPrefix(text[at:], `"`) {
			return b.String(), at
		}
		b.WriteByte('"')
		at++
	}
}

// row takes the image of a line.
func (t *reader) row(text string, take func(Row)) {
	fields, ok := t.split(text)
	if !ok || !slices.ContainsFunc(fields, func(f field) bool { return f.text != "" }) {
		return
	}
	if len(fields) != t.width {
		t.Add(t.line, 1, "the line has fields: %d, the header: %d; quote a field that holds a %q",
			len(fields), t.width, t.delimiter)
		return
	}
	file, label := fields[t.columns[pathColumn]], fields[t.columns[labelColumn]]
	part, ok := t.part(fields)
	switch {
	case !ok:
	case label.text == "" && part != Test:
		t.Add(t.line, label.column, "the label is missing, which only an image of the test part "+
			"may lack")
	case !utf8.ValidString(label.text):
		t.Add(t.line, label.column, "the label %.100q is no UTF-8: save the list as UTF-8", label.text)
	case file.text == "":
		t.Add(t.line, file.column, "the path is missing")
	default:
		// copies, as a part of the line would keep all of it
		take(Row{Path: strings.Clone(file.text), Label: strings.Clone(label.text), Part: part,
			Line: t.line, Column: file.column})
	}
}

// part is the part that a line names, the training part if it names none.
func (t *reader) part(fields []field) (part Part, ok bool) {
	at := t.columns[splitColumn]
	if at < 0 || fields[at].text == "" {
		return Train, true
	}
	if part, ok = PartOf(fields[at].text); !ok {
		t.Add(t.line, fields[at].column, "no part is called %.100q: they are train, val and test",
			fields[at].text)
	}
	return part, ok
}
