package folder

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestOrderOfCreation: the order in which files were created, which is that in which some file
// systems list them, changes nothing.
func TestOrderOfCreation(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		name := func(label string) string {
			return rapid.SampledFrom([]string{"a", "b", "b-", "train", "test", "Val", "images",
				".h", "\u00e9"}).Draw(r, label)
		}
		things := map[string]bool{}
		for i := range rapid.IntRange(0, 30).Draw(r, "files") {
			path := ""
			for range rapid.IntRange(0, 3).Draw(r, "depth") {
				path += name("folder") + "/"
			}
			ending := rapid.SampledFrom([]string{"png", "JPG", "txt"}).Draw(r, "ending")
			things[fmt.Sprintf("%s%c%d.%s", path, 'a'+i%7, i, ending)] = true
		}
		sorted := slices.Sorted(maps.Keys(things))
		var texts [2]string
		for i, order := range [][]string{sorted, rapid.Permutation(sorted).Draw(r, "order")} {
			texts[i] = listedIn(t, order)
		}
		if texts[0] != texts[1] {
			r.Fatalf("got\n%s\nafter\n%s", texts[1], texts[0])
		}
	})
}

// listedIn is the listing of files that are drawn in an order, or the error without the root.
func listedIn(t *testing.T, order []string) string {
	// Linux lists files in memory by their creation, those of a disk often by a hash of the name.
	root, err := os.MkdirTemp("/dev/shm", "folder")
	if err != nil {
		if root, err = os.MkdirTemp("", "folder"); err != nil {
			t.Fatal(err)
		}
	}
	defer os.RemoveAll(root)
	draw(t, root, order...)
	l, err := list(root, "")
	if err != nil {
		return strings.ReplaceAll(err.Error(), root, "")
	}
	return shown(l)
}
