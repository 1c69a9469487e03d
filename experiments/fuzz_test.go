package experiments

import (
	"errors"
	"strings"
	"testing"

	"gridsearch/internal/tomlform"
)

// FuzzParse: no text makes the reader fail in another way than with a list of mistakes, in order
// and inside the text, and what it accepts builds.
func FuzzParse(f *testing.F) {
	names, err := Files.ReadDir(".")
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range names {
		text, err := Files.ReadFile(entry.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "train.epochs=3")
	}
	f.Add([]byte("schema_version = 1\nmodel.activation = \"relu\"\nmodel.head = "+
		"0\n[[model.stages]]\nblock = \"bottleneck\"\nchannels = 12\nlayers = 2\nstride = 2\n"),
		"model.stem_pool=true")
	f.Fuzz(func(t *testing.T, text []byte, setting string) {
		e, err := Parse("fuzz.toml", text)
		if err != nil {
			checkErrors(t, err, strings.Count(string(text), "\n")+1)
		} else if _, err := e.Baseline(0, 0); err != nil {
			t.Fatalf("a file without mistakes has no base network: %v", err)
		}
		if _, err := Parse("fuzz.toml", text, setting); err != nil {
			checkErrors(t, err, strings.Count(string(text), "\n")+1)
		}
	})
}

func checkErrors(t *testing.T, err error, lines int) {
	t.Helper()
	var list *tomlform.Errors
	if !errors.As(err, &list) || len(list.List) == 0 {
		t.Fatalf("no list of mistakes: %v", err)
	}
	last := tomlform.Mistake{}
	for _, m := range list.List {
		if m.Text == "" || m.Line < last.Line || m.Line == last.Line && m.Column < last.Column ||
			m.Line > lines {
			t.Fatalf("%v comes after %v in a text of %d lines", m, last, lines)
		}
		if strings.Contains(m.Text, "%!") {
			t.Fatalf("the message is badly formatted: %v", m)
		}
		last = m
	}
}
