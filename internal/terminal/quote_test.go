package terminal

import "testing"

func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"train.epochs=3": "train.epochs=3", "größe": "größe", "": "''", "two words": "'two words'",
		"it's": `'it'\''s'`, "$HOME": "'$HOME'", "a;b": "'a;b'", "#": "'#'", "a\nb": "'a\nb'",
	} {
		if got := Quoted(word); got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
	}
}
