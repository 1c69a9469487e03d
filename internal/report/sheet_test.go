package report

import (
	"os"
	"strings"
	"testing"

	"gridsearch/internal/scoresheet"
)

func sheet(t *testing.T, path string) Results {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scoresheet.Parse(path, text, "")
	if err != nil {
		t.Fatal(err)
	}
	return FromSheet(s)
}

// TestSheetFamilies: families are compared at equal cost as those of a study are, whatever numbers
// the seeds have.
func TestSheetFamilies(t *testing.T) {
	r := sheet(t, "testdata/sheet-families.csv")
	if len(r.Families) != 1 || r.Families[0].Claim != "better" {
		t.Errorf("families: %+v", r.Families)
	}
	r.Sheet.Columns = nil
	if got := r.FamiliesSentence(); len(got) != 1 || !strings.Contains(got[0], "no column madds") {
		t.Errorf("without costs: %q", got)
	}
}
