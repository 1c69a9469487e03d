package tomlform

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gridsearch/internal/tomlform/place"
)

// Text reads a text; of a setting from outside it takes what TOML would read as something else. A
// wrong one is noted, here and in the methods below, and counts as missing.
func (t *Table) Text(key, otherwise string) string {
	t.Note(key, Rule{Kind: Text, Default: given(otherwise)})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	if s, ok := v.(string); ok {
		return s
	}
	if s, ok := t.source.plainSetting(place.Join(t.path, key), v); ok {
		return s
	}
	t.Wrong(key, "a string", v)
	return otherwise
}

// Flag reads true or false.
func (t *Table) Flag(key string, otherwise bool) bool {
	t.Note(key, Rule{Kind: Flag, Default: otherwise})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	b, ok := v.(bool)
	if !ok {
		t.Wrong(key, "true or false", v)
		return otherwise
	}
	return b
}

// Choice reads one of several names.
func (t *Table) Choice(key, otherwise string, names ...string) string {
	t.Note(key, Rule{Kind: Text, Names: names, Default: given(otherwise)})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	if name, ok := t.name(key, key, v, names); ok {
		return name
	}
	return otherwise
}

// name checks that the value of a key, or of the item of its list at another path, is one of
// several names.
func (t *Table) name(key, at string, v any, names []string) (string, bool) {
	s, ok := v.(string)
	switch {
	case !ok:
		t.Fail(at, "%s must be one of %s, not %s", key, strings.Join(names, ", "), Describe(v))
	case slices.Contains(names, s):
		return s, true
	case len(names) == 1:
		t.Fail(at, "%s %s is not known: use %q", key, Quote(s), names[0])
	default:
		t.Fail(at, "%s %s is not known: did you mean %q? (one of %s)", key, Quote(s),
			suggest(s, names), strings.Join(names, ", "))
	}
	return "", false
}

// Choices reads a name or a list of names; all of them where the key is missing.
func (t *Table) Choices(key string, names []string) []string { return t.Renamed(key, names, nil) }

// Renamed is like Choices where names have had other ones before, which older files have: they are
// read as what former says, and mentioned nowhere.
func (t *Table) Renamed(key string, names []string, former map[string]string) []string {
	t.Note(key, Rule{Kind: Text, Names: names, List: true, Single: true, Once: true, Default: names})
	v, ok := t.Take(key)
	if !ok {
		return slices.Clone(names)
	}
	chosen := []string{}
	for at, value := range t.Items(key, v) {
		if text, ok := value.(string); ok && former[text] != "" {
			value = former[text]
		}
		name, ok := t.name(key, at, value, names)
		switch {
		case !ok:
		case slices.Contains(chosen, name):
			t.Fail(at, "%s names %q twice", key, name)
		default:
			chosen = append(chosen, name)
		}
	}
	return chosen
}

// Items visits the items of a key's list with their paths, or the value itself where it is no list.
func (t *Table) Items(key string, v any) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		list, isList := List(v)
		if !isList {
			yield(key, v)
		}
		for i, value := range list {
			if !yield(place.Item(key, i), value) {
				return
			}
		}
	}
}

// Integer reads a whole number from low to high.
func (t *Table) Integer(key string, otherwise, low, high int) int {
	t.Note(key, Rule{Kind: Whole, Bounds: Between(low, high), Default: otherwise})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	n, ok := v.(int64)
	if !ok {
		t.Wrong(key, "a whole number", v)
		return otherwise
	}
	if n < int64(low) || n > int64(high) {
		t.Fail(key, "%s must be %s, not %d", key, bounds(float64(low), float64(high)), n)
		return otherwise
	}
	return int(n)
}

// bounds are what a message says of them.
func bounds(low, high float64) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("between %s and %s", strconv.FormatFloat(low, 'f', -1, 64),
		strconv.FormatFloat(high, 'f', -1, 64))
}

// Odd reads an odd whole number from 1 to most.
func (t *Table) Odd(key string, otherwise, most int) int {
	k := t.Integer(key, otherwise, 1, most)
	t.Rule(key).Odd = true
	if k%2 == 0 {
		t.Fail(key, "%s must be odd, not %d", key, k)
	}
	return k
}

// Integers reads a list of whole numbers from low to high; nil where the key is missing.
func (t *Table) Integers(key string, low, high int) []int {
	t.Note(key, Rule{Kind: Whole, Bounds: Between(low, high), List: true})
	v, ok := t.Take(key)
	if !ok {
		return nil
	}
	return t.whole(key, v, low, high)
}

// whole converts a list of whole numbers.
func (t *Table) whole(key string, v any, low, high int) []int {
	list, ok := List(v)
	if !ok {
		t.Wrong(key, "a list of whole numbers", v)
		return nil
	}
	var numbers []int
	for _, value := range list {
		n, ok := value.(int64)
		if !ok || n < int64(low) || n > int64(high) {
			t.Fail(key, "%s must hold whole numbers %s, not %s", key,
				bounds(float64(low), float64(high)), Describe(value))
			return nil
		}
		numbers = append(numbers, int(n))
	}
	return numbers
}

// Number reads a number from low to high.
func (t *Table) Number(key string, otherwise, low, high float64) float64 {
	t.Note(key, Rule{Kind: Number, Bounds: Between(low, high), Default: otherwise})
	n, ok := t.float(key)
	if !ok {
		return otherwise
	}
	if !(n >= low && n <= high) {
		t.Fail(key, "%s must be %s, not %v", key, bounds(low, high), n)
		return otherwise
	}
	return n
}

// Positive reads a finite number above 0.
func (t *Table) Positive(key string, otherwise float64) float64 {
	t.Note(key, Rule{Kind: Number, Bounds: AboveZero, Default: otherwise})
	n, ok := t.float(key)
	if !ok {
		return otherwise
	}
	if !(n > 0 && n <= math.MaxFloat64) {
		t.Fail(key, "%s must be a positive number, not %v", key, n)
		return otherwise
	}
	return n
}

// float reads a number; not ok where it is missing or of another type, which is noted.
func (t *Table) float(key string) (n float64, ok bool) {
	v, ok := t.Take(key)
	if !ok {
		return 0, false
	}
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	t.Wrong(key, "a number", v)
	return 0, false
}

// Duration reads a text such as "30m", or whole seconds.
func (t *Table) Duration(key string, otherwise time.Duration) time.Duration {
	const longest = 1 << 30 // seconds
	t.Note(key, Rule{Kind: Duration, Bounds: Between(0, longest), Default: otherwise.Seconds()})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	switch v := v.(type) {
	case string:
		if d, err := time.ParseDuration(v); err == nil && d >= 0 {
			return d
		}
	case int64:
		if v >= 0 && v <= longest {
			return time.Duration(v) * time.Second
		}
	}
	t.Wrong(key, `a duration like "90s", "30m" or "2h"`, v)
	return otherwise
}
