package tables

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/scoresheet"
)

// TestSheetForms compares every form of a file's table with the one that was read: accuracies in
// percent with families, and losses without anything beside them.
func TestSheetForms(t *testing.T) {
	goldenForms(t, "families", report.FromSheet(made.Sheet(t, "..", "sheet-families.csv")))
	goldenForms(t, "losses", report.FromSheet(made.Sheet(t, "..", "sheet-losses.csv")))
}

// TestSheetOfStudy: what a study prints as CSV says the same when it is read.
func TestSheetOfStudy(t *testing.T) {
	study := report.New(made.Study(t))
	var text bytes.Buffer
	if err := Write(&text, study, "csv", false); err != nil {
		t.Fatal(err)
	}
	s, err := scoresheet.Parse("made.csv", text.Bytes(), "")
	if err != nil {
		t.Fatal(err)
	}
	r := report.FromSheet(s)
	for i, got := range r.Trials {
		want := study.Trials[i]
		if got.Name != want.Name || *got.P != *want.P || *got.Tied != *want.Tied ||
			*got.Behind != *want.Behind || *got.BehindLow != *want.BehindLow ||
			*got.BestChance != *want.BestChance || alpha(got) != alpha(want) ||
			math.Abs(got.MAddsRatio-want.MAddsRatio) > 1e-12 {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if s, err = scoresheet.Parse("made.csv", text.Bytes(), "loss"); err != nil || !s.Lower {
		t.Fatal(err)
	}
	if best := report.FromSheet(s).Ranked()[0].Name; best != study.Ranked()[0].Name {
		t.Errorf("by its loss the best is %s", best)
	}
	if !slices.Equal(r.FamiliesSentence(), study.FamiliesSentence()) || *r.Noise != *study.Noise {
		t.Errorf("families: %q, want %q", r.FamiliesSentence(), study.FamiliesSentence())
	}
}

// TestSheetLosses: the lowest loss is the best, and the verdicts are those of its negative.
func TestSheetLosses(t *testing.T) {
	text := "trial,seed,%s\n"
	values := []float64{.31, .33, .32, .41, .44, .42, .36, .37, .33}
	accuracies := strings.Replace(text, "%s", "top1", 1)
	losses := strings.Replace(text, "%s", "loss", 1)
	for i, v := range values {
		row := string(rune('a'+i/3)) + "," + string(rune('0'+i%3)) + ","
		accuracies += row + number(&v) + "\n"
		v = 1 - v
		losses += row + number(&v) + "\n"
	}
	parse := func(text string) report.Results {
		s, err := scoresheet.Parse("f", []byte(text), "")
		if err != nil {
			t.Fatal(err)
		}
		return report.FromSheet(s)
	}
	higher, lower := parse(accuracies), parse(losses)
	for i, h := range higher.Trials {
		l := lower.Trials[i]
		if math.Abs(*h.MeanTop1+*l.MeanTop1-1) > 1e-12 || math.Abs(*h.P-*l.P) > 1e-3 ||
			math.Abs(*h.Behind-*l.Behind) > 1e-12 || math.Abs(*h.BehindLow-*l.BehindLow) > 1e-6 {
			t.Errorf("accuracy %+v, loss %+v", h, l)
		}
	}
	if best := lower.Ranked()[0].Name; best != "b" {
		t.Errorf("the best is %s", best)
	}
}

// TestSheetWithoutBase: no trial is set apart, and a bar in a name ends no cell of Markdown.
func TestSheetWithoutBase(t *testing.T) {
	r := report.FromSheet(made.Sheet(t, "..", "sheet-losses.csv"))
	var text bytes.Buffer
	if err := Write(&text, r, "md", false); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "|  |  |") || !strings.Contains(text.String(), `a\|b`) {
		t.Errorf("%s", text.String())
	}
}

// TestTrialsInSentences: a trial is named by its coefficients where the file has any of them, with
// its name, and by its name alone where it has none.
func TestTrialsInSentences(t *testing.T) {
	for column, want := range map[string]string{
		"alpha": "alpha 1.5, beta , gamma  (a)",
		"beta":  "alpha , beta 1.5, gamma  (a)",
		"gamma": "alpha , beta , gamma 1.5 (a)",
		"phi":   "a",
		"madds": "a",
	} {
		cell := "1.5"
		if column == "madds" {
			cell = "15"
		}
		text := "trial,seed,top1," + column + "\n"
		for _, row := range []string{"a,0,0.5", "a,1,0.6", "b,0,0.7", "b,1,0.6"} {
			text += row + "," + cell + "\n"
		}
		s, err := scoresheet.Parse("f", []byte(text), "")
		if err != nil {
			t.Fatal(err)
		}
		r := results{report.FromSheet(s)}
		if got := r.identity(r.Trials[0]); got != want {
			t.Errorf("with the column %s it is called %q, want %q", column, got, want)
		}
	}
}
