package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPage: a part is replaced as often as one likes, what is around it stays, and a page without
// the part is refused before anything is written.
func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	const start = "# Title\n\n<!-- part -->\nold\n<!-- /part -->\nend\n"
	if err := os.WriteFile(path, []byte(start), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"| a |\n", "| b |\n", "| b |\n"} {
		p, err := openPage(path, "part")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.write(text); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil ||
			string(got) != "# Title\n\n<!-- part -->\n\n"+text+"\n<!-- /part -->\nend\n" {
			t.Errorf("the page is %q (%v)", got, err)
		}
	}
	if _, err := openPage(path, "other"); err == nil || !strings.Contains(err.Error(),
		"page.md has no lines <!-- other --> and <!-- /other -->") {
		t.Errorf("another part: %v", err)
	}
	if _, err := openPage(path+"x", "part"); err == nil {
		t.Error("a page that is not there is opened")
	}
	if err := (page{}).write("text"); err != nil {
		t.Error(err)
	}
}
