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
	{"search/families", "internal/files", "internal/figure", "internal/si"},
	{"internal/portable", "internal/nearest", "internal/machine", "internal/crash",
		"internal/program", "internal/plural", "internal/terminal", "internal/cache",
		"internal/safetensors", "internal/onnx", "internal/kernel/abi"},
	{"internal/random", "internal/fault", "dataset/motifs", "internal/kernel/twin",
		"internal/kernel/amd64"},
	{"internal/kernel/check", "internal/kernel", "internal/plain", "internal/fused/engine",
		"internal/fused/expansion", "internal/fused/depthwise", "internal/fused/mbconv",
		"internal/fused/conv",
		"internal/fused/ends", "dataset", "search", "search/images", "search/stats",
		"search/stats/null", "search/stats/check", "model", "model/recipe"},
	{"internal/job", "internal/mutants"},
	{"search/stats/simulate", "internal/environment", "internal/images", "model/graph", "model/nn",
		"model/train", "model/weights", "internal/store", "internal/queue",
		"internal/predictions", "internal/scoresheet", "plots"},
	{"experiments", "internal/benchmark", "internal/outlook", "internal/worker"},
	{"experiments/schema"},
	{"internal/study", "internal/report", "internal/report/tables", "internal/report/figures",
		"internal/report/scores", "internal/report/made", "internal/doctor"},
	{"cmd/gridsearch"},
}

// allowed are imports inside a layer.
var allowed = map[string][]string{
	"search/stats":    {"search/stats/null", "search/stats/check"},
	"internal/kernel": {"internal/kernel/check"},
	"dataset/motifs":  {"internal/random"}, "model/nn": {"model/graph"},
	"model/train": {"model/nn"}, "model/weights": {"model/nn"}, "internal/report": {"internal/study"},
	"internal/report/tables":   {"internal/report"},
	"internal/report/figures":  {"internal/study", "internal/report"},
	"internal/report/scores":   {"internal/study", "internal/report"},
	"internal/report/made":     {"internal/study"},
	"internal/doctor":          {"internal/study"},
	"internal/fused/engine":    {"internal/kernel"},
	"internal/fused/expansion": {"internal/kernel", "internal/fused/engine"},
	"internal/fused/depthwise": {"internal/kernel", "internal/fused/engine",
		"internal/fused/expansion"},
	"internal/fused/mbconv": {"internal/kernel", "internal/fused/engine",
		"internal/fused/expansion", "internal/fused/depthwise"},
	"internal/fused/conv": {"internal/kernel", "internal/fused/engine"},
	"internal/fused/ends": {"internal/kernel", "internal/fused/engine", "internal/fused/expansion"},
}

// forbidden are imports that a lower layer must not have although it may by its place.
var forbidden = map[string][]string{
	"search": {"model", "dataset", "gorgonia.org/gorgonia", "database/sql", "os",
		"search/stats"},
	"search/stats":  {"model", "internal/study", "internal/store", "database/sql", "os", "search"},
	"search/images": {"model", "dataset", "database/sql", "os"},
	"model":         {"search", "gorgonia.org/gorgonia"},
	"plots":         {"internal/store", "search"},
	"experiments":   {"plots"},
}

// apart are what a package must not reach, not even through others: the contract of a run and the
// file of a study know no engine and no database, and a worker knows no record.
var apart = map[string][]string{
	"internal/job": {"model/train", "model/nn", "internal/kernel", "internal/plain",
		"internal/fused/engine", "internal/store", "database/sql",
		"gorgonia.org/gorgonia"},
	"internal/worker": {"internal/store", "internal/study", "experiments", "database/sql",
		"modernc.org/sqlite"},
	"internal/study": {"internal/worker"},
	"experiments": {"model/train", "model/nn", "internal/kernel", "database/sql",
		"gorgonia.org/gorgonia"},
}

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
// that what lies below internal/kernel is its own.
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
	if strings.HasPrefix(imported, "internal/kernel/") && !strings.HasPrefix(name, "internal/kernel") {
		t.Errorf("%s imports %s: only internal/kernel may", name, imported)
	}
	if strings.HasPrefix(path, "gorgonia.org/") && name != "model/graph" {
		t.Errorf("%s imports %s: only model/graph may", name, path)
	}
}
