package experiments

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/nearest"
)

// table reads the keys of one TOML table, notes every mistake and which keys it was asked for: what
// is left over is unknown.
type table struct {
	path   string // "train", "constraint[0]", empty for the root
	values map[string]any
	known  map[string]*table // keys asked for; tables among them with their reader
	broken bool              // the file has something else in its place, which is noted
	source *source
}

func newTable(path string, values map[string]any, s *source) *table {
	return &table{path: path, values: values, known: map[string]*table{}, source: s}
}

// fail notes a mistake at a key.
func (t *table) fail(key, format string, values ...any) {
	t.source.fail(join(t.path, key), format, values...)
}

// culprit is the key that a mistake of several together is noted at: the first that is set from
// outside, or else the first that has a place.
func (t *table) culprit(keys ...string) string {
	for _, outside := range []bool{true, false} {
		for _, key := range keys {
			if p, ok := t.source.places[join(t.path, key)]; ok && (p.setting != "" || !outside) {
				return key
			}
		}
	}
	return keys[0]
}

// require notes a missing key, with what to write.
func (t *table) require(key, example string) {
	t.rule(key).Needed = true
	if t.has(key) || t.broken {
		return // wrong, which is noted already
	}
	where := "[" + t.path + "]"
	if name, _, isItem := strings.Cut(t.path, "["); isItem {
		where = "[[" + name + "]]"
	}
	t.source.fail(t.path, "%s needs the key %s, like %s", where, key, example)
}

// exclude notes that two keys say the same thing twice.
func (t *table) exclude(key, other string) {
	t.either(key, other)
	if t.has(key) && t.has(other) {
		t.fail(other, "give either %s or %s", key, other)
	}
}

func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// take asks for a key.
func (t *table) take(key string) (any, bool) {
	if _, ok := t.known[key]; !ok {
		t.known[key] = nil
		t.rule(key)
	}
	v, ok := t.values[key]
	return v, ok
}

// table reads a table inside this one; a missing one is empty.
func (t *table) table(key string) *table {
	if inner := t.known[key]; inner != nil {
		return inner
	}
	v, ok := t.take(key)
	values, isTable := v.(map[string]any)
	inner := newTable(join(t.path, key), values, t.source)
	if inner.broken = ok && !isTable; inner.broken {
		t.wrong(key, "a table", v)
	}
	t.known[key] = inner
	return inner
}

// tables reads an array of tables.
func (t *table) tables(key string) []*table {
	v, ok := t.take(key)
	if !ok {
		return nil
	}
	var tables []*table
	list, isList := asList(v)
	for i, value := range list {
		values, isTable := value.(map[string]any)
		tables = append(tables, newTable(item(join(t.path, key), i), values, t.source))
		isList = isList && isTable
	}
	if !isList {
		t.fail(key, "%s must be written as [[%s]], not as %s", key, key, kind(v))
		return nil
	}
	return tables
}

// finish reports the keys that nobody asked for.
func (t *table) finish() {
	known := slices.Sorted(maps.Keys(t.known))
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if _, ok := t.known[key]; !ok {
			t.fail(key, "unknown key %q: did you mean %q?", key, suggest(key, known))
		}
	}
}

// suggest finds the name that somebody meant: one that the word begins, or the nearest.
func suggest(word string, names []string) string {
	for _, name := range names {
		if len(word) >= 3 && strings.HasPrefix(name, word) {
			return name
		}
	}
	return nearest.Word(word, names)
}

func (t *table) wrong(key, want string, v any) {
	t.fail(key, "%s must be %s, not %s", key, want, kind(v))
}

// asList takes lists of both kinds that the decoder makes.
func asList(v any) (list []any, ok bool) {
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

// kind names a TOML value with its type.
func kind(v any) string {
	switch v := v.(type) {
	case string:
		return "the string " + quote(v)
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

// quote puts a text into quotation marks, its beginning if it is long.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q...", string(runes[:most]))
	}
	return fmt.Sprintf("%q", text)
}
