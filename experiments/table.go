package experiments

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"gridsearch/internal/nearest"
	"gridsearch/model"
	"gridsearch/search"
)

// table reads the keys of one TOML table, notes every mistake and which keys it was asked for: what is left over is unknown.
type table struct {
	path   string // "train", "constraint[0]", empty for the root
	values map[string]any
	known  map[string]*table // keys asked for; tables among them with their reader
	source *source
}

// source is what all tables of a file share.
type source struct {
	file   string
	places map[string]place // of keys by path
	errs   *Errors
}

// open decodes a file and applies settings; the table is nil if the text is no TOML.
func open(file string, text []byte, settings []string) (*table, *Errors) {
	errs := &Errors{}
	values := map[string]any{}
	if _, err := toml.Decode(string(text), &values); err != nil {
		m := Mistake{File: file, Text: err.Error()}
		var parse toml.ParseError
		if errors.As(err, &parse) {
			m.Line, m.Column, m.Text = parse.Position.Line, parse.Position.Col, strings.TrimSpace(parse.Message)
		}
		errs.List = append(errs.List, m)
		return nil, errs
	}
	for _, setting := range settings {
		if err := set(values, setting); err != nil {
			errs.List = append(errs.List, Mistake{File: "--set " + setting, Text: err.Error()})
		}
	}
	return newTable("", values, &source{file, scan(string(text)), errs}), errs
}

// set puts a key=value pair into the values of a file; the value is TOML, or else a string.
func set(values map[string]any, setting string) error {
	key, text, ok := strings.Cut(setting, "=")
	if !ok {
		return errors.New("a setting is key=value, like train.epochs=3")
	}
	value := map[string]any{}
	if _, err := toml.Decode("v = "+text, &value); err != nil {
		value["v"] = text
	}
	path := strings.Split(key, ".")
	for _, name := range path[:len(path)-1] {
		inner, ok := values[name].(map[string]any)
		if !ok {
			if _, taken := values[name]; taken {
				return fmt.Errorf("%s is no table", name)
			}
			inner = map[string]any{}
			values[name] = inner
		}
		values = inner
	}
	values[path[len(path)-1]] = value["v"]
	return nil
}

func newTable(path string, values map[string]any, s *source) *table {
	return &table{path: path, values: values, known: map[string]*table{}, source: s}
}

func (t *table) join(key string) string {
	if t.path == "" {
		return key
	}
	return t.path + "." + key
}

// fail notes a mistake at a key, or at its table where the file does not have the key.
func (t *table) fail(key, format string, values ...any) {
	m := Mistake{File: t.source.file, Text: fmt.Sprintf(format, values...)}
	for path := t.join(key); path != ""; {
		if p, ok := t.source.places[path]; ok {
			m.Line, m.Column = p.line, p.column
			break
		}
		path = path[:max(0, strings.LastIndex(path, "."))]
	}
	t.source.errs.List = append(t.source.errs.List, m)
}

// require notes a missing key, with what to write.
func (t *table) require(key, example string) {
	if t.has(key) {
		return // its value is wrong, which is noted already
	}
	where := "the file"
	if t.path != "" {
		where = "[" + t.path + "]"
	}
	t.fail(key, "%s needs the key %s, like %s", where, key, example)
}

func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// take asks for a key.
func (t *table) take(key string) (any, bool) {
	if _, ok := t.known[key]; !ok {
		t.known[key] = nil
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
	if ok && !isTable {
		t.fail(key, "%s must be a table, not %s", key, kind(v))
	}
	t.known[key] = newTable(t.join(key), values, t.source)
	return t.known[key]
}

// tables reads an array of tables.
func (t *table) tables(key string) []*table {
	v, ok := t.take(key)
	if !ok {
		return nil
	}
	list, ok := v.([]map[string]any)
	if !ok {
		t.fail(key, "%s must be written as [[%s]], not as %s", key, key, kind(v))
	}
	var tables []*table
	for i, values := range list {
		tables = append(tables, newTable(fmt.Sprintf("%s[%d]", t.join(key), i), values, t.source))
	}
	return tables
}

// finish reports the keys that nobody asked for.
func (t *table) finish() {
	known := slices.Sorted(maps.Keys(t.known))
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if _, ok := t.known[key]; !ok {
			t.fail(key, "unknown key %q: did you mean %q?", key, nearest.Word(key, known))
		}
	}
}

