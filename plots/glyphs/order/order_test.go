package order

import (
	"testing"

	"github.com/go-text/typesetting/bidi"
	"pgregory.net/rapid"
)

// TestLevels: even and odd levels stand where another implementation has them, and the level at the
// start of such a part is the same.
func TestLevels(t *testing.T) {
	letters := rapid.SliceOfN(rapid.SampledFrom([]rune("aאبא1٢ .,-+%()[]\u0301\u200d\u2066\u2067\u2068\u2069")),
		1, 12)
	rapid.Check(t, func(t *rapid.T) {
		txt := letters.Draw(t, "text")
		got := Levels(txt)
		var p bidi.Paragraph
		runs := p.Segment(txt, bidi.LeftToRight)
		for i := range runs.NumRuns() {
			want := runs.Run(i)
			for k := want.Start; k < want.End; k++ {
				if got[k]%2 != int(want.Level)%2 || k == want.Start && got[k] != int(want.Level) {
					t.Fatalf("%+q: level %d at %d, want %d", txt, got[k], k, want.Level)
				}
			}
		}
	})
}
