package fonts

import (
	"testing"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
)

// TestFallbacks: every file is asked, and gives what it is there for.
func TestFallbacks(t *testing.T) {
	own := Own(font.NewCache(liberation.Collection()).Lookup(font.Font{Variant: "Sans"}, 9))
	for _, f := range fallbacks {
		used := false
		for _, bounds := range f.ranges {
			for r := bounds[0]; r <= bounds[1] && !used; r++ {
				used = Pick(r, own) == f.face && f.face != nil
			}
		}
		if !used {
			t.Errorf("%s gives no character", f.name)
		}
	}
	entries, err := files.ReadDir(".")
	if err != nil || len(entries) != len(fallbacks) {
		t.Errorf("there are %d files for %d fonts (%v)", len(entries), len(fallbacks), err)
	}
	for _, r := range "aλЖא" {
		if Pick(r, own) != own {
			t.Errorf("%c is not of the figures' own font", r)
		}
	}
	if got := Pick('🦊', own); got != nil {
		t.Errorf("a font has a fox: %v", got.Font)
	}
}
