package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/random"
	"gridsearch/internal/report"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/store/database"
	"gridsearch/internal/study"
)

// TestFlippedBits: a bit that is flipped anywhere in the record of a study leaves its results as
// they are, or ends reading them with an error that names the file.
func TestFlippedBits(t *testing.T) {
	flips := 400
	if *long {
		flips = 4_000
	}
	s := newSession(t)
	if code, _, text := s.run("run", "small.toml", "--progress", "none", "--set", "train.epochs=1",
		"--set", "execution.latency=true"); code != exitDone {
		t.Fatalf("%d: %s", code, text)
	}
	folder := study.Folder(filepath.Join(s.folder, "studies", "small"))
	path := folder.Path("study.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := written(folder)
	if err != nil {
		t.Fatal(err)
	}
	dice := random.New(1, "flips")
	found := 0
	for n := range flips {
		place, bit := dice.IntN(len(whole)), dice.IntN(8)
		flipped := bytes.Clone(whole)
		flipped[place] ^= 1 << bit
		_ = os.Remove(path + "-wal") // of the last call, if it has left one
		if err := os.WriteFile(path, flipped, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := written(folder)
		var file *database.FileError
		switch {
		case err == nil && got != want:
			t.Errorf("bit %d of byte %d makes other results", bit, place)
		case err != nil && (!errors.As(err, &file) || !strings.Contains(err.Error(), path)):
			t.Errorf("bit %d of byte %d: %v: the error is of no file", bit, place, err)
		case err != nil:
			found++
		}
		if n%10 == 0 {
			goOn(t, s.program, folder, want)
		}
	}
	t.Logf("%d of %d flips are found, the others change nothing", found, flips)
	if found < flips/10 {
		t.Error("hardly any flip has hit")
	}
}

// written are the results of a study in the forms that have the most in them.
func written(folder study.Folder) (string, error) {
	s, err := study.Load(folder)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	r := report.New(s)
	err = errors.Join(tables.Write(&out, r, "json", true), tables.Write(&out, r, "table", true))
	return out.String(), err
}

// goOn goes on with a study that is finished: its results are as they were, or the error names the
// record.
func goOn(t *testing.T, program string, folder study.Folder, want string) {
	t.Helper()
	p, err := study.Reopen(t.Context(), study.Access{}, folder)
	if err != nil {
		t.Fatal(err)
	}
	options := coordinator.Options{Command: []string{program, workerProcess}}
	if err := coordinator.Run(t.Context(), folder, p, options); err != nil {
		if !strings.Contains(err.Error(), folder.Path("study.db")) {
			t.Errorf("run: %v: the error is of no file", err)
		}
		return
	}
	if got, err := written(folder); err != nil || got != want {
		t.Errorf("run makes other results (%v)", err)
	}
}
