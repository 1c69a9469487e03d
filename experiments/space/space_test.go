package space

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/internal/tomlform"
	"gridsearch/search"
)

// read reads the two tables of a text.
func read(text string) (search.Space, error) {
	root, errs := tomlform.Form{}.Open("file.toml", []byte(text), nil)
	if root == nil {
		return search.Space{}, errs
	}
	s := Read(root)
	return s, errs.Err()
}

// TestSpacing: even spacing is a list, log-cost is left to the plan, and numbers are decimals.
func TestSpacing(t *testing.T) {
	spaced := func(phi string) search.Space {
		const methods = "[search]\nmethod = [\"single\", \"list\"]\npoints = [[1, 1, 2]]\n"
		s, err := read(methods + "phi = " + phi + "\n")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for phi, want := range map[string]string{
		`{ from = 0, to = "2", points = 3 }`:                           "[1 2]",
		`{ from = 0.50, to = 2.0, points = 4, spacing = "even" }`:      "[0.5 1 1.5 2]",
		`{ from = "1", to = "20", points = 2 }`:                        "[1 20]",
		`{ from = "0", to = "3", points = 100, spacing = "log-cost" }`: "[]",
	} {
		if s := spaced(phi); fmt.Sprint(s.Phi) != want || (s.LogCost == nil) != (want != "[]") {
			t.Errorf("%s gives %v, want %s", phi, s.Phi, want)
		}
	}
	got := spaced(`{ from = "0.50", to = 2.5, points = 6, spacing = "log-cost" }`).LogCost
	if want := (search.LogCost{From: "0.5", To: "2.5", Points: 6}); *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}

// TestDecimalsAreExact: numbers are what is written, not the nearest binary number.
func TestDecimalsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`1\.[0-9]{0,24}[1-9]`).Draw(t, "digits")
		form := rapid.SampledFrom([]string{digits, `"` + digits + `"`, "+" + digits + "0",
			strings.Replace(digits, "1.", "1.0_0", 1)}).Draw(t, "form")
		want := digits
		if strings.Contains(form, "_") {
			want = strings.Replace(digits, "1.", "1.00", 1)
		}
		s, err := read("search.coefficients = [" + form + ", 1e0, 15e-1]\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Coefficients; string(got.Alpha) != want || got.Beta != "1" ||
			got.Gamma != "1.5" {
			t.Fatalf("%s is read as %+v", form, got)
		}
	})
}

// TestMistakes: whatever is out of its bounds is noted at its own place, and counts as missing.
func TestMistakes(t *testing.T) {
	s, err := read("[search]\nphi = [1, 21]\ncoefficients = [1.5, 1, 0]\nalpha.low = 0.5\n" +
		"share_step = 0.3\n[[constraint]]\nquantity = \"nominal\"\nrange = [2, 1]\n")
	want := `file.toml:2:11: phi: 21 is out of range, it must be above 0 and at most 20
file.toml:3:25: coefficients: 0 is out of range, it must be above 0 and at most 16
file.toml:4:1: low must be 1 or more, not 0.5: a coefficient below 1 makes the network smaller
file.toml:5:1: share_step must divide 1 and be between 0.01 and 1, as 0.1 and 0.25 are, not 0.3
file.toml:8:1: range must be two numbers, the smaller one first`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if fmt.Sprint(s.Phi) != "[1]" || s.Coefficients != search.PaperTriple || s.ShareStep != "0.1" ||
		s.Alpha != defaultRange {
		t.Errorf("what is wrong does not count as missing: %+v", s)
	}
}
