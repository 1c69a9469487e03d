package tomlform

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// open reads a text that is TOML.
func open(t *testing.T, text string, settings ...string) (*Table, *Errors) {
	t.Helper()
	root, errs := form.Open("f.toml", []byte(text), settings)
	if root == nil {
		t.Fatal(errs)
	}
	return root, errs
}

// TestFields: each kind of field takes what it should, from the file or from outside, and is the
// other value where the key is missing or wrong.
func TestFields(t *testing.T) {
	fields := func(root *Table) []any {
		return []any{root.Text("text", "-"), root.Flag("flag", true), root.Choice("choice", "a", "a", "b"),
			strings.Join(root.Choices("choices", []string{"x", "y"}), ","), root.Integer("integer", 1, 0, 9),
			root.Odd("odd", 3, 9), len(root.Integers("integers", 0, 9)), root.Number("number", .5, 0, 9),
			root.Positive("positive", 1), root.Duration("duration", time.Second),
			root.Table("table").Text("inner", "-"), len(root.Tables("tables"))}
	}
	const right = `text = "t"
flag = false
choice = "b"
choices = "y"
integer = 0
odd = 9
integers = [0, 9]
number = 9
positive = 1e-9
duration = "1m"
table = { inner = "i" }
tables = [{}, {}]
`
	root, errs := open(t, right)
	set := []any{"t", false, "b", "y", 0, 9, 2, 9., 1e-9, time.Minute, "i", 2}
	if got := fields(root); !slices.Equal(got, set) {
		t.Errorf("got  %v\nwant %v", got, set)
	}
	root.Table("table").Finish()
	root.Finish()
	if errs.Err() != nil {
		t.Error(errs)
	}

	none, _ := open(t, "")
	missing := []any{"-", true, "a", "x,y", 1, 3, 0, .5, 1., time.Second, "-", 0}
	if got := fields(none); !slices.Equal(got, missing) {
		t.Errorf("got  %v\nwant %v", got, missing)
	}

	const wrong = `f.toml:1:1: text must be a string, not the whole number 1
f.toml:2:1: flag must be true or false, not the string "yes"
f.toml:3:1: choice "c" is not known: did you mean "a"? (one of a, b)
f.toml:4:17: choices names "x" twice
f.toml:5:1: integer must be between 0 and 9, not 10
f.toml:6:1: odd must be odd, not 4
f.toml:7:1: integers must hold whole numbers between 0 and 9, not the number 1.0
f.toml:8:1: number must be between 0 and 9, not NaN
f.toml:9:1: positive must be a positive number, not 0
f.toml:10:1: duration must be a duration like "90s", "30m" or "2h", not the whole number -1
f.toml:11:1: table must be a table, not a list of 0
f.toml:12:1: tables must be written as [[tables]], not as the whole number 1
f.toml:13:1: unknown key "numbr": did you mean "number"?`
	root, errs = open(t, `text = 1
flag = "yes"
choice = "c"
choices = ["x", "x"]
integer = 10
odd = 4
integers = [1.0]
number = nan
positive = 0
duration = -1
table = []
tables = 1
numbr = 1
`)
	fields(root)
	root.Finish()
	if err := errs.Err(); err == nil || err.Error() != wrong {
		t.Errorf("got\n%v\nwant\n%s", err, wrong)
	}
}

// TestKeys: keys from outside come first, by name, then the file's in its order; a copy without one
// notes mistakes for itself.
func TestKeys(t *testing.T) {
	root, errs := open(t, "[t]\nz = 1\nb = 2\n", "t.y=3", "t.a=4")
	table := root.Table("t")
	if got := table.Keys(); !slices.Equal(got, []string{"a", "y", "z", "b"}) {
		t.Errorf("got %v", got)
	}
	if got := table.Culprit("b", "z", "y"); got != "y" {
		t.Errorf("the culprit is %q, not the key that is set from outside", got)
	}
	if got := table.Culprit("none", "b", "z"); got != "b" {
		t.Errorf("the culprit is %q, not the first that is there", got)
	}
	other, alone := table.Without("z")
	other.Require("z", "z = 1")
	if other.Has("z") || !table.Has("z") || len(alone.List) != 1 || len(errs.List) != 0 {
		t.Errorf("without: %v, %v", alone, errs)
	}
	for key, want := range map[string]string{"b": "f.toml:3:1", "y": "--set t.y=3", "none": "f.toml:1:1"} {
		if got := table.At(key); got != want {
			t.Errorf("%s is at %s, want %s", key, got, want)
		}
	}
}

// TestSettings: mistakes of settings name them, with an example of the format.
func TestSettings(t *testing.T) {
	for setting, want := range map[string]string{
		"x":     "--set x: a setting is key=value, like train.epochs=3",
		"..=1":  `--set ..=1: a part of the key ".." is empty: did you mean "train.epochs"?`,
		"a.b=1": "--set a.b=1: a is no table",
		"l.2.k=1": "--set l.2.k=1: l is a list of 2 tables: number them from 0, like " +
			"l.0.target",
	} {
		if _, errs := open(t, "a = 1\n[[l]]\n[[l]]\n", setting); errs.Err() == nil ||
			errs.Error() != want {
			t.Errorf("%s: got %v, want %s", setting, errs, want)
		}
	}
	root, _ := open(t, "[[l]]\n[[l]]\nk = 1\n", "l.1.k=1.50")
	if second := root.Tables("l")[1]; second.Value("k") != 1.5 || second.Written("k") != "1.50" {
		t.Errorf("got %v, written %q", second.Value("k"), second.Written("k"))
	}
}

// TestCollect: rules are collected by path, with every index as one, and those of callers stay.
func TestCollect(t *testing.T) {
	root, _ := open(t, "[[l]]\n[[l]]\n")
	rules := root.Collect()
	for _, table := range root.Tables("l") {
		table.Require("n", "n = 1")
		table.Integer("n", 2, 0, 5)
		table.Exclude("a", "b")
	}
	n := rules["l[].n"]
	if n == nil || n.Kind != Whole || n.Default != 2 || !n.Needed || n.Bounds != Between(0, 5) {
		t.Errorf("got %+v", n)
	}
	if either := rules["l[]"].Either; len(either) != 1 || !slices.Equal(either[0], []string{"a", "b"}) {
		t.Errorf("got %v", either)
	}
}

// FuzzOpen: no text and no setting make it fail in another way than with mistakes inside the text,
// and every key that nobody asks for is noted.
func FuzzOpen(f *testing.F) {
	f.Add("a.b = [1, { c = 2 }]\n[[l]]\nk = 1\n", "l.0.k=2")
	f.Add("x = \"\"\"\n\"\"\"\n[y]\n'z' = 1979-05-27\n", "y.z.w=1")
	f.Fuzz(func(t *testing.T, text, setting string) {
		root, errs := form.Open("f.toml", []byte(text), []string{setting})
		if root != nil {
			before := len(errs.List)
			root.Finish()
			if n := len(errs.List) - before; n != len(root.Keys()) {
				t.Fatalf("%d unknown keys are noted of %q", n, root.Keys())
			}
		}
		var list *Errors
		if err := errs.Err(); err != nil && !errors.As(err, &list) {
			t.Fatalf("no list of mistakes: %v", err)
		}
		for _, m := range errs.List {
			if m.Text == "" || m.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%v is outside the text", m)
			}
		}
	})
}

// TestRenamed: names of earlier versions are read as what they mean now.
func TestRenamed(t *testing.T) {
	root, _ := open(t, "figures = [\"old\", \"b\"]\n")
	got := root.Renamed("figures", []string{"a", "b"}, map[string]string{"old": "a"})
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}
