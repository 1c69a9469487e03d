package folder

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkList lists 100,000 files in 10 classes.
func BenchmarkList(b *testing.B) {
	root := b.TempDir()
	for class := range 10 {
		folder := filepath.Join(root, fmt.Sprintf("class%d", class))
		if err := os.Mkdir(folder, 0o755); err != nil {
			b.Fatal(err)
		}
		for i := range 10_000 {
			path := filepath.Join(folder, fmt.Sprintf("image_%06d.jpg", i*7919%10_000))
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		l, err := list(root, "")
		if err != nil || len(l.Train) != 100_000 {
			b.Fatal(err)
		}
	}
}
