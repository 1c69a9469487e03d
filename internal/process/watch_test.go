package process

import "testing"

// TestListener: only looks in a row without a word count.
func TestListener(t *testing.T) {
	var l listener
	for look := range 100 {
		if l.silent(int64(look / silenceParts)) {
			t.Fatalf("at look %d a worker that speaks is silent", look)
		}
	}
	for look := range silenceParts + 1 {
		if last := l.silent(silenceParts); last != (look == silenceParts) {
			t.Fatalf("at look %d: %v", look, last)
		}
	}
}
