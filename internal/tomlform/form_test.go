package tomlform

import (
	"runtime"
	"strings"
	"testing"
)

var form = Form{Setting: "train.epochs=3", Item: "target", Deepest: "six"}

// TestTooDeep: what nests too deep is refused with its line, before it takes memory.
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
		_, errs := form.Open("deep.toml", []byte(head+text), nil)
		runtime.ReadMemStats(&after)
		err := errs.Err()
		if err == nil || !strings.HasPrefix(err.Error(), "deep.toml:3:") && name != "unclosed" &&
			name != "all of them" ||
			!strings.Contains(err.Error(), "nested more than 100 levels deep") {
			t.Errorf("%s: got %.200v", name, errs)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 10<<20 {
			t.Errorf("%s takes %d bytes", name, used)
		}
	}
	for setting, want := range map[string]string{
		many("a.", 20000) + "a=1":                             "nested more than 100 levels deep",
		"model.stages=" + many("[", 20000) + many("]", 20000): "nested more than 100 levels deep",
	} {
		if _, errs := form.Open("x.toml", []byte(head), []string{setting}); errs.Err() == nil ||
			!strings.Contains(errs.Error(), want) {
			t.Errorf("got %.200v", errs)
		}
	}
}

// TestSentence: messages of the decoder begin in lower case, abbreviations keep theirs.
func TestSentence(t *testing.T) {
	for message, want := range map[string]string{"Expected a key.": "expected a key",
		" TOML files cannot contain control characters: '0x08'": "TOML files cannot contain " +
			"control characters: '0x08'"} {
		if got := sentence(message); got != want {
			t.Errorf("%q becomes %q, want %q", message, got, want)
		}
	}
}
