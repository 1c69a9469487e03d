package report

import (
	"strings"
	"testing"

	"gridsearch/internal/report/made"
)

// TestSheetFamilies: families are compared at equal cost as those of a study are, whatever numbers
// the seeds have.
func TestSheetFamilies(t *testing.T) {
	r := FromSheet(made.Sheet(t, ".", "sheet-families.csv"))
	if len(r.Families) != 1 || r.Families[0].Claim != "better" {
		t.Errorf("families: %+v", r.Families)
	}
	r.Sheet.Columns = nil
	if got := r.FamiliesSentence(); len(got) != 1 || !strings.Contains(got[0], "no column madds") {
		t.Errorf("without costs: %q", got)
	}
}
