package tomlform

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/nearest"
	"gridsearch/internal/tomlform/place"
)

// Table reads the keys of one TOML table, and records every mistake and which keys were read: the
// others are unknown.
type Table struct {
	path   string // "train", "constraint[0]", empty for the root
	values map[string]any
	known  map[string]*Table // keys asked for; tables among them with their reader
	broken bool              // the file has something else in its place, which is noted
	source *source
}

func newTable(path string, values map[string]any, s *source) *Table {
	return &Table{path: path, values: values, known: map[string]*Table{}, source: s}
}

// Instead is a table that stands in the place of a key's value, which the file writes in another
// form, as a row of numbers may stand for a table.
func (t *Table) Instead(key string, values map[string]any) *Table {
	return newTable(place.Join(t.path, key), values, t.source)
}

// InsteadOf is a table that stands in this one's place.
func (t *Table) InsteadOf(values map[string]any) *Table {
	return newTable(t.path, values, t.source)
}

// Without is the table as it were without a key, with a list of mistakes of its own.
func (t *Table) Without(key string) (*Table, *Errors) {
	values, alone := maps.Clone(t.values), *t.source
	delete(values, key)
	alone.errs, alone.rules = &Errors{}, nil
	return newTable(t.path, values, &alone), alone.errs
}

// Fail records a mistake at a key, or at its nearest parent that the file has.
func (t *Table) Fail(key, format string, values ...any) {
	t.source.fail(place.Join(t.path, key), format, values...)
}

// FailWhole records a mistake at the table itself.
func (t *Table) FailWhole(format string, values ...any) { t.source.fail(t.path, format, values...) }

// At says where a key comes from: file, line and column of it, or of the nearest thing around it
// that the file has, or the setting from outside.
func (t *Table) At(key string) string { return t.source.mistake(place.Join(t.path, key)).Where() }

// Culprit is the key that a mistake of several together is noted at: the first that is set from
// outside, or else the first that has a place.
func (t *Table) Culprit(keys ...string) string {
	for _, outside := range []bool{true, false} {
		for _, key := range keys {
			if p, ok := t.source.places[place.Join(t.path, key)]; ok && (p.Setting != "" || !outside) {
				return key
			}
		}
	}
	return keys[0]
}

// Require records a missing key, with an example of what to write.
func (t *Table) Require(key, example string) {
	t.Rule(key).Needed = true
	if t.Has(key) || t.broken {
		return // wrong, which is noted already
	}
	where := "[" + t.path + "]"
	if name, _, isItem := strings.Cut(t.path, "["); isItem {
		where = "[[" + name + "]]"
	}
	t.FailWhole("%s needs the key %s, like %s", where, key, example)
}

// Exclude records that two keys say the same thing twice.
func (t *Table) Exclude(key, other string) {
	t.Either(key, other)
	if t.Has(key) && t.Has(other) {
		t.Fail(other, "give either %s or %s", key, other)
	}
}

// Keys lists the keys of the table: those that are set from outside by name, then the others in the
// order of the file.
func (t *Table) Keys() []string {
	at := func(key string) place.Place { return t.source.places[place.Join(t.path, key)] }
	return slices.SortedFunc(maps.Keys(t.values), func(a, b string) int {
		p, q := at(a), at(b)
		return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column), cmp.Compare(a, b))
	})
}

// Has reports whether the table has a key, without asking for it.
func (t *Table) Has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// Value is the value of a key as the decoder has it, without asking for it; nil for none.
func (t *Table) Value(key string) any { return t.values[key] }

// Written is the number at a key, or at an item of its list, as the file or the setting writes it;
// empty for anything else.
func (t *Table) Written(key string) string { return t.source.places[place.Join(t.path, key)].Raw }

// Take asks for a key: it is known from now on. The value is as the decoder has it; ok where the
// table has the key.
func (t *Table) Take(key string) (any, bool) {
	if _, ok := t.known[key]; !ok {
		t.known[key] = nil
		t.Rule(key)
	}
	v, ok := t.values[key]
	return v, ok
}

// Table reads a table inside this one; a missing one is empty. Asked for again it is the same.
func (t *Table) Table(key string) *Table {
	if inner := t.known[key]; inner != nil {
		return inner
	}
	v, ok := t.Take(key)
	values, isTable := v.(map[string]any)
	inner := newTable(place.Join(t.path, key), values, t.source)
	if inner.broken = ok && !isTable; inner.broken {
		t.Wrong(key, "a table", v)
	}
	t.known[key] = inner
	return inner
}

// Tables reads an array of tables; nil where the key is missing or something else, which is noted.
func (t *Table) Tables(key string) []*Table {
	v, ok := t.Take(key)
	if !ok {
		return nil
	}
	var tables []*Table
	list, isList := List(v)
	for i, value := range list {
		values, isTable := value.(map[string]any)
		tables = append(tables, newTable(place.Item(place.Join(t.path, key), i), values, t.source))
		isList = isList && isTable
	}
	if !isList {
		t.Fail(key, "%s must be written as [[%s]], not as %s", key, key, Describe(v))
		return nil
	}
	return tables
}

// Finish records the keys that were never read.
func (t *Table) Finish() {
	known := slices.Sorted(maps.Keys(t.known))
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if _, ok := t.known[key]; !ok {
			t.Fail(key, "unknown key %q: did you mean %q?", key, suggest(key, known))
		}
	}
}

// suggest finds the name that was meant: one that begins with the word, or the nearest.
func suggest(word string, names []string) string {
	for _, name := range names {
		if len(word) >= 3 && strings.HasPrefix(name, word) {
			return name
		}
	}
	return nearest.Word(word, names)
}

// Wrong notes that a key has a value of another kind than what it wants.
func (t *Table) Wrong(key, want string, v any) {
	t.Fail(key, "%s must be %s, not %s", key, want, Describe(v))
}

// List takes lists of both kinds that the decoder makes.
func List(v any) (list []any, ok bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []map[string]any:
		for _, values := range v {
			list = append(list, values)
		}
		return list, true
	}
	return nil, false
}

// Describe names a TOML value with its type.
func Describe(v any) string {
	switch v := v.(type) {
	case string:
		return "the string " + Quote(v)
	case int64:
		return fmt.Sprintf("the whole number %d", v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return fmt.Sprintf("the number %.1f", v) // as 8.0, which is no whole number in TOML
		}
		return fmt.Sprintf("the number %v", v)
	case bool:
		return fmt.Sprintf("%v", v)
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case []map[string]any:
		return "an array of tables"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

// Quote puts a text into quotation marks, its beginning if it is long.
func Quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q...", string(runes[:most]))
	}
	return fmt.Sprintf("%q", text)
}
