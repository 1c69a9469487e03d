package experiments

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"gridsearch/internal/tomlform"
)

// TestMistakes compares the messages of the bad files of an archive, each NAME.toml with optional
// settings in NAME.set, with NAME.err.
func TestMistakes(t *testing.T) {
	path := filepath.Join("testdata", "mistakes.txtar")
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*txtar.File{}
	for i := range archive.Files {
		files[archive.Files[i].Name] = &archive.Files[i]
	}
	for name, file := range files {
		stem, ok := strings.CutSuffix(name, ".toml")
		if !ok {
			continue
		}
		t.Run(stem, func(t *testing.T) {
			var settings []string
			if set, ok := files[stem+".set"]; ok {
				settings = strings.Split(strings.TrimSpace(string(set.Data)), "\n")
			}
			want, ok := files[stem+".err"]
			if !ok {
				t.Fatalf("%s has no %s.err for %s", path, stem, name)
			}
			_, err := Parse(name, file.Data, settings...)
			if err == nil {
				t.Fatalf("%s has no mistake", name)
			}
			got := []byte(err.Error() + "\n")
			if *update {
				want.Data = got
			}
			if !bytes.Equal(got, want.Data) {
				t.Errorf("got\n%swant\n%s", got, want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoad(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	e, err := Load("quickstart.toml", "study.name=again")
	if err != nil || e.Study.Name != "again" || e.File != "quickstart.toml" {
		t.Errorf("got %+v, %v", e, err)
	}
	var list *tomlform.Errors
	if _, err := Load("quickstart.toml", "replication.seeds=0"); !errors.As(err, &list) ||
		len(list.List) != 1 {
		t.Errorf("got %v", err)
	}
}
