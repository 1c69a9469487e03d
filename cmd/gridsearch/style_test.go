package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	fullLine    = 100
	fullPackage = 1000 // lines of a package, without tests
	// packages beyond that, in a tenth of the packages at most
	beyond = .1
	// lines beyond that: long literals, and references
	wide = .01
	// exported names with a comment
	documented = .97
)

// TestStyle holds what a reader of the whole tree relies on: short lines, small packages, and
// comments on what is exported. Generated files are nobody's to read.
func TestStyle(t *testing.T) {
	var lines, tooWide, exported, bare int
	sizes := map[string]int{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".git") {
			return err
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil || ast.IsGenerated(file) {
			return err
		}
		for line := range strings.Lines(string(text)) {
			lines++
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > fullLine {
				tooWide++
			}
		}
		if strings.HasSuffix(path, "_test.go") {
			return nil
		}
		sizes[filepath.Dir(path)] += strings.Count(string(text), "\n")
		for _, commented := range exports(file) {
			exported++
			if !commented {
				bare++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var large []string
	for name, n := range sizes {
		if n > fullPackage {
			large = append(large, name)
		}
	}
	if share := float64(tooWide) / float64(lines); share > wide {
		t.Errorf("%d of %d lines are longer than %d columns", tooWide, lines, fullLine)
	}
	if share := float64(len(large)) / float64(len(sizes)); share > beyond {
		t.Errorf("%d of %d packages have more than %d lines: %v", len(large), len(sizes), fullPackage, large)
	}
	if share := 1 - float64(bare)/float64(exported); share < documented {
		t.Errorf("%d of %d exported names have no comment", bare, exported)
	}
}

// exports says of each exported name of a file, methods of unexported types aside, whether it has a
// comment: its own, or that of its group.
func exports(file *ast.File) (commented []bool) {
	add := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if !name.IsExported() {
			return
		}
		any := false
		for _, c := range comments {
			any = any || c != nil
		}
		commented = append(commented, any)
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if receiver := receiverOf(d); receiver == nil || receiver.IsExported() {
				add(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					add(s.Name, s.Doc, d.Doc)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add(name, s.Doc, s.Comment, d.Doc)
					}
				}
			}
		}
	}
	return commented
}

// receiverOf is the type of a method, nil for a function.
func receiverOf(d *ast.FuncDecl) *ast.Ident {
	if d.Recv == nil {
		return nil
	}
	kind := d.Recv.List[0].Type
	if pointer, ok := kind.(*ast.StarExpr); ok {
		kind = pointer.X
	}
	switch k := kind.(type) {
	case *ast.IndexExpr:
		kind = k.X
	case *ast.IndexListExpr:
		kind = k.X
	}
	name, _ := kind.(*ast.Ident)
	return name
}
