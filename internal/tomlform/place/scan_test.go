package place

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

func TestScan(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       map[string]string // path: "line:column raw"
	}{
		{"keys", "a = 1\n  b=\"x\" # = c\n", map[string]string{"a": "1:1 1", "b": "2:3 "}},
		{"tables", "[t]\nk = 2\n[ t . u ]\nk = 3", map[string]string{"t": "1:1 ", "t.k": "2:1 2",
			"t.u": "3:1 ", "t.u.k": "4:1 3"}},
		{"dotted", "a.b . c = 1\na.d = 2", map[string]string{"a": "1:1 ", "a.b": "1:1 ",
			"a.b.c": "1:1 1", "a.d": "2:1 2"}},
		{"quoted keys", "\"a b\" = 1\n'c.d' = 2\n\"\\u0065\" = 3\n\"=#[\" = 4",
			map[string]string{"a b": "1:1 1", "c.d": "2:1 2", "e": "3:1 3", "=#[": "4:1 4"}},
		{"arrays of tables", "[[a]]\nk = 1\n[a.b]\nk = 2\n[[a]]\n[[a.c]]\nk = 3", map[string]string{
			"a": "1:1 ", "a[0]": "1:1 ", "a[0].k": "2:1 1", "a[0].b": "3:1 ", "a[0].b.k": "4:1 2",
			"a[1]": "5:1 ", "a[1].c": "6:1 ", "a[1].c[0]": "6:1 ", "a[1].c[0].k": "7:1 3"}},
		{"inline tables", "p = { x = 1.50, y = { z = +2 } }", map[string]string{"p": "1:1 ",
			"p.x": "1:7 1.50", "p.y": "1:17 ", "p.y.z": "1:23 +2"}},
		{"lists", "a = [1, # ]\n 2,\n [3, 4],\n]\nb = 1", map[string]string{"a": "1:1 ",
			"a[0]": "1:6 1", "a[1]": "2:2 2", "a[2]": "3:2 ", "a[2][0]": "3:3 3",
			"a[2][1]": "3:6 4", "b": "5:1 1"}},
		{"strings over lines", "a = \"\"\"\nx = 1 \\\"\"\" ]\n\"\"\"\"\nb = '''\n\\'''\nc = 1",
			map[string]string{"a": "1:1 ", "b": "4:1 ", "c": "6:1 1"}},
		{"escapes", `a = "\" # \\"` + "\nb = 'x\\'\nc = 2", map[string]string{"a": "1:1 ",
			"b": "2:1 ", "c": "3:1 2"}},
		{"columns are characters", "é = { ü = 1 }", map[string]string{}},
		{"characters", "a = [\"äöü\", 5]\r\nb = 6\r\n", map[string]string{"a": "1:1 ",
			"a[0]": "1:6 ", "a[1]": "1:13 5", "b": "2:1 6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := toml.Unmarshal([]byte(c.text), &map[string]any{}); (err != nil) != (len(c.want) == 0) {
				t.Fatalf("the decoder says %v", err)
			}
			got := map[string]string{}
			for path, p := range Scan(c.text) {
				got[path] = fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Raw)
			}
			if len(c.want) > 0 && !maps.Equal(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
}

// paths lists the paths of everything that the decoder has found in a text.
func paths(path string, v any) []string {
	found := []string{path}
	if values, ok := v.(map[string]any); ok {
		for key, inner := range values {
			found = append(found, paths(Join(path, key), inner)...)
		}
	}
	switch list := v.(type) {
	case []any:
		for i, inner := range list {
			found = append(found, paths(Item(path, i), inner)...)
		}
	case []map[string]any:
		for i, inner := range list {
			found = append(found, paths(Item(path, i), inner)...)
		}
	}
	return found
}

// checkPlaces compares the places of a text that the decoder accepts with what it has decoded: the
// same paths, each inside the text.
func checkPlaces(t *testing.T, text string) {
	t.Helper()
	values := map[string]any{}
	if _, err := toml.Decode(text, &values); err != nil {
		return
	}
	places, lines := Scan(text), strings.Split(text, "\n")
	want := paths("", values)
	slices.Sort(want)
	want = slices.Compact(want)
	got := slices.Sorted(maps.Keys(places))
	if _, ok := places[""]; !ok { // but for an empty key, the root has no place
		want = want[1:]
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the scanner finds %q, the decoder %q", got, want)
	}
	for path, p := range places {
		if p.Line < 1 || p.Line > len(lines) || p.Column < 1 ||
			p.Column > utf8.RuneCountInString(lines[p.Line-1]) {
			t.Fatalf("%q is at %d:%d, outside the text", path, p.Line, p.Column)
		}
	}
}

// FuzzScan: of whatever the decoder accepts, the scanner finds the places. Its seeds are texts with
// everything that TOML has, and the ready experiment files.
func FuzzScan(f *testing.F) {
	names, err := filepath.Glob("../../../experiments/*.toml")
	if err != nil || len(names) == 0 {
		f.Fatalf("no ready files: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkPlaces(t, WithoutMark(text))
		TooDeep(text)
	})
}
