package experiments

import (
	"strings"
	"testing"
)

// TestNames: which names a study may have; the message states the rule.
func TestNames(t *testing.T) {
	for _, name := range []string{"a", "2024", "नमस्ते", "cafe\u0301", "folder (1)", "花の画像",
		"می\u200cخواهم", "_x", "a.b", "a-b+c", "console", "nully.txt", "com", "com10",
		strings.Repeat("a", 255)} {
		if !makesFolder(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", " ", "trail.", "trail ", ".", "..", ".a", "-a", " a",
		"\u0301a", "CON", "con", "NUL.txt", "nul .txt", "COM1", "lpt9.a.b", "a/b", `a\b`, "a:b",
		"a?", "a*", "a\tb", "a\x1b[31m",
		"a\x7f", "a\u202eb", "a\u200bb", "a\xff", "a\nb", "😀", strings.Repeat("a", 256),
		strings.Repeat("é", 128)} {
		if makesFolder(name) {
			t.Errorf("%q is taken", name)
		}
	}
	_, err := Parse("file.toml", []byte(small), "study.name=trail.")
	if err == nil || !strings.Contains(err.Error(),
		`--set study.name=trail.: name "trail." does not make a folder on every system: use letters`) {
		t.Errorf("got %v", err)
	}
	_, err = Parse("NUL.txt.toml", []byte(small))
	if err == nil || !strings.Contains(err.Error(),
		`the file's name "NUL.txt" does not make a folder on every system, and [study] has no other: use letters`) {
		t.Errorf("got %v", err)
	}
}
