package study

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridsearch/internal/store/stages"
)

// TestDamagedPlan: a plan.json that is none is the input's fault, and the message says how to make
// it anew.
func TestDamagedPlan(t *testing.T) {
	folder := Folder(t.TempDir())
	for text, want := range map[string]string{
		"":                                 "unexpected end of JSON input",
		"{}":                               "its schema_version is 0, this program reads 1",
		"null":                             "its schema_version is 0",
		`{"schema_version": 1}`:            "it names no study",
		`[]`:                               "cannot unmarshal array",
		`{"schema_version":1,"study":"a"}`: "it has no trials",
		`{"schema_version":1,"study":"a","trials":[{}]}`:                                       "trial 1: it has no name",
		`{"schema_version":1,"study":"a","trials":[{"name":"base"}]}`:                          "trial 1: no point builds it",
		`{"schema_version":1,"study":"a","trials":[{"name":"base","labels":[null]}]}`:          "must be positive",
		`{"schema_version":1,"study":"a","trials":[{"name":"base","labels":[{"alpha":"x"}]}]}`: "is no decimal number",
	} {
		if err := os.WriteFile(folder.plan(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func() error{
			"Load":   func() error { _, err := Load(folder); return err },
			"Reopen": func() error { _, err := Reopen(t.Context(), Access{}, folder); return err },
			"Glance": func() error { _, err := Glance(folder); return err },
		} {
			var input *InputError
			err := read()
			if !errors.As(err, &input) || !strings.Contains(err.Error(), want) ||
				!strings.Contains(err.Error(), "plan.json") || !strings.Contains(err.Error(),
				"gridsearch run FILE") {
				t.Errorf("%s of %s gives %v", name, text, err)
			}
		}
	}
}

// FuzzPlan: a plan that is read has what its readers count on.
func FuzzPlan(f *testing.F) {
	p, err := Prepare(f.Context(), Access{}, "../../cmd/gridsearch/testdata/small.toml")
	if err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(document{Document: p.Plan.Document("small"),
		Overrides: []string{"train.epochs=1"}, Stages: []stages.Stage{{Name: stages.Search,
			Decision: stages.DecideAll, Runs: []stages.Run{{Key: "1"}, {Key: "2", Stream: "tune"}}},
			{Name: "late", Decision: "confirm"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"schema_version":1,"study":"a","trials":[{"name":"base","labels":[{"alpha":"1"}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		plan, err := decodePlan([]byte(text))
		if err != nil {
			return
		}
		for i, stage := range plan.Stages {
			if stage.Name == "" || i == 0 && stage.Name != stages.Search {
				t.Errorf("%s is taken", text)
			}
		}
		for _, trial := range plan.Trials {
			trial.Controls()
			for _, l := range trial.Labels {
				if depth, width, _ := l.Scaling(); l.Nominal.Cmp("0") <= 0 || depth < 0 || width < 0 {
					t.Errorf("%s is taken", text)
				}
			}
		}
		if len(plan.Trials) == 0 || plan.Study == "" {
			t.Errorf("%s is taken", text)
		}
	})
}

// TestDamagedStages: stages that contradict themselves are a damaged plan.
func TestDamagedStages(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "schema6", "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	head := string(text[:bytes.Index(text, []byte(` "runs": [`))])
	const search = `"stages":[{"name":"search","decision":"all"`
	if _, err := decodePlan([]byte(head + search + "}]}")); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`"stages":[{"name":"late","decision":"all"}]}`:  "first stage is called",
		`"stages":[{"name":"search"}]}`:                 "stage 1 has no name or",
		search + `},{"decision":"all"}]}`:               "stage 2 has no name",
		search + `},{"name":"search","decision":"x"}]}`: "two stages",
		search + `,"runs":[{"key":""}]}]}`:              "has no key",
		`"runs":[{"key":"1"},{"key":"1"}]}`:             "there twice",
		`"stages":7}`:                                   "cannot unmarshal",
		`"runs":7}`:                                     "cannot unmarshal",
	} {
		if _, err := decodePlan([]byte(head + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
