package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"gridsearch/experiments"
	"gridsearch/internal/tomlform"
)

// compiled is the schema in another program's hands.
func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := JSON()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decoded is the text of a file as its tables.
func decoded(t testing.TB, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if _, err := toml.Decode(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// validate validates tables, converted to JSON, against the schema.
func validate(t testing.TB, s *jsonschema.Schema, values map[string]any) error {
	t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(document)
}

// TestWordsAreOfKeys: every key of the parser is described, and nothing else is; a default that
// the parser's rules cannot say is said.
func TestWordsAreOfKeys(t *testing.T) {
	rules := experiments.Rules()
	for path, r := range rules {
		about, ok := words[path]
		if !ok || about.says == "" {
			t.Errorf("%s is not described", path)
		}
		if r.Depends && about.otherwise == "" {
			t.Errorf("%s depends on the network and does not say on what", path)
		}
	}
	for path := range words {
		if _, ok := rules[path]; !ok {
			t.Errorf("%s is described and no key of the parser", path)
		}
	}
}

// TestValidFiles: the schema takes every whole file that the parser takes, the seeds of its fuzz
// test among them.
func TestValidFiles(t *testing.T) {
	s, taken := compiled(t), 0
	for name, text := range files(t) {
		if _, err := experiments.Parse(name, []byte(text)); err != nil {
			continue
		}
		taken++
		if err := validate(t, s, decoded(t, strings.TrimPrefix(text, "\ufeff"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if taken < 11 {
		t.Errorf("%d valid files, want 11 or more: have they moved?", taken)
	}
}

// files are the texts of experiment files in the repository.
func files(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../*.toml", "../testdata/*.toml", "../testdata/fuzz/*/*",
		"../../cmd/gridsearch/testdata/*.toml", "../../testdata/peers/*.toml"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v (%v)", pattern, names, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = plain(string(text))
		}
	}
	return texts
}

var seed = regexp.MustCompile(`(?m)^\[\]byte\((".*")\)$`)

// plain is a file's text, out of a seed if it is one.
func plain(text string) string {
	if found := seed.FindStringSubmatch(text); found != nil {
		text, _ = strconv.Unquote(found[1])
	}
	return text
}

// expressible are messages about what one key is by itself, which come with the key's name.
var expressible = []*regexp.Regexp{
	regexp.MustCompile(`^unknown key "(\w+)"`),
	regexp.MustCompile(`^\[.*\] needs the key (\w+)`),
	regexp.MustCompile(`^(\w+) .* is not known`),
	regexp.MustCompile(`^(\w+) must be one of `),
	regexp.MustCompile(`^(\w+) must be (?:between|at most) \S+ and \S+, not -?[0-9.]+$`),
	regexp.MustCompile(`^(\w+) must be (?:a |an |true )`),
	regexp.MustCompile(`^(schema_version|bootstrap_resamples) .*must be`),
	regexp.MustCompile(`^(\w+) must be odd`),
	regexp.MustCompile(`^give (either) \w+ `),
	regexp.MustCompile(`^(\w+) is empty`),
}

// TestMistakes: of the parser's bad files the schema refuses every mistake that it can express, at
// the key where the parser sees it.
func TestMistakes(t *testing.T) {
	archive, err := txtar.ParseFile("../testdata/mistakes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, held := compiled(t), 0
	for _, file := range archive.Files {
		values := map[string]any{}
		if !strings.HasSuffix(file.Name, ".toml") {
			continue
		}
		if _, err := toml.Decode(string(file.Data), &values); err != nil {
			continue // no schema sees it
		}
		if _, err := json.Marshal(values); err != nil {
			continue // an infinity, which JSON does not have
		}
		_, parsed := experiments.Parse(file.Name, file.Data)
		var mistakes *tomlform.Errors
		if !errors.As(parsed, &mistakes) {
			continue // it is its settings that are wrong
		}
		keys := refused(validate(t, s, values))
		for _, m := range mistakes.List {
			if key := keyOf(m.Text); key != "" {
				held++
				if !keys[key] && !(keys["model"] && strings.HasPrefix(m.Text, "[model]")) {
					t.Errorf("%s: the schema takes what the parser refuses: %s", file.Name, m.Text)
				}
			}
		}
	}
	if held < 100 {
		t.Errorf("%d mistakes that a schema can express, want 100 or more", held)
	}
}

// keyOf is the key that an expressible message is about; empty for another message.
func keyOf(message string) string {
	for _, form := range expressible {
		if found := form.FindStringSubmatch(message); found != nil && !fraction(message) {
			return found[1]
		}
	}
	return ""
}

// fraction reports whether a whole number was asked for and 8.0 given: in JSON that is one.
func fraction(message string) bool {
	return strings.Contains(message, "whole number, not") && strings.HasSuffix(message, ".0")
}

// refused lists the keys that a validation complains of, and "either" where two exclude each other.
func refused(err error) map[string]bool {
	keys := map[string]bool{}
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		collect(invalid, keys)
	}
	return keys
}

func collect(e *jsonschema.ValidationError, keys map[string]bool) {
	for i, key := range e.InstanceLocation {
		if n, err := strconv.Atoi(key); err == nil && i == 3 && e.InstanceLocation[1] == "stages" {
			key = experiments.Rules()["model.stages[]"].Row[n]
		}
		keys[key] = keys[key] || len(e.Causes) == 0
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Not:
		keys["either"] = true
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			keys[key] = true
		}
	case *kind.Required:
		for _, key := range k.Missing {
			keys[key] = true
		}
	}
	for _, cause := range e.Causes {
		collect(cause, keys)
	}
}

// base is a file with a table in every list of tables.
const base = `schema_version = 1
[data]
dataset = "motifs"
[train]
[[model.stages]]
channels = 16
[[constraint]]
quantity = "nominal"
`

// TestEveryKeyIsTheParsers: the parser knows each key of the schema, as a file sets it, and both
// refuse its neighbour.
func TestEveryKeyIsTheParsers(t *testing.T) {
	s := compiled(t)
	for path := range experiments.Rules() {
		if strings.HasSuffix(path, "[]") {
			continue
		}
		err := parse(t, path, "[[1979-05-27]]")
		if err == nil || strings.Contains(err.Error(), "unknown key") {
			t.Errorf("a list of dates for %s: %v", path, err)
		}
		err = parse(t, path+"x", "1")
		if err == nil || !strings.Contains(err.Error(), "unknown key") {
			t.Errorf("the parser knows %sx: %v", path, err)
		}
		if err := validate(t, s, with(t, path+"x", "1")); err == nil {
			t.Errorf("the schema knows %sx", path)
		}
	}
}

func parse(t *testing.T, path, literal string) error {
	t.Helper()
	_, err := experiments.Parse("base.toml", []byte(base),
		strings.ReplaceAll(path, "[]", ".0")+"="+literal)
	return err
}

// with is the base file with a key set.
func with(t *testing.T, path, literal string) map[string]any {
	t.Helper()
	root := decoded(t, base)
	at, keys := root, strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		name, isList := strings.CutSuffix(key, "[]")
		switch {
		case isList:
			at = at[name].([]map[string]any)[0]
		default:
			if at[name] == nil {
				at[name] = map[string]any{}
			}
			at = at[name].(map[string]any)
		}
	}
	at[keys[len(keys)-1]] = decoded(t, "v = "+literal)["v"]
	return root
}

// onlyParsed are messages about what a schema cannot say.
var onlyParsed = []string{
	"is out of range, it must be", "must be 1 or more", "must be above 0, not", // as strings
	"must divide 1", "is below low", "step must be positive",
	"needs the key points", "belongs to RandAugment", "and means nothing to",
	"classes comes from the data",
	"is no colour", "is for the data set image-folder alone",
	"are more than", "do not fill one batch", "for 1 stage",
}

// TestAgreement sets every key to values of every kind and about its bounds: the schema takes all
// that the parser takes, and refuses what the parser refuses, but for what no schema can say.
func TestAgreement(t *testing.T) {
	s, both, used := compiled(t), [2]int{}, map[int]bool{}
	rules := experiments.Rules()
	for _, path := range slices.Sorted(maps.Keys(rules)) {
		if strings.HasSuffix(path, "[]") {
			continue
		}
		for _, literal := range literals(rules[path]) {
			if r := rules[path]; r.Kind == tomlform.Text && r.Names == nil &&
				!strings.ContainsAny(literal[:1], "\"[{") {
				continue // a setting of a text takes it as it stands, a file does not
			}
			mine, theirs := parse(t, path, literal), validate(t, s, with(t, path, literal))
			switch {
			case mine == nil && theirs == nil:
				both[0]++
			case mine != nil && theirs != nil:
				both[1]++
			case mine == nil:
				t.Errorf("%s = %s is right, and the schema refuses it: %v", path, literal, theirs)
			default:
				i := reason(mine)
				if used[i] = true; i < 0 {
					t.Errorf("%s = %s: only the parser refuses it: %v", path, literal, mine)
				}
			}
		}
	}
	for i, text := range onlyParsed {
		if !used[i] {
			t.Errorf("the schema can say all that the parser says with %q", text)
		}
	}
	t.Logf("both take %d values and refuse %d", both[0], both[1])
}

// reason is the first of onlyParsed that a mistake is about; -1 for none.
func reason(mistake error) int {
	return slices.IndexFunc(onlyParsed, func(text string) bool {
		return strings.Contains(mistake.Error(), text)
	})
}

// literals are values of every kind, and those about the bounds and names of a rule.
func literals(r experiments.Rule) []string {
	list := []string{"true", "-1", "0", "1", "2", "3", "0.5", "1.5", `""`, `"x"`, `"1.5"`, `"30m"`,
		`"../up"`, `"-2s"`, `"-0m0.0s"`, `"1h.5m"`, `"0"`, `"3"`,
		"[]", "[1]", "[1, 2]", "[1, 1.5, 2]", "[[1, 8, 3, 1, 1]]",
		"[[1, 8, 4, 1, 1]]", "[[1, 8, 3, 1]]", `[["1", "1.5", "1"]]`, "{}",
		"{ from = 0.1, to = 0.2, phi = 1 }", "{ from = 0.1, to = 99, phi = 1 }", "{ from = 1 }",
		"{ from = 0, to = 3, points = 4 }", `{ low = "1", high = 1.5 }`, "{ low = 0 }"}
	for _, name := range r.Names {
		list = append(list, strconv.Quote(name), fmt.Sprintf("[%q]", name),
			fmt.Sprintf("[%q, %q]", name, name), strconv.Quote(name+"x"))
	}
	if b := r.Bounds; b.Set {
		for _, n := range []float64{b.Least - 1, b.Least, b.Most, b.Most + 1} {
			if n < 1e17 {
				list = append(list, strconv.FormatFloat(n, 'f', -1, 64))
			}
		}
	}
	return list
}

// TestFolderNames: of names in ASCII the schema takes those that the parser takes.
func TestFolderNames(t *testing.T) {
	s := compiled(t)
	for c := byte(1); c < 0x80; c++ {
		for _, name := range []string{string(c) + "a", "a" + string(c), "a" + string(c) + "a",
			"con" + string(c), "COM1 " + string(c)} {
			literal := `"`
			for _, r := range name {
				literal += fmt.Sprintf("\\u%04x", r)
			}
			literal += `"`
			mine := parse(t, "study.name", literal)
			theirs := validate(t, s, with(t, "study.name", literal))
			if (mine == nil) != (theirs == nil) {
				t.Errorf("%q: the parser says %v, the schema %v", name, mine, theirs)
			}
		}
	}
}