func (t *table) wrong(key, want string, v any) {
	t.fail(key, "%s must be %s, not %s", key, want, kind(v))
}

// kind names a TOML value with its type.
func kind(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("the string %q", v)
	case int64:
		return fmt.Sprintf("the whole number %d", v)
	case float64:
		return fmt.Sprintf("the number %v", v)
	case bool:
		return fmt.Sprintf("%v", v)
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprintf("%v", v)
}

func (t *table) text(key, otherwise string) string {
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	s, ok := v.(string)
	if !ok {
		t.wrong(key, "a string", v)
		return otherwise
	}
	return s
}

func (t *table) flag(key string, otherwise bool) bool {
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	b, ok := v.(bool)
	if !ok {
		t.wrong(key, "true or false", v)
	}
	return b
}

// choice reads one of several names.
func (t *table) choice(key, otherwise string, names ...string) string {
	s := t.text(key, otherwise)
	if t.has(key) && !slices.Contains(names, s) {
		if _, isText := t.values[key].(string); isText {
			t.fail(key, "%s %q is not known: did you mean %q?", key, s, nearest.Word(s, names))
		}
		return otherwise
	}
	return s
}

// choices reads a name or a list of names; all of them where the key is missing.
func (t *table) choices(key string, names []string) []string {
	v, ok := t.take(key)
	if !ok {
		return names
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	chosen := []string{}
	for _, item := range list {
		s, isText := item.(string)
		if !isText || !slices.Contains(names, s) {
			t.fail(key, "%s %v is not known: did you mean %q?", key, kind(item), nearest.Word(fmt.Sprint(item), names))
			continue
		}
		chosen = append(chosen, s)
	}
	return chosen
}

func (t *table) integer(key string, otherwise, low, high int) int {
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
	return fmt.Sprintf("between %s and %s", strconv.FormatFloat(low, 'f', -1, 64), strconv.FormatFloat(high, 'f', -1, 64))
}

func (t *table) integers(key string, low, high int) []int {
	v, ok := t.take(key)
	if !ok {
		return nil
	}
	return t.whole(key, v, low, high)
}

// whole converts a list of whole numbers.
func (t *table) whole(key string, v any, low, high int) []int {
	list, ok := v.([]any)
	if !ok {
		t.wrong(key, "a list of whole numbers", v)
		return nil
	}
	var numbers []int
	for _, item := range list {
		n, ok := item.(int64)
		if !ok || n < int64(low) || n > int64(high) {
			t.fail(key, "%s must hold whole numbers %s, not %s", key, bounds(float64(low), float64(high)), kind(item))
			return nil
		}
		numbers = append(numbers, int(n))
	}
	return numbers
}

func (t *table) number(key string, otherwise, low, high float64) float64 {
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	var n float64
	switch v := v.(type) {
	case int64:
		n = float64(v)
	case float64:
		n = v
	default:
		t.wrong(key, "a number", v)
		return otherwise
	}
	if !(n >= low && n <= high) {
		t.fail(key, "%s must be %s, not %v", key, bounds(low, high), n)
		return otherwise
	}
	return n
}

func (t *table) positive(key string, otherwise float64) float64 {
	n := t.number(key, otherwise, math.Inf(-1), math.MaxFloat64)
	if n <= 0 {
		t.fail(key, "%s must be positive, not %v", key, n)
		return otherwise
	}
	return n
}

// duration reads a text such as "30m", or seconds.
func (t *table) duration(key string, otherwise time.Duration) time.Duration {
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	if s, isText := v.(string); isText {
		if d, err := time.ParseDuration(s); err == nil && d >= 0 {
			return d
		}
	} else if n, isWhole := v.(int64); isWhole && n >= 0 {
		return time.Duration(n) * time.Second
	}
	t.wrong(key, `a duration like "90s", "30m" or "2h"`, v)
	return otherwise
}

func (t *table) decimal(key string, otherwise search.Decimal) search.Decimal {
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	d, err := toDecimal(v)
	if err != nil {
		t.fail(key, "%s: %v", key, err)
		return otherwise
	}
	return d
}

// toDecimal reads a string, or a number as it is written.
func toDecimal(v any) (search.Decimal, error) {
	switch v := v.(type) {
	case string:
		return search.ParseDecimal(v)
	case int64:
		return search.ParseDecimal(strconv.FormatInt(v, 10))
	case float64:
		// The shortest decimal that reads as this number is the one that was written, up to 15 digits.
		return search.ParseDecimal(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return "", fmt.Errorf("%s is no decimal number: write it like \"1.05\"", kind(v))
}

// decimals reads a list of decimals, or one.
func (t *table) decimals(key string, otherwise ...search.Decimal) []search.Decimal {
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var numbers []search.Decimal
	for _, item := range list {
		d, err := toDecimal(item)
		if err != nil {
			t.fail(key, "%s: %v", key, err)
			return otherwise
		}
		numbers = append(numbers, d)
	}
	if len(numbers) == 0 {
		t.fail(key, "%s is empty", key)
	}
	return numbers
}

// triples reads a list of points, each of three decimals.
func (t *table) triples(key string) [][]search.Decimal {
	v, ok := t.take(key)
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		t.wrong(key, "a list of [alpha, beta, gamma]", v)
	}
	var points [][]search.Decimal
	for i, item := range list {
		row := newTable(t.path, map[string]any{key: item}, t.source)
		p := row.decimals(key)
		if len(p) != 3 {
			t.fail(key, "point %d of %s must be [alpha, beta, gamma]", i+1, key)
			continue
		}
		points = append(points, p)
	}
	return points
}

// stages reads a network's stages: tables, or rows of expansion, channels, kernel, stride, repeats with squeeze-excite a quarter.
func (t *table) stages(key string, otherwise []model.Stage) []model.Stage {
	v, ok := t.take(key)
	if !ok {
		return otherwise
	}
	var list []any
	switch v := v.(type) {
	case []any:
		list = v
	case []map[string]any:
		for _, m := range v {
			list = append(list, m)
		}
	default:
		t.wrong(key, "a list of stages", v)
		return otherwise
	}
	var stages []model.Stage
	for i, item := range list {
		if values, isTable := item.(map[string]any); isTable {
			stages = append(stages, newTable(fmt.Sprintf("%s[%d]", t.join(key), i), values, t.source).stage())
			continue
		}
		row := t.whole(key, item, 1, 1<<14)
		if len(row) != 5 {
			t.fail(key, "stage %d must be [expansion, channels, kernel, stride, repeats] or a table", i+1)
			continue
		}
		stages = append(stages, model.Stage{Block: model.MBConv, Expansion: row[0], Channels: row[1], Kernel: row[2], Stride: row[3], Repeats: row[4], SERatio: .25})
	}
	return stages
}

func (t *table) stage() model.Stage {
	defer t.finish()
	return model.Stage{
		Block: t.choice("block", model.MBConv, model.MBConv), Expansion: t.integer("expansion", 6, 1, 64), Channels: t.integer("channels", 16, 1, 1<<14),
		Kernel: t.integer("kernel", 3, 1, 31), Stride: t.integer("stride", 1, 1, 2), Repeats: t.integer("repeats", 1, 1, 1000), SERatio: t.number("se_ratio", .25, 0, 1),
	}
}

func (e *Errors) sort() {
	slices.SortStableFunc(e.List, func(a, b Mistake) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
}
