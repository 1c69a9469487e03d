package space

import (
	"fmt"
	"strconv"
	"strings"

	"gridsearch/internal/tomlform"
	"gridsearch/search"
)

// decimal reads one decimal.
func decimal(t *tomlform.Table, key string, otherwise search.Decimal) search.Decimal {
	t.Note(key, tomlform.Rule{Kind: tomlform.Decimal, Default: otherwise})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	d, err := exact(t, key, v)
	if err != nil {
		t.Fail(key, "%s: %v", key, err)
		return otherwise
	}
	return d
}

// exact reads a string, or a number as it is written.
func exact(t *tomlform.Table, key string, v any) (search.Decimal, error) {
	switch v := v.(type) {
	case string:
		return parseDecimal(v)
	case int64:
		return parseDecimal(strconv.FormatInt(v, 10))
	case float64:
		raw := strings.ReplaceAll(t.Written(key), "_", "")
		if d, err := parseDecimal(raw); err == nil {
			return d, nil
		}
		// With an exponent, or an infinity: the shortest decimal that reads as this number.
		return parseDecimal(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return "", fmt.Errorf("%s is no decimal number: write it like \"1.05\"", tomlform.Describe(v))
}

// maxDigits bounds a decimal: exact arithmetic on longer ones takes memory without end.
const maxDigits = 40

func parseDecimal(text string) (search.Decimal, error) {
	if len(text) > maxDigits || strings.Trim(text, "+-.0123456789") != "" {
		return "", fmt.Errorf("%s is no decimal number of at most %d digits: write it like \"1.05\"",
			tomlform.Quote(text), maxDigits)
	}
	return search.ParseDecimal(text)
}

// decimals reads a list of decimals, or one; each within the bounds. A list with a mistake in it
// counts as missing.
func decimals(t *tomlform.Table, key string, in tomlform.Bounds,
	otherwise ...search.Decimal) []search.Decimal {
	t.Note(key, tomlform.Rule{Kind: tomlform.Decimal, Bounds: in, List: true, Single: true,
		Items: [2]int{1, 0}, Default: otherwise})
	v, ok := t.Take(key)
	if !ok {
		return otherwise
	}
	if list, isList := tomlform.List(v); isList && len(list) == 0 {
		t.Fail(key, "%s is empty", key)
		return otherwise
	}
	var numbers []search.Decimal
	right := true
	for at, value := range t.Items(key, v) {
		d, err := exact(t, at, value)
		if err == nil {
			err = check(in, d)
		}
		if err != nil {
			t.Fail(at, "%s: %v", key, err)
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
func check(b tomlform.Bounds, d search.Decimal) error {
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
