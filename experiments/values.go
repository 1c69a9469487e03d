package experiments

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gridsearch/search"
)

func (t *table) text(key, otherwise string) string {
	t.note(key, Rule{Kind: Text, Default: given(otherwise)})
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	if s, ok := v.(string); ok {
		return s
	}
	if s, ok := t.source.plainSetting(join(t.path, key), v); ok {
		return s
	}
	t.wrong(key, "a string", v)
	return otherwise
}

func (t *table) flag(key string, otherwise bool) bool {
	t.note(key, Rule{Kind: Flag, Default: otherwise})
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	b, ok := v.(bool)
	if !ok {
		t.wrong(key, "true or false", v)
		return otherwise
	}
	return b
}

// choice reads one of several names.
func (t *table) choice(key, otherwise string, names ...string) string {
	t.note(key, Rule{Kind: Text, Names: names, Default: given(otherwise)})
	v, ok := t.take(key)
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
func (t *table) name(key, at string, v any, names []string) (string, bool) {
	s, ok := v.(string)
	switch {
	case !ok:
		t.fail(at, "%s must be one of %s, not %s", key, strings.Join(names, ", "), kind(v))
	case slices.Contains(names, s):
		return s, true
	case len(names) == 1:
		t.fail(at, "%s %s is not known: use %q", key, quote(s), names[0])
	default:
		t.fail(at, "%s %s is not known: did you mean %q? (one of %s)", key, quote(s),
			suggest(s, names), strings.Join(names, ", "))
	}
	return "", false
}

// choices reads a name or a list of names; all of them where the key is missing.
func (t *table) choices(key string, names []string) []string {
	t.note(key, Rule{Kind: Text, Names: names, List: true, Single: true, Once: true, Default: names})
	v, ok := t.take(key)
	if !ok {
		return slices.Clone(names)
	}
	chosen := []string{}
	for at, value := range t.items(key, v) {
		name, ok := t.name(key, at, value, names)
		switch {
		case !ok:
		case slices.Contains(chosen, name):
			t.fail(at, "%s names %q twice", key, name)
		default:
			chosen = append(chosen, name)
		}
	}
	return chosen
}

// items visits the items of a key's list with their paths, or the value itself where it is no list.
func (t *table) items(key string, v any) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		list, isList := asList(v)
		if !isList {
			yield(key, v)
		}
		for i, value := range list {
			if !yield(item(key, i), value) {
				return
			}
		}
	}
}

func (t *table) integer(key string, otherwise, low, high int) int {
	t.note(key, Rule{Kind: Whole, Bounds: between(low, high), Default: otherwise})
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	n, ok := v.(int64)
	if !ok {
		t.wrong(key, "a whole number", v)
		return otherwise
	}
	if n < int64(low) || n > int64(high) {
		t.fail(key, "%s must be %s, not %d", key, bounds(float64(low), float64(high)), n)
		return otherwise
	}
	return int(n)
}

func bounds(low, high float64) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("between %s and %s", strconv.FormatFloat(low, 'f', -1, 64),
		strconv.FormatFloat(high, 'f', -1, 64))
}

// integers reads a list of whole numbers; nil where the key is missing.
func (t *table) integers(key string, low, high int) []int {
	t.note(key, Rule{Kind: Whole, Bounds: between(low, high), List: true})
	v, ok := t.take(key)
	if !ok {
		return nil
	}
	return t.whole(key, v, low, high)
}

// whole converts a list of whole numbers.
func (t *table) whole(key string, v any, low, high int) []int {
	list, ok := asList(v)
	if !ok {
		t.wrong(key, "a list of whole numbers", v)
		return nil
	}
	var numbers []int
	for _, value := range list {
		n, ok := value.(int64)
		if !ok || n < int64(low) || n > int64(high) {
			t.fail(key, "%s must hold whole numbers %s, not %s", key,
				bounds(float64(low), float64(high)), kind(value))
			return nil
		}
		numbers = append(numbers, int(n))
	}
	return numbers
}

