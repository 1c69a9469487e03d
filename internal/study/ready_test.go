package study

import (
	"io/fs"
	"testing"

	"gridsearch/experiments"
	"gridsearch/internal/job"
)

// published is what the ready files' data sets hold, which are not opened here.
var published = map[string]struct{ classes, channels, native int }{
	"motifs":        {16, 3, 72},
	"fashion-mnist": {10, 1, 28},
	"image-folder":  {10, 3, 96}, // clothing.toml's
}

// readyKeys are the keys of the first run of each ready file that can be run, on images whose
// checksum is "ab".
var readyKeys = map[string]string{
	"quickstart.toml":                 "9853d3632d9eeb1e",
	"fashion-mnist.toml":              "c23ba8f4af704d8c",
	"paper-search.toml":               "0771060b7331d157",
	"clothing.toml":                   "56a590655e0c1914",
	"width-by-base.toml":              "691a3798742a5b71",
	"official-recipe.toml":            "e6ef8c575e527037",
	"single-vs-compound.toml":         "970c32a8419b4ea4",
	"single-vs-compound-fashion.toml": "432b273948e9a016",
}

// TestReadyRunKeys: studies that ran a ready file find their results again. A key that changes
// together with its file's plan is meant to; any other means that results are lost.
func TestReadyRunKeys(t *testing.T) {
	names, err := fs.Glob(experiments.Files, "*.toml")
	if err != nil || len(names) < len(readyKeys) {
		t.Fatalf("ready files are %v: %v", names, err)
	}
	for _, name := range names {
		if p := ready(t, name); p.Experiment.Train != nil {
			checkFirstKey(t, p, readyKeys[name])
		}
	}
}

// TestKeysOfPhiLists: a list of phi makes the runs that it made before phi could be spaced.
func TestKeysOfPhiLists(t *testing.T) {
	const list = `search.phi=["0.5", "1", "2", "3"]`
	checkFirstKey(t, ready(t, "single-vs-compound.toml", list), "7d8ca8c83d1f3a1a")
	checkFirstKey(t, ready(t, "single-vs-compound-fashion.toml", list), "246bf23ba40f5896")
}

func checkFirstKey(t *testing.T, p *Prepared, want string) {
	t.Helper()
	data := job.Data{Dataset: p.Experiment.Data.Dataset, Checksum: "ab", TrainExamples: 100}
	first, err := p.spec(p.Trainable()[0], 0, data)
	if err != nil || first.Key != want {
		t.Errorf("%s: the first run, of %s, has the key %s, want %s (%v)",
			p.Experiment.File, first.Trial, first.Key, want, err)
	}
}

// ready plans an embedded file without its data.
func ready(t *testing.T, name string, settings ...string) *Prepared {
	t.Helper()
	text, err := experiments.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := &Prepared{Text: text}
	if p.Experiment, err = experiments.Parse(name, text, settings...); err != nil {
		t.Fatal(err)
	}
	data := published[""]
	if p.Experiment.Data != nil {
		data = published[p.Experiment.Data.Dataset]
	}
	if p.Base, err = p.Experiment.Baseline(data.classes, data.channels); err != nil {
		t.Fatal(err)
	}
	if p.Plan, err = p.Experiment.Plan(p.Base, data.native); err != nil {
		t.Fatal(err)
	}
	return p
}
