package experiments

import (
	"runtime"
	"strings"
	"testing"
)

// TestTooDeep: what nests too deep is refused with its line, before it takes memory; what does not
// is read.
func TestTooDeep(t *testing.T) {
	const head = "schema_version = 1\n\n"
	many := func(text string, n int) string { return strings.Repeat(text, n) }
	for name, text := range map[string]string{
		"inline tables":  "x = " + many("{a=", 20000) + "1" + many("}", 20000),
		"lists":          "x = " + many("[", 20000) + many("]", 20000),
		"a dotted key":   many("a.", 20000) + "a = 1",
		"a table":        "[" + many("a.", 20000) + "a]\nx = 1",
		"list of tables": "[[" + many("a.", 20000) + "a]]\nx = 1",
		"all of them": "[" + many("a.", 40) + "a]\nx." + many("a.", 40) + "b = " +
			many("[{y=", 15) + "1" + many("}]", 15),
		"unclosed":    "x = " + many("{a=\n", 20000),
		"spread keys": "x = " + many("{a.a.a.a.a=", 25) + "1" + many("}", 25),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse("deep.toml", []byte(head+text))
		runtime.ReadMemStats(&after)
		if err == nil || !strings.HasPrefix(err.Error(), "deep.toml:3:") && name != "unclosed" &&
			name != "all of them" ||
			!strings.Contains(err.Error(), "nested more than 100 levels deep") {
			t.Errorf("%s: got %.200v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 10<<20 {
			t.Errorf("%s takes %d bytes", name, used)
		}
	}
	for _, text := range []string{
		"# " + many("[", 300), "[study]\ndescription = \"" + many("{.", 300) + "\"",
		"[study]\ndescription = '''" + many("[", 300) + "'''",
		"x = [" + many("1.5, ", 300) + "]", many("[a]\n", 300), many("a.b = 1.5\n", 300), "x = [" +
			many("\n{a.b = 1},", 300) + "]",
	} {
		if at, deep := tooDeep(text); deep {
			t.Errorf("%.40q is too deep at %d", text, at)
		}
	}
	for setting, want := range map[string]string{
		many("a.", 20000) + "a=1":                             "nested more than 100 levels deep",
		"model.stages=" + many("[", 20000) + many("]", 20000): "nested more than 100 levels deep",
	} {
		if _, err := Parse("x.toml", []byte(head), setting); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("got %.200v", err)
		}
	}
}
