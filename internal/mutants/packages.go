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

// witnesses are the packages whose tests hold a package, in the order to ask them: its own, then
// those that import it, the fastest first, as long as one takes no longer than slowest seconds,
// and at most a number of them.
func (t *tester) witnesses(ctx context.Context, path string) ([]string, error) {
	var own, others []string
	for _, p := range t.all {
		list, most := &others, t.slowest
		if p.ImportPath == path {
			list, most = &own, 600 // what go test allows
		} else if !p.uses(path) {
			continue
		}
		if !p.tested() {
			continue
		}
		if err := t.measure(ctx, p.ImportPath, most); err != nil {
			return nil, err
		}
		if t.record.Tests[p.ImportPath] <= most {
			*list = append(*list, p.ImportPath)
		}
	}
	slices.SortFunc(others, func(a, b string) int {
		return cmp.Or(cmp.Compare(t.record.Tests[a], t.record.Tests[b]), cmp.Compare(a, b))
	})
	return append(own, others[:min(len(others), t.importers)]...), nil
}
