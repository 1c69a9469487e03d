package place

import (
	"strings"
	"testing"
)

// TestTooDeep: MaxDepth levels are taken, the first bracket or dot of one more is found, and what
// does not nest is no depth.
func TestTooDeep(t *testing.T) {
	many := strings.Repeat
	for name, levels := range map[string]func(n int) string{
		"lists":         func(n int) string { return "x = " + many("[", n) + many("]", n) },
		"inline tables": func(n int) string { return "x = " + many("{a=", n) + "1" + many("}", n) },
		"a dotted key":  func(n int) string { return many("a.", n) + "a = 1" },
	} {
		text := levels(MaxDepth)
		if at, deep := TooDeep(text); deep {
			t.Errorf("%s: %d levels are too deep at %d", name, MaxDepth, at)
		}
		text = levels(MaxDepth + 1)
		last := max(strings.LastIndexAny(text, "[{"), strings.LastIndexByte(text, '.'))
		if at, deep := TooDeep(text); !deep || at != last {
			t.Errorf("%s: one more level is found at %d (%v), want %d", name, at, deep, last)
		}
	}
	for _, text := range []string{
		"# " + many("[", 300), "[study]\ndescription = \"" + many("{.", 300) + "\"",
		"[study]\ndescription = '''" + many("[", 300) + "'''",
		"x = [" + many("1.5, ", 300) + "]", many("[a]\n", 300), many("a.b = 1.5\n", 300), "x = [" +
			many("\n{a.b = 1},", 300) + "]",
	} {
		if at, deep := TooDeep(text); deep {
			t.Errorf("%.40q is too deep at %d", text, at)
		}
	}
}
