package experiments

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"gridsearch/internal/tomlform"
)

// TestRulesHaveEveryKey: whatever a file has, the parser asks for no key beyond those of Rules, and
// says of each what it is held to.
func TestRulesHaveEveryKey(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "mistakes.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{small, everyKey}
	for _, file := range archive.Files {
		texts = append(texts, string(file.Data))
	}
	for _, name := range readyNames(t) {
		text, err := Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	all := Rules()
	for _, text := range texts {
		for path := range asked(text) {
			if _, ok := all[path]; !ok {
				t.Errorf("the parser asks for %s, which no probe makes it ask for", path)
			}
		}
	}
	for path, r := range all {
		isTable := func(other string) bool { return strings.HasPrefix(other, path+".") }
		if r.Kind == "" && !r.List && all[path+"[]"].Kind == "" &&
			!slices.ContainsFunc(slices.Collect(maps.Keys(all)), isTable) && path != "constraint" {
			t.Errorf("the parser does not say what %s is", path)
		}
	}
}

// asked are the rules that a text makes the parser note; none if it is no TOML.
func asked(text string) tomlform.Rules {
	if root, _ := form.Open("", []byte(text), nil); root == nil {
		return nil
	}
	return collect(text)
}

// unlike are keys that a policy or an optimiser alone has, and the items of a list, which are never
// missing.
var unlike = []string{"data.augmentation.layers", "data.augmentation.magnitude", "search.points[]",
	"train.beta1", "train.beta2", "train.epsilon"}

// TestDefaultsStandForMissingKeys: a key that is set to its default changes nothing, with the
// recipe neither.
func TestDefaultsStandForMissingKeys(t *testing.T) {
	text := small + "[data]\ndataset = \"motifs\"\n[[model.stages]]\nchannels = 16\n" +
		"[[constraint]]\nquantity = \"nominal\"\n[train]\n"
	recipe := text + "recipe = \"efficientnet\"\n"
	held := 0
	for path, r := range Rules() {
		if r.Default == nil || slices.Contains(unlike, path) {
			continue
		}
		held++
		text := text
		if strings.HasPrefix(path, "search.phi.") {
			text += "[search.phi]\nfrom = 0\nto = 1\npoints = 2\n[search]\nmethod = \"single\"\n"
		}
		sameWith(t, text, path, r.Default)
		if r.Recipe != nil {
			sameWith(t, recipe, path, r.Recipe)
		}
	}
	if held < 50 {
		t.Errorf("%d defaults, want 50 or more", held)
	}
}

func sameWith(t *testing.T, text, path string, value any) {
	t.Helper()
	literal, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	without := parse(t, text)
	with := parse(t, text, strings.ReplaceAll(path, "[]", ".0")+"="+string(literal))
	without.root, with.root = nil, nil
	if !reflect.DeepEqual(with, without) {
		t.Errorf("%s = %s is not what a missing key is:\n%+v\n%+v", path, literal, with, without)
	}
}
