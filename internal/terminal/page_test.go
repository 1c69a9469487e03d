package terminal

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestFill: lines are broken between words, and beside wide characters; what continues a word and a
// gap, or an indented line, stands below its text.
func TestFill(t *testing.T) {
	for _, c := range []struct {
		line  string
		cells int
		want  string
	}{
		{"", 5, ""}, {"a bc def", 8, "a bc def"}, {"a bc def", 7, "a bc\ndef"},
		{"a bc def", 1, "a\nbc\ndef"}, {"/a/long/path is whole", 8, "/a/long/path\nis whole"},
		{"warning    one two three", 22, "warning    one two\n           three"},
		{"  nominal keeps one", 12, "  nominal\n  keeps one"},
		{"two words  and a gap", 12, "two words \nand a gap"},
		{"花の画像分類の実験", 9, "花の画像\n分類の実\n験"}, {"花の画像、分", 8, "花の画\n像、分"},
		{"cafe\u0301 cafe\u0301", 4, "cafe\u0301\ncafe\u0301"},
	} {
		want := strings.ReplaceAll(c.want, " \n", "\n")
		if got := Fill(c.line, c.cells); got != want {
			t.Errorf("%q in %d cells is %q, want %q", c.line, c.cells, got, want)
		}
	}
}

// TestFillLosesNothing: but for spaces at breaks and the indentation, the text is the same, and a
// line is too long only where a word is.
func TestFillLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`( {0,3}[a-z花\-,]{1,9}){1,12}`).Draw(t, "line")
		cells := rapid.IntRange(1, 40).Draw(t, "cells")
		filled := Fill(line, cells)
		bare := func(text string) string {
			return strings.NewReplacer(" ", "", "\n", "").Replace(text)
		}
		if bare(filled) != bare(line) {
			t.Fatalf("%q became %q", line, filled)
		}
		for part := range strings.SplitSeq(filled, "\n") {
			if word := strings.TrimLeft(part, " "); Width(part) > cells && strings.Contains(word, " ") {
				t.Fatalf("%q does not fit into %d cells", part, cells)
			}
		}
	})
}

// onTerminal is what a page of a terminal of so many cells passes on.
func onTerminal(cells int, print func(io.Writer)) string {
	var out bytes.Buffer
	w := NewWriter(&out)
	w.Cells = cells
	p := NewPage(w)
	print(p)
	p.Flush()
	w.Flush()
	return out.String()
}

// TestPage: only text for a terminal is broken, however it is cut into writes.
func TestPage(t *testing.T) {
	print := func(w io.Writer) {
		for _, part := range []string{"one t", "wo thr", "ee\nfour", " five six"} {
			fmt.Fprint(w, part)
		}
	}
	if got, want := onTerminal(9, print), "one two\nthree\nfour five\nsix"; got != want {
		t.Errorf("on a terminal it is %q, want %q", got, want)
	}
	if got, want := onTerminal(0, print), "one two three\nfour five six"; got != want {
		t.Errorf("elsewhere it is %q, want %q", got, want)
	}
	if CellsOf(io.Discard) != 0 {
		t.Error("what is no page has a width")
	}
}

// TestTableGivesWay: columns are left out in the order that was given, the last of two of a name,
// until there is room; remarks without a title do not count, and elsewhere than on a terminal
// nothing is left out.
func TestTableGivesWay(t *testing.T) {
	table := func(w io.Writer) {
		t := NewTable(w)
		t.MayLack("95 %", "b", "none", "a")
		fmt.Fprint(t, "trial\ta\t95 %\tb\t95 %\t\n花花\t11\t22\t33\t44\ttoo large for the data\n")
		t.Flush()
	}
	for cells, want := range map[int]string{
		0:  "trial  a   95 %  b   95 %\n花花   11  22    33  44    too large for the data\n",
		25: "trial  a   95 %  b   95 %\n花花   11  22    33  44    too large for the data\n",
		24: "trial  a   95 %  b\n花花   11  22    33  too large for the data\nleft out in 24 columns:\n95 %; a pipe to less -S\nhas them\n",
		17: "trial  a   95 %\n花花   11  22    too large for the data\nleft out in 17\ncolumns: 95 %, b;\na pipe to less -S\nhas them\n",
	} {
		if got := onTerminal(cells, table); got != want {
			t.Errorf("in %d cells it is\n%s\nwant\n%s", cells, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text    string
		cells   int
		unicode bool
		want    string
	}{
		{"d=1 w=1.414214 px=24", 20, true, "d=1 w=1.414214 px=24"},
		{"d=1 w=1.414214 px=24", 13, true, "d=1 w=… px=24"},
		{"d=1 w=1.414214 px=24", 13, false, "d=1 w...px=24"},
		{"花の画像分類の実験", 9, true, "花の…実験"}, {"花の画像", 7, true, "花…画像"}, {"abcdef", 1, true, "abcdef"},
	} {
		if got := Cut(c.text, c.cells, c.unicode); got != c.want {
			t.Errorf("%q in %d cells is %q, want %q", c.text, c.cells, got, c.want)
		}
	}
}

func TestUnicode(t *testing.T) {
	for _, c := range []struct {
		environment map[string]string
		system      string
		want        bool
	}{
		{nil, "linux", false}, {nil, "windows", true}, {map[string]string{"LANG": "de_DE.UTF-8"}, "linux", true},
		{map[string]string{"LANG": "ja_JP.utf8"}, "darwin", true},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "linux", false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "linux", true},
	} {
		if got := Unicode(func(name string) string { return c.environment[name] }, c.system); got != c.want {
			t.Errorf("%v on %s: %v", c.environment, c.system, got)
		}
	}
}

func TestSparkline(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values  []float64
		unicode bool
		want    string
	}{
		{nil, true, ""}, {[]float64{1, 2, 3, 4, 5, 6, 7, 8}, true, "▁▂▃▄▅▆▇█"},
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8}, false, "_.:-=+*#"}, {[]float64{2, nan, nan}, true, "▄  "},
		{[]float64{nan}, true, " "}, {[]float64{3, 3}, false, "--"}, {[]float64{-1, 0, 1e9}, true, "▁▁█"},
	} {
		if got := Sparkline(c.values, c.unicode); got != c.want {
			t.Errorf("%v is %q, want %q", c.values, got, c.want)
		}
	}
}
