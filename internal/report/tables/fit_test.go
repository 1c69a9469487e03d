package tables

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/terminal"
)

// onTerminal is the table of results on a terminal of so many cells.
func onTerminal(t *testing.T, r report.Results, cells int, wide bool) string {
	t.Helper()
	var out bytes.Buffer
	w := terminal.NewWriter(&out)
	w.Cells = cells
	page := terminal.NewPage(w)
	if err := Write(page, r, "table", wide); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestTerminals compares tables on narrow terminals with those that were looked at; no line of them
// is longer than the terminal.
func TestTerminals(t *testing.T) {
	for name, r := range map[string]report.Results{"made": report.New(made.Study(t)),
		"families": report.FromSheet(made.Sheet(t, "..", "sheet-families.csv"))} {
		for cells, form := range map[int]string{80: "80", 72: "72", 44: "44"} {
			got, path := onTerminal(t, r, cells, false), filepath.Join("..", "testdata", name+"."+form)
			for line := range strings.Lines(got) {
				if terminal.Width(strings.TrimSuffix(line, "\n")) > cells {
					t.Errorf("%q does not fit into %d cells", line, cells)
				}
			}
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
			}
		}
	}
}

// TestWideStaysWhole: --wide shows all on every terminal, and a terminal with room for all has
// nothing left out.
func TestWideStaysWhole(t *testing.T) {
	r := report.New(made.Study(t))
	table := func(text string) string {
		text, _, _ = strings.Cut(text, "\n\nbest:")
		return text
	}
	for _, wide := range []bool{true, false} {
		var whole bytes.Buffer
		if err := Write(&whole, r, "table", wide); err != nil {
			t.Fatal(err)
		}
		cells := 200
		if wide {
			cells = 40
		}
		if got := onTerminal(t, r, cells, wide); table(got) != table(whole.String()) {
			t.Errorf("wide %v: got\n%s\nwant\n%s", wide, got, whole.String())
		}
	}
}
