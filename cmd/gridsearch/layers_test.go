package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers are the packages from the bottom up: a package imports those of lower layers, and of its
// own only where allowed says so.
var layers = [][]string{
	// nothing of ours below them
	{"search/families", "internal/report/page/space",
		"internal/protobuf", "internal/files", "internal/figure/picture",
		"internal/figure/values", "internal/si", "internal/serve/guard", "internal/serve/events",
		"internal/kernel/thread", "internal/tomlform/place", "dataset/picture/exif"},
	{"dataset/picture/formats", "dataset/folder/table", "internal/mapped", "internal/portable", "internal/nearest", "internal/machine",
		"internal/crash", "internal/program", "internal/plural", "internal/terminal",
		"internal/cache", "internal/safetensors", "internal/onnx", "internal/kernel/abi",
		"internal/fused/pool"},
	{"internal/random", "internal/fault", "internal/figure/costs", "internal/figure/training",
		"internal/figure/networks", "internal/figure/classmaps", "internal/figure/literature",
		"internal/figure/doubt", "internal/figure/classes", "internal/figure/timeline",
		"internal/figure/shares", "internal/figure/space", "search/stats/components",
		"dataset/motifs", "dataset/picture", "dataset/resample",
		"dataset/records",
		"internal/kernel/reference", "internal/kernel/amd64", "internal/kernel/ops",
		"internal/tomlform", "dataset/pack", "dataset/folder"},
	{"internal/figure", "internal/figure/sample", "dataset/photos", "internal/kernel/check", "internal/kernel", "internal/plain",
		"internal/fused/engine",
		"internal/fused/depthwise", "internal/fused/mbconv", "internal/fused/conv",
		"internal/fused/ends", "search", "search/planner", "search/images",
		"search/curves", "search/stats", "search/stats/null", "search/stats/check", "search/decide", "model",
		"model/recipe", "internal/store/database"},
	{"internal/job", "internal/mutants", "dataset", "dataset/batch", "internal/store/stages"},
	{"search/stats/simulate", "search/stats/agreement", "dataset/fetch", "dataset/collection", "internal/environment", "internal/images",
		"model/graph", "model/layer", "model/nn",
		"model/train", "model/weights", "internal/store", "internal/queue",
		"internal/queue/conformance",
		"internal/predictions", "internal/scoresheet", "plots", "plots/glyphs",
		"plots/glyphs/fonts", "plots/glyphs/order"},
	{"internal/latency", "internal/serve/marks"},
	{"experiments", "experiments/space", "experiments/training", "internal/benchmark",
		"internal/outlook", "internal/worker"},
	{"experiments/schema", "experiments/propose"},
	{"internal/study", "internal/report", "internal/report/tables", "internal/report/figures",
		"internal/report/page", "internal/report/scores", "internal/report/chart",
		"internal/report/made"},
	{"internal/process", "internal/progress", "internal/recall", "internal/forecast",
		"internal/doctor", "internal/export", "internal/export/tensorboard",
		"internal/export/bundle", "internal/serve", "internal/serve/watch"},
	{"internal/coordinator"},
	{"cmd/gridsearch"},
}

// allowed are imports inside a layer.
var allowed = map[string][]string{
	"experiments":     {"experiments/space", "experiments/training"},
	"search/planner":  {"search"},
	"search/stats":    {"search/stats/null", "search/stats/check"},
	"search/decide":   {"search/stats"},
	"dataset/batch":   {"dataset"},
	"internal/kernel": {"internal/kernel/check"},
	"dataset/motifs":  {"internal/random"}, "model/nn": {"model/graph", "model/layer"},
	"internal/queue/conformance":  {"internal/queue"},
	"model/train":                 {"model/nn", "model/layer"},
	"model/weights":               {"model/nn", "model/layer"},
	"plots":                       {"plots/glyphs"},
	"plots/glyphs":                {"plots/glyphs/fonts", "plots/glyphs/order"},
	"internal/report":             {"internal/study"},
	"internal/report/tables":      {"internal/report"},
	"internal/report/chart":       {"internal/report"},
	"internal/report/figures":     {"internal/study", "internal/report"},
	"internal/report/page":        {"internal/study", "internal/report"},
	"internal/report/scores":      {"internal/study", "internal/report"},
	"internal/report/made":        {"internal/study"},
	"internal/export/tensorboard": {"internal/export"},
	"internal/export/bundle":      {"internal/export"},
	"internal/serve":              {"internal/serve/watch"},
	"internal/fused/depthwise":    {"internal/fused/engine"},
	"internal/fused/mbconv":       {"internal/fused/engine", "internal/fused/depthwise"},
	"internal/fused/conv":         {"internal/fused/engine"},
	"internal/fused/ends":         {"internal/fused/engine"},
}

