package records

import (
	"os"
	"path/filepath"
	"testing"
)

func writeAll(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