func (t *table) number(key string, otherwise, low, high float64) float64 {
	t.note(key, Rule{Kind: Number, Bounds: between(low, high), Default: otherwise})
	n, ok := t.float(key)
	if !ok {
		return otherwise
	}
	if !(n >= low && n <= high) {
		t.fail(key, "%s must be %s, not %v", key, bounds(low, high), n)
		return otherwise
	}
	return n
}

func (t *table) positive(key string, otherwise float64) float64 {
	t.note(key, Rule{Kind: Number, Bounds: positive, Default: otherwise})
	n, ok := t.float(key)
	if !ok {
		return otherwise
	}
	if !(n > 0 && n <= math.MaxFloat64) {
		t.fail(key, "%s must be a positive number, not %v", key, n)
		return otherwise
	}
	return n
}

// float reads a number; not ok where it is missing or of another type, which is noted.
func (t *table) float(key string) (n float64, ok bool) {
	v, ok := t.take(key)
	if !ok {
		return 0, false
	}
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	t.wrong(key, "a number", v)
	return 0, false
}

// duration reads a text such as "30m", or whole seconds.
func (t *table) duration(key string, otherwise time.Duration) time.Duration {
	const longest = 1 << 30 // seconds
	t.note(key, Rule{Kind: Duration, Bounds: between(0, longest), Default: otherwise.Seconds()})
	v, ok := t.take(key)
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
	t.wrong(key, `a duration like "90s", "30m" or "2h"`, v)
	return otherwise
}

func (t *table) decimal(key string, otherwise search.Decimal) search.Decimal {
	t.note(key, Rule{Kind: Decimal, Default: otherwise})
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	d, err := t.exact(key, v)
	if err != nil {
		t.fail(key, "%s: %v", key, err)
		return otherwise
	}
	return d
}

// exact reads a string, or a number as it is written.
func (t *table) exact(key string, v any) (search.Decimal, error) {
	switch v := v.(type) {
	case string:
		return parseDecimal(v)
	case int64:
		return parseDecimal(strconv.FormatInt(v, 10))
	case float64:
		raw := strings.ReplaceAll(t.source.places[join(t.path, key)].raw, "_", "")
		if d, err := parseDecimal(raw); err == nil {
			return d, nil
		}
		// With an exponent, or an infinity: the shortest decimal that reads as this number.
		return parseDecimal(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return "", fmt.Errorf("%s is no decimal number: write it like \"1.05\"", kind(v))
}

// maxDigits bounds a decimal: exact arithmetic on longer ones takes memory without end.
const maxDigits = 40

func parseDecimal(text string) (search.Decimal, error) {
	if len(text) > maxDigits || strings.Trim(text, "+-.0123456789") != "" {
		return "", fmt.Errorf(
			"%s is no decimal number of at most %d digits: write it like \"1.05\"", quote(text), maxDigits)
	}
	return search.ParseDecimal(text)
}

// decimals reads a list of decimals, or one; each within the bounds. A list with a mistake in it
// counts as missing.
func (t *table) decimals(key string, in Bounds, otherwise ...search.Decimal) []search.Decimal {
	t.note(key, Rule{Kind: Decimal, Bounds: in, List: true, Single: true, Items: [2]int{1, 0},
		Default: otherwise})
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	if list, isList := asList(v); isList && len(list) == 0 {
		t.fail(key, "%s is empty", key)
		return otherwise
	}
	var numbers []search.Decimal
	right := true
	for at, value := range t.items(key, v) {
		d, err := t.exact(at, value)
		if err == nil {
			err = in.check(d)
		}
		if err != nil {
			t.fail(at, "%s: %v", key, err)
			right = false
		}
		numbers = append(numbers, d)
	}
	if !right {
		return otherwise
	}
	return numbers
}

// check says where a decimal is out of bounds that are whole numbers.
func (b Bounds) check(d search.Decimal) error {
	low := search.Decimal(strconv.FormatFloat(b.Least, 'f', -1, 64))
	switch c := d.Cmp(low); {
	case c < 0 || c == 0 && b.Above || d.Float64() > b.Most:
		word := "at least"
		if b.Above {
			word = "above"
		}
		return fmt.Errorf("%s is out of range, it must be %s %s and at most %s",
			d, word, low, strconv.FormatFloat(b.Most, 'f', -1, 64))
	}
	return nil
}