// forbidden are imports that a lower layer must not have although it may by its place.
var forbidden = map[string][]string{
	"search": {"model", "dataset", "gorgonia.org/gorgonia", "database/sql", "os",
		"search/stats", "search/planner"},
	"search/planner": {"model", "dataset", "gorgonia.org/gorgonia", "database/sql", "os",
		"search/stats"},
	"search/stats":  {"model", "internal/study", "internal/store", "database/sql", "os", "search"},
	"search/images": {"model", "dataset", "database/sql", "os"},
	"search/decide": {"search", "os", "time", "math/rand", "math/rand/v2"}, // decisions are pure
	"model":         {"search", "gorgonia.org/gorgonia"},
	"plots":         {"internal/store", "search"},
	"experiments":   {"plots"},
	"internal/tomlform": {"internal/study", "experiments", "model", "model/recipe", "dataset",
		"search"},
	"experiments/space":    {"model", "model/recipe", "dataset"},
	"experiments/training": {"search", "model", "dataset"},
}

// apart are what a package must not reach, not even through others: the contract of a run and the
// file of a study know no engine and no database, a worker knows no record, a decision plain values
// alone.
var apart = map[string][]string{
	"internal/job": {"model/train", "model/nn", "internal/kernel", "internal/plain",
		"internal/fused/engine", "internal/store", "database/sql",
		"gorgonia.org/gorgonia"},
	"internal/worker": {"internal/store", "internal/study", "internal/coordinator", "experiments",
		"database/sql",
		"modernc.org/sqlite"},
	"dataset": {"net/http"}, // files are fetched when asked alone
	"internal/study": {"internal/coordinator", "internal/worker", "internal/queue", "internal/benchmark", "model/train",
		"model/nn", "internal/kernel", "gorgonia.org/gorgonia"},
	"internal/serve":       {"internal/coordinator", "internal/worker", "internal/kernel"}, // it reads
	"internal/coordinator": {"internal/worker", "internal/benchmark", "model/nn"},
	"search/decide": {"search", "model", "dataset", "internal/job", "internal/store",
		"internal/queue", "internal/study", "internal/files", "internal/cache", "database/sql"},
	"experiments": {"model/train", "model/nn", "internal/kernel", "database/sql",
		"gorgonia.org/gorgonia"},
}

// kernelsOwn are packages that internal/kernel and what is below it alone may import.
var kernelsOwn = []string{"internal/kernel/abi", "internal/kernel/amd64",
	"internal/kernel/check", "internal/kernel/reference"}

// TestApart holds what must not be reached.
func TestApart(t *testing.T) {
	for name, list := range apart {
		out, err := exec.Command("go", "list", "-deps", "gridsearch/"+name).Output()
		if err != nil {
			t.Fatal(err)
		}
		for path := range strings.Lines(string(out)) {
			path = strings.TrimPrefix(strings.TrimSpace(path), "gridsearch/")
			if slices.Contains(list, path) {
				t.Errorf("%s reaches %s", name, path)
			}
		}
	}
}

// TestImportsRunOneWay holds the direction of imports, that model/graph alone knows Gorgonia, and
// that what is internal/kernel's own is imported there alone.
func TestImportsRunOneWay(t *testing.T) {
	level := map[string]int{}
	for i, layer := range layers {
		for _, name := range layer {
			level[name] = i
		}
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`,
		"gridsearch/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], "gridsearch/")
		place, ok := level[name]
		if !ok {
			t.Errorf("%s has no layer", name)
			continue
		}
		for _, path := range fields[1:] {
			checkImport(t, level, name, place, path)
		}
	}
}

// longestChain is the number of packages of the longest chain of imports that is allowed: whoever
// reads from the command to the last loop goes through no more.
const longestChain = 9

// TestLongestChain holds the length of chains of imports.
func TestLongestChain(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`,
		"gridsearch/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		imports[fields[0]] = fields[1:]
	}
	longest := map[string][]string{} // of each package, with itself
	var chain func(name string) []string
	chain = func(name string) []string {
		if _, ours := imports[name]; !ours {
			return nil
		}
		if longest[name] == nil {
			var below []string
			for _, path := range imports[name] {
				if c := chain(path); len(c) > len(below) {
					below = c
				}
			}
			longest[name] = append([]string{strings.TrimPrefix(name, "gridsearch/")}, below...)
		}
		return longest[name]
	}
	for name := range imports {
		if c := chain(name); len(c) > longestChain {
			t.Errorf("a chain of %d imports, more than %d: %s", len(c), longestChain,
				strings.Join(c, " > "))
		}
	}
}

func checkImport(t *testing.T, level map[string]int, name string, place int, path string) {
	t.Helper()
	imported, ours := strings.CutPrefix(path, "gridsearch/")
	for _, no := range forbidden[name] {
		if imported == no {
			t.Errorf("%s imports %s", name, imported)
		}
	}
	if ours && level[imported] >= place && !slices.Contains(allowed[name], imported) {
		t.Errorf("%s imports %s, which is no lower layer", name, imported)
	}
	if slices.Contains(kernelsOwn, imported) && !strings.HasPrefix(name, "internal/kernel") {
		t.Errorf("%s imports %s: only internal/kernel may", name, imported)
	}
	if strings.HasPrefix(path, "gorgonia.org/") && name != "model/graph" {
		t.Errorf("%s imports %s: only model/graph may", name, path)
	}
}
