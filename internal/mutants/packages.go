package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// pkg is what go list says of a package for this machine.
type pkg struct {
	Dir, ImportPath                    string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

// tested says whether the package has tests.
func (p *pkg) tested() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }

// uses says whether the package or its tests import another one.
func (p *pkg) uses(path string) bool {
	return slices.Contains(p.Imports, path) || slices.Contains(p.TestImports, path) ||
		slices.Contains(p.XTestImports, path)
}

// list asks the go command for packages of the module in a folder, by patterns that are relative
// to it. One that matches nothing is left out.
func list(ctx context.Context, dir string, patterns ...string) ([]*pkg, error) {
	words := []string{"list", "-json=Dir,ImportPath,GoFiles,TestGoFiles,XTestGoFiles,Imports," +
		"TestImports,XTestImports"}
	for _, p := range patterns {
		words = append(words, "./"+strings.TrimPrefix(p, "./"))
	}
	command := exec.CommandContext(ctx, "go", words...)
	command.Dir = dir
	var errors bytes.Buffer
	command.Stderr = &errors
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", strings.Join(patterns, " "), err, errors.Bytes())
	}
	var all []*pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &pkg{}
		switch err := decoder.Decode(p); err {
		case nil:
			all = append(all, p)
		case io.EOF:
			return all, nil
		default:
			return nil, err
		}
	}
}

// patience is for a package's own tests, in seconds: what go test allows.
const patience = 600

// own is the package, if it has tests.
func (t *tester) own(ctx context.Context, path string) ([]string, error) {
	return t.measured(ctx, patience, func(p *pkg) bool { return p.ImportPath == path })
}

// importing are the packages with tests that import a package, the fastest first, as long as one
// takes no longer than slowest seconds, and at most a number of them.
func (t *tester) importing(ctx context.Context, path string) ([]string, error) {
	paths, err := t.measured(ctx, t.slowest, func(p *pkg) bool { return p.uses(path) })
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(t.record.Tests[a], t.record.Tests[b]), cmp.Compare(a, b))
	})
	return paths[:min(len(paths), t.importers)], err
}

// measured are packages whose tests take no longer than a number of seconds.
func (t *tester) measured(ctx context.Context, most float64, is func(*pkg) bool) ([]string, error) {
	var paths []string
	for _, p := range t.all {
		if !p.tested() || !is(p) {
			continue
		}
		if err := t.measure(ctx, p.ImportPath, most); err != nil {
			return nil, err
		}
		if took := t.record.Tests[p.ImportPath]; took >= 0 && took <= most {
			paths = append(paths, p.ImportPath)
		}
	}
	return paths, nil
}
