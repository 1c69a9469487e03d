package search_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/search"
)

func TestDecimal(t *testing.T) {
	for text, want := range map[string]search.Decimal{"1.10": "1.1", "2.0": "2", "0.05": "0.05",
		"-1.50": "-1.5", "10": "10"} {
		if got, err := search.ParseDecimal(text); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "1e3", "1/3", "0x10", "--1", "1.2.3", "NaN"} {
		if got, err := search.ParseDecimal(text); err == nil {
			t.Errorf("%q is read as %q", text, got)
		}
	}
	for want, r := range map[string]search.Range{"step must be positive": {Low: "1", High: "2",
		Step: "0"}, "below low": {Low: "2", High: "1", Step: "1"}, "more than 10000": {Low: "1",
		High: "2", Step: "0.00001"}} {
		if _, err := r.Values(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %q", r, err, want)
		}
	}
}

// TestDecimalOrder: Cmp and JSON agree with fractions.
func TestDecimalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,20})?`)
		a, err := search.ParseDecimal(draw.Draw(t, "a"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := search.ParseDecimal(draw.Draw(t, "b"))
		if err != nil {
			t.Fatal(err)
		}
		if a.Cmp(b) != a.Rat().Cmp(b.Rat()) || (a == b) != (a.Cmp(b) == 0) {
			t.Fatalf("%s against %s: %d", a, b, a.Cmp(b))
		}
		var again search.Decimal
		if err := again.UnmarshalText([]byte(a)); err != nil || again != a {
			t.Fatalf("%s is read as %s (%v)", a, again, err)
		}
	})
}

func hundredths(n int) search.Decimal {
	return search.Decimal(big.NewRat(int64(n), 100).FloatString(2))
}

// TestRangeIsWholeNumbers: a range of hundredths has the values that whole numbers give.
func TestRangeIsWholeNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low, step := rapid.IntRange(60, 120).Draw(t, "low"), rapid.IntRange(1, 30).Draw(t, "step")
		steps, rest := rapid.IntRange(0, 4).Draw(t, "steps"), rapid.IntRange(0, step-1).Draw(t, "rest")
		r := search.Range{Low: hundredths(low), High: hundredths(low + steps*step + rest),
			Step: hundredths(step)}
		got, err := r.Values()
		if err != nil || len(got) != steps+1 {
			t.Fatalf("%+v gives %v (%v), want %d values", r, got, err, steps+1)
		}
		for i, v := range got {
			if v.Cmp(hundredths(low+i*step)) != 0 {
				t.Fatalf("value %d of %+v is %s, want %d hundredths", i, r, v, low+i*step)
			}
		}
	})
}

func TestEven(t *testing.T) {
	for want, got := range map[string][]search.Decimal{
		"[0.5 1 1.5 2]":                   search.Even("0", "2", 5),
		"[0.5 1.333333 2.166667 3]":       search.Even("0.5", "3", 4),
		"[1 20]":                          search.Even("1", "20", 2),
		"[1.00000001 1.005 1.0100000001]": search.Even("1.00000001", "1.0100000001", 3),
	} {
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}
