package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "花の画像": 8, "ｆ": 2, "ﾊ": 1,
		"cafe\u0301": 4, "नमस्ते": 4, "한글": 4, "é": 1, "a\u200cb": 2, "…": 1, "🐈": 2} {
		if got := Width(text); got != want {
			t.Errorf("%q takes %d cells, want %d", text, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		text  string
		cells int
		want  string
	}{
		{"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""}, {"花の画像", 5, "花の"}, {"花の画像", 8, "花の画像"},
		{"e\u0301e\u0301", 1, "e\u0301"}, {"", 0, ""},
	} {
		if got := Clip(c.text, c.cells); got != c.want {
			t.Errorf("%q in %d cells is %q, want %q", c.text, c.cells, got, c.want)
		}
	}
}

// TestPrintable: nothing that a terminal obeys is left, and JSON stays the same text.
func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"cat\n\tdog": "cat\n\tdog", "a\x1b[31mb": `a\u001b[31mb`,
		"a\rb\x00\x7f": `a\u000db\u0000\u007f`, "\u009b31m": `\u009b31m`, "a\u202eb": `a\u202eb`,
		"\xff": "\ufffd", "花": "花",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	const name = "cat\x1b[31m\u202e\u009b"
	text, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	var back string
	if err := json.Unmarshal([]byte(Printable(string(text))), &back); err != nil || back != name {
		t.Errorf("JSON reads %q (%v)", back, err)
	}
}

// TestWriter: however a text is cut into writes, it comes out as Printable has it.
func TestWriter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text") +
			rapid.SampledFrom([]string{"", "花", "\x1b", "\u009b"}).Draw(t, "end")
		var out bytes.Buffer
		w := NewWriter(&out)
		for rest := []byte(text); len(rest) > 0; {
			n := rapid.IntRange(1, min(3, len(rest))).Draw(t, "bytes")
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil || out.String() != Printable(text) {
			t.Fatalf("%q comes out as %q", text, out.String())
		}
	})
	var out bytes.Buffer
	w := NewWriter(&out)
	fmt.Fprint(w, "a\xe8\x8a")
	if w.Flush(); !utf8.ValidString(out.String()) || !strings.HasPrefix(out.String(), "a") {
		t.Errorf("a torn character comes out as %q", out.String())
	}
}

// TestTable: columns are aligned by cells; in ASCII they are those of text/tabwriter.
func TestTable(t *testing.T) {
	var out bytes.Buffer
	table := NewTable(&out)
	fmt.Fprint(table, "class\timages\n花の画像\t3\ncafe\u0301\t12\n\t\n")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := "class     images\n花の画像  3\ncafe\u0301      12\n\n"; out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 4).Draw(t, "columns")
		var ours, theirs bytes.Buffer
		a, b := NewTable(&ours), tabwriter.NewWriter(&theirs, 0, 0, gap, ' ', 0)
		for range rapid.IntRange(1, 5).Draw(t, "lines") {
			line := strings.Join(rapid.SliceOfN(rapid.StringMatching(`[a-z]{0,9}`), columns,
				columns).Draw(t, "cells"), "\t")
			fmt.Fprintln(a, line)
			fmt.Fprintln(b, line)
		}
		a.Flush()
		b.Flush()
		var want []string
		for line := range strings.Lines(theirs.String()) {
			want = append(want, strings.TrimRight(line, " \n")+"\n")
		}
		if ours.String() != strings.Join(want, "") {
			t.Fatalf("got\n%s\nwant\n%s", ours.String(), strings.Join(want, ""))
		}
	})
}
