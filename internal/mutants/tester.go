package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What becomes of a mutant.
const (
	killed   = "killed"
	survived = "survived"
	notBuilt = "does not compile"
)

// timedOut is what go test says of a test that hangs.
const timedOut = "panic: test timed out"

// tester runs tests on mutants of a module.
type tester struct {
	dir       string // of the module
	all       []*pkg
	record    *record
	scratch   string // a folder for the mutated file and what tests leave behind
	short     bool   // tests are run with -short
	slack     time.Duration
	slowest   float64 // seconds of the tests of a package that imports another, at most
	importers int     // whose tests are run, at most
}

// result is what became of a mutant.
type result struct {
	mutant
	Outcome string `json:"outcome"`
	By      string `json:"by,omitempty"` // the package whose tests fail
	Hangs   bool   `json:"hangs,omitempty"`
	Asked   int    `json:"asked"` // packages whose tests were run
}

// String is a line for people.
func (r result) String() string {
	text := r.mutant.String() + ": " + r.Outcome
	if r.By != "" {
		text += " by " + r.By
	}
	switch {
	case r.Hangs:
		text += ", which hangs"
	case r.Outcome == survived && r.Asked == 0:
		text += ", as nobody tests it"
	}
	return text
}

// try builds a mutant and runs tests on it until some fail.
func (t *tester) try(ctx context.Context, m mutant) (result, error) {
	r := result{mutant: m, Outcome: survived}
	overlay, err := t.overlay(m)
	if err != nil {
		return r, err
	}
	if out, err := t.run(ctx, "build", "-overlay", overlay, "-o", os.DevNull, m.Package); err != nil {
		r.Outcome = notBuilt
		return r, unlessIn(ctx, out, "# "+m.Package, err)
	}
	for _, witnesses := range []func(context.Context, string) ([]string, error){t.own, t.importing} {
		paths, err := witnesses(ctx, m.Package)
		if err == nil {
			err = r.ask(ctx, t, paths, overlay)
		}
		if err != nil || r.Outcome == killed {
			return r, err
		}
	}
	return r, nil
}

// ask runs the tests of packages until some fail.
func (r *result) ask(ctx context.Context, t *tester, paths []string, overlay string) error {
	for _, path := range paths {
		r.Asked++
		if out, err := t.test(ctx, path, "-overlay", overlay); err != nil {
			r.Outcome, r.By, r.Hangs = killed, path, strings.Contains(out, timedOut)
			return unlessIn(ctx, out, "FAIL", err)
		}
	}
	return nil
}

// unlessIn is an error of the go command that is none of the mutant's: it was interrupted, or its
// output lacks a word.
func unlessIn(ctx context.Context, out, word string, err error) error {
	if ctx.Err() == nil && strings.Contains(out, word) {
		return nil
	}
	return fmt.Errorf("go command: %w: %s", err, out)
}

// overlay writes the mutated file and the list that puts it into the place of the original.
func (t *tester) overlay(m mutant) (string, error) {
	i := 0
	for t.all[i].ImportPath != m.Package {
		i++
	}
	original := filepath.Join(t.all[i].Dir, m.File)
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(t.scratch, "mutant.go")
	if err := os.WriteFile(changed, m.apply(text), 0o600); err != nil {
		return "", err
	}
	places, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(t.scratch, "overlay.json")
	return name, os.WriteFile(name, places, 0o600)
}

// passed is go test's line of a package, with the seconds that its tests took.
var passed = regexp.MustCompile(`(?m)^ok\s+\S+\s+([0-9.]+)s`)

// measure runs the tests of a package on the sources as they are, which must pass, and notes how
// long they take. It does not wait for those that take longer than a number of seconds, and notes
// these with a minus then.
func (t *tester) measure(ctx context.Context, path string, most float64) error {
	if took, known := t.record.Tests[path]; known && (took >= 0 || -took >= most) {
		return nil
	}
	out, err := t.run(ctx, "test", "-vet=off", "-count=1", t.shortly(),
		"-timeout", seconds(most).String(), path)
	match := passed.FindStringSubmatch(out)
	switch {
	case err != nil && ctx.Err() == nil && strings.Contains(out, timedOut):
		t.record.Tests[path] = -most
		return nil
	case err != nil || match == nil:
		return fmt.Errorf("%s: its tests must pass without a mutant: %v: %s", path, err, out)
	}
	t.record.Tests[path], err = strconv.ParseFloat(match[1], 64)
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// test runs the tests of a package, which hang if they take much longer than without a mutant.
func (t *tester) test(ctx context.Context, path string, flags ...string) (string, error) {
	words := []string{"test", "-vet=off", "-count=1", t.shortly(), "-failfast",
		"-timeout", (4*seconds(t.record.Tests[path]) + t.slack).String()}
	return t.run(ctx, append(append(words, flags...), path)...)
}

func (t *tester) shortly() string { return fmt.Sprintf("-short=%t", t.short) }

// run runs the go command, one process at a time, with a folder for temporary files that is empty
// afterwards.
func (t *tester) run(ctx context.Context, words ...string) (string, error) {
	room := filepath.Join(t.scratch, "tmp")
	if err := os.MkdirAll(room, 0o700); err != nil {
		return "", err
	}
	defer os.RemoveAll(room)
	words = append([]string{words[0], "-p", "1"}, words[1:]...)
	command := exec.CommandContext(ctx, "go", words...)
	command.Dir = t.dir
	command.Env = append(os.Environ(), "TMPDIR="+room, "TMP="+room)
	command.WaitDelay = 10 * time.Second
	out, err := command.CombinedOutput()
	return string(out), err
}
