package place

// MaxDepth bounds how deep tables and lists may be nested: a path is kept for each level, so that
// the memory of a text that nests without end grows with its square.
const MaxDepth = 100

// TooDeep finds the byte where a text nests deeper than MaxDepth, by brackets and by the dots of
// keys; ok where it does. The text need not be TOML.
func TooDeep(text string) (at int, ok bool) {
	d := depth{scanner: scanner{text: text}}
	for s := &d.scanner; s.at < len(text); {
		switch s.text[s.at] {
		case '#':
			s.skip("")
			continue
		case '"', '\'':
			s.quoted()
			continue
		}
		if d.level(s.text[s.at]); d.table+d.levels > MaxDepth {
			return s.at, true
		}
		s.at++
	}
	return 0, false
}

// depth counts levels.
type depth struct {
	scanner
	levels int   // open brackets and dots of the keys in front of them
	dots   int   // of the key since the last bracket
	outer  []int // dots in front of each open bracket
	table  int   // levels of the last [table]
	begun  bool  // something is on the line already
	header bool  // the line is [table]
}

// level goes over a character that is neither in a string nor in a comment.
func (d *depth) level(c byte) {
	if c == '[' && !d.begun && len(d.outer) == 0 {
		d.header, d.table = true, 0
	}
	d.begun = d.begun && c != '\n' || c != ' ' && c != '\t' && c != '\r' && c != '\n'
	switch c {
	case '.':
		d.levels, d.dots = d.levels+1, d.dots+1
	case '[', '{':
		d.outer = append(d.outer, d.dots)
		d.levels, d.dots = d.levels+1, 0
	case ']', '}':
		d.close()
	case ',', '\n':
		d.levels, d.dots = d.levels-d.dots, 0
		d.header = d.header && c != '\n'
	}
}

func (d *depth) close() {
	if d.header {
		d.table = max(d.table, d.levels)
	}
	d.levels, d.dots = d.levels-d.dots, 0
	if last := len(d.outer) - 1; last >= 0 {
		d.levels, d.dots, d.outer = d.levels-1, d.outer[last], d.outer[:last]
	}
}
