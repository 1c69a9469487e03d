package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mutant is one change of one file: bytes start to end become another text.
type mutant struct {
	Package string `json:"package"`
	File    string `json:"file"` // beside the others of its package
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Start   int    `json:"start"`
	End     int    `json:"end"`
	With    string `json:"with"`
	Change  string `json:"change"` // for people
}

// String is the place and the change.
func (m mutant) String() string {
	return fmt.Sprintf("%s/%s:%d:%d: %s", m.Package, m.File, m.Line, m.Column, m.Change)
}

// apply is the text of the file with the change.
func (m mutant) apply(text []byte) []byte {
	return append(append(append([]byte{}, text[:m.Start]...), m.With...), text[m.End:]...)
}

// mutantsOf lists the mutants of a package's files in their order. Generated files have none, nor
// has a package that is there for tests.
func mutantsOf(p *pkg) ([]mutant, error) {
	if slices.Contains(p.Imports, "testing") {
		return nil, nil
	}
	var all []mutant
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		found, err := find(p.ImportPath, name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// find lists the mutants of a file.
func find(path, name string, text []byte) ([]mutant, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || ast.IsGenerated(tree) {
		return nil, err
	}
	f := &finder{path: path, name: name, text: text, file: files.File(tree.FileStart)}
	ast.Walk(visitor{f, nil}, tree)
	return f.found, nil
}

// finder gathers the mutants of a file.
type finder struct {
	path, name string
	text       []byte
	file       *token.File
	found      []mutant
}

// visitor is a finder in a function with these results.
type visitor struct {
	*finder
	results *ast.FieldList
}

// Visit adds the mutants of a node.
func (v visitor) Visit(node ast.Node) ast.Visitor {
	switch n := node.(type) {
	case *ast.FuncDecl:
		v.results = n.Type.Results
	case *ast.FuncLit:
		v.results = n.Type.Results
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "make" && len(n.Args) == 3 {
			ast.Walk(v, n.Args[1]) // a capacity changes nothing that a test may ask for
			return nil
		}
	case *ast.BinaryExpr:
		v.swap(n.OpPos, n.Op)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			v.add(n.OpPos, n.OpPos+1, "", "drop the ! of "+v.words(n))
		}
	case *ast.BasicLit:
		v.number(n)
	case *ast.IfStmt:
		v.branch(n)
	case *ast.BlockStmt:
		v.statements(n.List)
	case *ast.CaseClause:
		v.statements(n.Body)
	case *ast.CommClause:
		v.statements(n.Body)
	case *ast.ReturnStmt:
		v.returned(n)
	}
	return v
}

// add notes that the text from one place to another becomes another text.
func (f *finder) add(from, to token.Pos, with, change string) {
	place := f.file.Position(from)
	f.found = append(f.found, mutant{f.path, f.name, place.Line, place.Column, place.Offset,
		f.file.Offset(to), with, change})
}

// swaps are operators and what becomes of them.
var swaps = map[token.Token]token.Token{
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL,
	token.REM: token.MUL, token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN,
	token.MUL_ASSIGN: token.QUO_ASSIGN, token.QUO_ASSIGN: token.MUL_ASSIGN,
}

func (f *finder) swap(at token.Pos, operator token.Token) {
	if with, ok := swaps[operator]; ok {
		text := operator.String()
		f.add(at, at+token.Pos(len(text)), with.String(),
			fmt.Sprintf("%s becomes %s in %s", text, with, f.line(at)))
	}
}

// number makes a constant larger by one.
func (f *finder) number(n *ast.BasicLit) {
	with := ""
	switch n.Kind {
	case token.INT:
		v, err := strconv.ParseInt(n.Value, 0, 63)
		if err != nil {
			return
		}
		with = strconv.FormatInt(v+1, 10)
	case token.FLOAT:
		with = "(" + n.Value + "+1)"
	default:
		return
	}
	f.add(n.Pos(), n.End(), with, fmt.Sprintf("%s becomes %s in %s", n.Value, with, f.line(n.Pos())))
}

// branch negates a condition, unless that is the mutant of its operator, and drops an else.
func (f *finder) branch(n *ast.IfStmt) {
	binary, _ := n.Cond.(*ast.BinaryExpr)
	unary, _ := n.Cond.(*ast.UnaryExpr)
	if (binary == nil || binary.Op != token.EQL && binary.Op != token.NEQ) && unary == nil {
		f.negate(n.Cond, "negate if ")
	}
	if n.Else != nil {
		f.add(n.Body.End(), n.Else.End(), "", "drop the else of if "+f.words(n.Cond))
	}
}

func (f *finder) negate(n ast.Expr, change string) {
	f.add(n.Pos(), n.End(), "!("+f.source(n)+")", change+f.words(n))
}

// statements drops statements that do something to what was there before, and swaps the operator of
// an assignment.
func (f *finder) statements(list []ast.Stmt) {
	for _, n := range list {
		switch s := n.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				continue
			}
			f.swap(s.TokPos, s.Tok)
		case *ast.ExprStmt, *ast.IncDecStmt:
		default:
			continue
		}
		f.add(n.Pos(), n.End(), "", "drop "+f.words(n))
	}
}

// returned makes an error nil and negates a bool. A function whose results are named one by one
// has its values in the same places.
func (v visitor) returned(n *ast.ReturnStmt) {
	if v.results == nil {
		return
	}
	place := 0
	for _, field := range v.results.List {
		for range max(1, len(field.Names)) {
			if place < len(n.Results) && len(n.Results) == v.results.NumFields() {
				v.result(field.Type, n.Results[place])
			}
			place++
		}
	}
}

func (f *finder) result(kind, value ast.Expr) {
	name, _ := kind.(*ast.Ident)
	switch text := f.source(value); {
	case name == nil:
	case name.Name == "error" && text != "nil":
		f.add(value.Pos(), value.End(), "nil", "return no error for "+f.words(value))
	case name.Name == "bool" && text == "true":
		f.add(value.Pos(), value.End(), "false", "return false for true")
	case name.Name == "bool" && text == "false":
		f.add(value.Pos(), value.End(), "true", "return true for false")
	case name.Name == "bool":
		f.negate(value, "return the opposite of ")
	}
}

// source is the text of a node.
func (f *finder) source(n ast.Node) string {
	return string(f.text[f.file.Offset(n.Pos()):f.file.Offset(n.End())])
}

// words is the source on one line, cut where it is long.
func (f *finder) words(n ast.Node) string { return clip(f.source(n)) }

// line is the line of the source with a place.
func (f *finder) line(at token.Pos) string {
	rest := string(f.text[f.file.Offset(f.file.LineStart(f.file.Line(at))):])
	line, _, _ := strings.Cut(rest, "\n")
	return clip(line)
}

func clip(text string) string {
	const most = 72
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
