// Package schema writes the format of experiment files as a JSON Schema (draft 7), which editors
// read. Types, names, ranges and defaults are the parser's own; only the words are here.
//
// The schema never refuses a file that the parser takes. What several keys say together, and the
// size of decimals that are written as strings, only the parser tells (gridsearch validate).
package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gridsearch/experiments"
	"gridsearch/internal/tomlform"
)

// node is a part of a JSON Schema.
type node struct {
	Schema      string           `json:"$schema,omitempty"`
	Title       string           `json:"title,omitempty"`
	Description string           `json:"description,omitempty"`
	Type        any              `json:"type,omitempty"` // a name or several
	Const       any              `json:"const,omitempty"`
	Enum        []string         `json:"enum,omitempty"`
	Default     any              `json:"default,omitempty"`
	Minimum     *float64         `json:"minimum,omitempty"`
	Above       *float64         `json:"exclusiveMinimum,omitempty"`
	Maximum     *float64         `json:"maximum,omitempty"`
	MultipleOf  int              `json:"multipleOf,omitempty"`
	Pattern     string           `json:"pattern,omitempty"`
	Not         *node            `json:"not,omitempty"`
	MinItems    int              `json:"minItems,omitempty"`
	MaxItems    int              `json:"maxItems,omitempty"`
	Unique      bool             `json:"uniqueItems,omitempty"`
	Items       any              `json:"items,omitempty"` // a node, or one for each item
	Properties  map[string]*node `json:"properties,omitempty"`
	Required    []string         `json:"required,omitempty"`
	Additional  *bool            `json:"additionalProperties,omitempty"`
	AnyOf       []*node          `json:"anyOf,omitempty"`
	AllOf       []*node          `json:"allOf,omitempty"`
}

// JSON is the schema of experiment files.
func JSON() ([]byte, error) {
	w := writer{experiments.Rules()}
	root := w.table("")
	root.Schema = "http://json-schema.org/draft-07/schema#"
	root.Title = "gridsearch experiment file"
	root.Description = "a study: the network, the search around it, data, training and seeds"
	root.Required = []string{"schema_version", "model"}
	// A network of one's own needs no baseline.
	root.Properties["model"].AnyOf = []*node{
		{Required: []string{"baseline"}}, {Required: []string{"stages"}}}
	text, err := json.MarshalIndent(root, "", "  ")
	return append(text, '\n'), err
}

// writer makes nodes of the parser's rules.
type writer struct{ rules map[string]experiments.Rule }

// key is the node of one key: of its value, or of any form that it takes.
func (w writer) key(path string) *node {
	forms := w.forms(path)
	n := &node{AnyOf: forms}
	if len(forms) == 1 {
		n = forms[0]
	}
	n.Description = w.description(path)
	n.Default = w.rules[path].Default
	return n
}

// forms lists what may stand in a key's place.
func (w writer) forms(path string) []*node {
	r := w.rules[path]
	var forms []*node
	if _, isList := w.rules[path+"[]"]; isList {
		items := w.forms(path + "[]")
		item := items[0]
		if len(items) > 1 {
			item = &node{AnyOf: items}
		}
		item.Description = words[path+"[]"].says
		return []*node{array(r, item)}
	}
	if r.Kind != "" && (!r.List || r.Single) {
		forms = append(forms, value(r))
	}
	if r.Kind != "" && r.List {
		forms = append(forms, array(r, value(r)))
	}
	if len(w.inner(path)) > 0 {
		forms = append(forms, w.table(path))
	}
	if r.Row != nil {
		forms = append(forms, w.row(path))
	}
	return forms
}

// inner lists the keys of a table.
func (w writer) inner(path string) []string {
	var keys []string
	for other := range maps.Keys(w.rules) {
		key, ok := other, true
		if path != "" {
			key, ok = strings.CutPrefix(other, path+".")
		}
		if ok && !strings.ContainsAny(key, ".[") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (w writer) table(path string) *node {
	n := &node{Type: "object", Properties: map[string]*node{}, Additional: new(bool)}
	for _, key := range w.inner(path) {
		full := strings.TrimPrefix(path+"."+key, ".")
		n.Properties[key] = w.key(full)
		if w.rules[full].Needed {
			n.Required = append(n.Required, key)
		}
	}
	for _, keys := range w.rules[path].Either {
		n.AllOf = append(n.AllOf, &node{Not: &node{Required: keys}})
	}
	return n
}

// row is a table as a list of some of its values.
func (w writer) row(path string) *node {
	var items []*node
	for _, key := range w.rules[path].Row {
		items = append(items, w.key(path+"."+key))
	}
	return &node{Type: "array", Items: items, MinItems: len(items), MaxItems: len(items)}
}

func array(r experiments.Rule, item *node) *node {
	return &node{Type: "array", Items: item, MinItems: r.Items[0], MaxItems: r.Items[1],
		Unique: r.Once}
}

// types are the JSON types of the parser's kinds.
var types = map[tomlform.Kind]any{
	tomlform.Text: "string", tomlform.Flag: "boolean", tomlform.Whole: "integer",
	tomlform.Number: "number", tomlform.Decimal: []string{"number", "string"},
	tomlform.Duration: []string{"string", "integer"},
}

// Texts that are more than one of several names. A folder's name is held to the characters of
// ASCII alone: patterns of all letters are not the same in all programs.
const (
	decimalText  = `^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)$`
	unit         = `(ns|us|µs|μs|ms|s|m|h)`
	durationText = `^([+]?(([0-9]+[.]?[0-9]*|[.][0-9]+)` + unit + `)+|` +
		`[+-]?(0|((0+[.]?0*|[.]0+)` + unit + `)+))$`
	strange    = `\x00-\x1f!-'*,/:-@\[-\^` + "`" + `{-\x7f`
	folderText = `^[^\-. ` + strange + `]([^` + strange + `]*[^. ` + strange + `])?$`
	deviceText = `^([cC][oO][nN]|[pP][rR][nN]|[aA][uU][xX]|[nN][uU][lL]|[cC][oO][mM][0-9]|[lL][pP][tT][0-9]) *([.].*)?$`
)

// value is the node of one value.
func value(r experiments.Rule) *node {
	n := &node{Type: types[r.Kind], Enum: r.Names}
	switch {
	case r.Kind == tomlform.Decimal:
		n.Pattern = decimalText
	case r.Kind == tomlform.Duration:
		n.Pattern = durationText
	case r.Folder:
		n.Pattern, n.Not = folderText, &node{Pattern: deviceText}
	}
	if r.Odd {
		n.Not = &node{MultipleOf: 2}
	}
	n.bound(r.Bounds)
	return n
}

func (n *node) bound(b tomlform.Bounds) {
	switch {
	case !b.Set:
		return
	case b.Least == b.Most:
		n.Const = b.Least
		return
	case b.Above:
		n.Above = &b.Least
	default:
		n.Minimum = &b.Least
	}
	if !math.IsInf(b.Most, 1) {
		n.Maximum = &b.Most
	}
}

// description is what a key means and what it is where it is missing.
func (w writer) description(path string) string {
	r, about := w.rules[path], words[path]
	otherwise := about.otherwise
	if otherwise == "" && r.Default != nil {
		otherwise = written(r.Default)
		if r.Recipe != nil {
			otherwise += fmt.Sprintf("; %s with recipe = \"efficientnet\"", written(r.Recipe))
		}
	}
	if otherwise == "" {
		return about.says
	}
	return about.says + ". Default: " + otherwise
}

// written is a value as a file has it.
func written(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // values of the parser are texts, numbers and lists of them
		panic(err)
	}
	return string(text)
}
