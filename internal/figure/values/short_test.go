package values

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestShort: coefficients have two decimals, more where two trials would have one name.
func TestShort(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{[]string{"base", "d=2.037901 w=1.427549 px=46", "d=1.1 w=1 px=32"},
			[]string{"base", "d=2.04 w=1.43 px=46", "d=1.1 w=1 px=32"}},
		{[]string{"d=1.2341 w=1 px=9", "d=1.2339 w=1 px=9"},
			[]string{"d=1.2341 w=1 px=9", "d=1.2339 w=1 px=9"}},
		{[]string{"d=1.2341 w=1 px=9", "d=1.2319 w=1 px=9"},
			[]string{"d=1.234 w=1 px=9", "d=1.232 w=1 px=9"}},
		{[]string{"d=1.999999 w=1 px=9"}, []string{"d=2 w=1 px=9"}},
		{[]string{"a network of a very long name that nobody can read"},
			[]string{"a network of …body can read"}},
		{[]string{"深度为二倍宽度为一点五倍"}, []string{"深度为二倍宽度为一点五倍"}},
	} {
		short := Short(c.names)
		var got []string
		for _, name := range c.names {
			got = append(got, short[name])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q are short %q, want %q", c.names, got, c.want)
		}
	}
}

// TestShortAreDistinct: whatever the names, two of them never become one.
func TestShortAreDistinct(t *testing.T) {
	name := rapid.StringMatching(`(d=[12]\.[0-9]{6} ){1,2}px=[12]|x{25,26}[ab]x{10,14}`)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(name, rapid.ID).Draw(t, "names")
		seen := map[string]bool{}
		for _, short := range Short(names) {
			if seen[short] {
				t.Fatalf("%q twice", short)
			}
			seen[short] = true
		}
	})
}
