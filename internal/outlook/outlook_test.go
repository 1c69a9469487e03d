package outlook

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// made is a design that is simulated quickly.
func made(seeds int, noted *[]int) Design {
	return Design{Study: "made", Trials: 3, Seeds: seeds, Confidence: .95, Searches: 50,
		Noise: Noise{SD: .005, From: Earlier, Study: "before"},
		Note:  func(n int) { *noted = append(*noted, n) }}
}

// TestGolden compares both forms with those that were read.
func TestGolden(t *testing.T) {
	var noted []int
	o := New(made(4, &noted))
	for _, format := range Formats {
		var text bytes.Buffer
		if err := o.Write(&text, format); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "made."+format)
		if *update {
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text.Bytes(), want) {
			t.Errorf("%s: got\n%s\nwant\n%s", format, text.String(), want)
		}
	}
	if !slices.Equal(noted, []int{3, 4, 5, 8}) {
		t.Errorf("seeds that were simulated: %v", noted)
	}
}

// TestSentences: one seed shows nothing, which is said; noise is named by where it is from.
func TestSentences(t *testing.T) {
	o := New(made(1, new([]int)))
	if o.Rows[0].Smallest != nil || !strings.HasPrefix(o.Sentence, "made, 3 trials x 1 seed: "+
		"no lead shows") {
		t.Errorf("%+v: %s", o.Rows[0], o.Sentence)
	}
	for from, want := range map[string]string{Earlier: "pooled over the trials of " +
		"before", Given: "as given",
		Assumed: "assumed: --noise POINTS gives another"} {
		o.Noise.From = from
		if !strings.Contains(o.noise(), want) {
			t.Errorf("%s: %s", from, o.noise())
		}
	}
}

// TestNoiseScales: leads in points follow the noise, and those in standard deviations do not.
func TestNoiseScales(t *testing.T) {
	d := made(3, new([]int))
	a := New(d)
	d.Noise.SD *= 3
	for i, b := range New(d).Rows {
		r := a.Rows[i]
		if *r.SmallestSD != *b.SmallestSD || *b.Smallest/(*r.Smallest) < 2.99 ||
			b.Leads[1].Tied != r.Leads[1].Tied {
			t.Errorf("%+v, three times the noise %+v", r, b)
		}
	}
}
