package tables

import (
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
)

// TestGrid: it has the cells of the wide table, the base in its rank, and no excluded trial.
func TestGrid(t *testing.T) {
	all := report.New(made.Study(t))
	columns, rows := Grid(all)
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
		if len(row.Cells) != len(columns) || row.Cells[slices.Index(columns, "trial")] != row.Name {
			t.Errorf("%s has the cells %q", row.Name, row.Cells)
		}
	}
	want := []string{"d=1.2 w=1.1 px=18", "d=1 w=1.4 px=16", "base"}
	if !slices.Equal(names, want) || !slices.Contains(columns, "params") {
		t.Errorf("columns %q of %q", columns, names)
	}
	if got := rows[2].Cells[slices.Index(columns, "n")]; got != "2 (1 failed)" {
		t.Errorf("the base has n = %q", got)
	}
}

// TestAnswer: answer and certainty are the sentences of the table, in its order.
func TestAnswer(t *testing.T) {
	all := report.New(made.Study(t))
	answer, certainty := Answer(all), Certainty(all)
	var text strings.Builder
	if err := Write(&text, all, "table", false); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(append(answer, certainty...), "\n"); len(answer) != 2 ||
		!strings.HasPrefix(answer[0], "best: ") || !strings.Contains(text.String(), "\n\n"+said+"\n") {
		t.Errorf("%q is not what the table says", said)
	}
	s := made.Study(t)
	s.Records = nil
	if got := Answer(report.New(s)); len(got) != 0 {
		t.Errorf("the answer of nothing is %q", got)
	}
}
