package experiments

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"gridsearch/model"
)

// Kind is what a value is.
type Kind string

// The kinds. A decimal is a number or a string, a duration a string or whole seconds.
const (
	Text     Kind = "text"
	Flag     Kind = "flag"
	Whole    Kind = "whole number"
	Number   Kind = "number"
	Decimal  Kind = "decimal"
	Duration Kind = "duration"
)

// Rule is what the parser holds a key to, as far as the key stands for itself.
type Rule struct {
	Kind   Kind     // of the value or its items; empty for a table, and a list of tables
	Names  []string // texts that are known; nil for any
	Folder bool     // the text makes a folder's name
	Bounds Bounds   // of numbers
	Odd    bool
	List   bool       // a list is what it takes
	Single bool       // or one item without a list around it
	Items  [2]int     // fewest and most items; 0 for no bound
	Once   bool       // no item twice
	Row    []string   // keys of a table that may be written as a list of their values
	Needed bool       // the key must be there
	Either [][]string // of a table: keys that exclude each other

	Default any  // what a missing key is; nil where nothing stands for it
	Recipe  any  // with the recipe of EfficientNet, where that is something else
	Depends bool // what a missing key is depends on the network, and Default is nil
}

// Bounds are what numbers lie between; the zero value bounds nothing.
type Bounds struct {
	Set         bool
	Least, Most float64 // Most may be infinite
	Above       bool    // Least itself is too low
}

func between[N int | float64](low, high N) Bounds {
	return Bounds{Set: true, Least: float64(low), Most: float64(high)}
}

func above(low, high int) Bounds {
	return Bounds{Set: true, Least: float64(low), Most: float64(high), Above: true}
}

// given is a text that stands for a missing key; nil for none.
func given(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// positive has no upper bound.
var positive = Bounds{Set: true, Most: math.Inf(1), Above: true}

// rules are collected by path, every index as "[]".
type rules map[string]*Rule

var index = regexp.MustCompile(`\[[0-9]+\]`)

// rule is that of a path in the making; one that nobody sees where none are collected.
func (s *source) rule(path string) *Rule {
	if s.rules == nil {
		return &Rule{}
	}
	path = index.ReplaceAllString(path, "[]")
	if s.rules[path] == nil {
		s.rules[path] = &Rule{}
	}
	return s.rules[path]
}

// rule is that of a key.
func (t *table) rule(key string) *Rule { return t.source.rule(join(t.path, key)) }

// note says what a key is held to. Others may change the rule where they know more.
func (t *table) note(key string, r Rule) {
	at := t.rule(key)
	r.Needed = at.Needed
	*at = r
}

// either notes keys of the table that exclude each other.
func (t *table) either(keys ...string) {
	at := t.source.rule(t.path)
	if !slices.ContainsFunc(at.Either, func(k []string) bool { return slices.Equal(k, keys) }) {
		at.Either = append(at.Either, keys)
	}
}

// The probes ask the parser for every key that it knows, by having each table and each table that
// another form may stand for.
const (
	probe = `schema_version = 1
data.augmentation.magnitude = { from = 0, to = 1, phi = 1 }
constraint = [{ quantity = "nominal" }, { quantity = "nominal", range = [0, 1] }]
search.points = [["1", "1", "1"]]
model.dropout = { from = 0, to = 0, phi = 1 }
model.drop_connect = { from = 0, to = 0, phi = 1 }
`
	plainProbe  = probe + "model.stages = [{}]\nsearch.phi = { from = 0, to = 1, points = 2 }\n"
	recipeProbe = plainProbe + "train.recipe = \"efficientnet\"\n"
	otherProbe  = probe + "model.stages = [{ block = \"bottleneck\" }]\ntrain = {}\n"
)

// Rules is what the parser holds each key to, by path: "train.epochs", "constraint[].target" of
// each constraint, "search" for the table. They are what the parser asks for as it reads.
func Rules() map[string]Rule {
	asked, recipe := collect(plainProbe+"train = {}\n"), collect(recipeProbe)
	var others []rules
	for _, name := range model.Presets() {
		others = append(others, collect(otherProbe+"model.baseline = "+strconv.Quote(name)+"\n"))
	}
	all := map[string]Rule{}
	for path, r := range asked {
		if r.Kind == "" && others[0][path] != nil { // the probe has a table in its place
			r = others[0][path]
		}
		all[path] = r.among(path, others, recipe)
	}
	return all
}

// collect reads a text for what the parser asks: whether it is right does not matter.
func collect(text string) rules {
	root, errs := open("", []byte(text), nil)
	if root == nil {
		panic("a probe is no TOML: " + errs.Error())
	}
	root.source.rules = rules{}
	readAll(root, "")
	return root.source.rules
}

// among compares what a missing key is with other networks and with the recipe.
func (r Rule) among(path string, others []rules, recipe rules) Rule {
	for _, other := range others {
		if at := other[path]; at != nil && !reflect.DeepEqual(r.Default, at.Default) {
			r.Default, r.Depends = nil, true
		}
	}
	if at := recipe[path]; !r.Depends && at != nil && !reflect.DeepEqual(r.Default, at.Default) {
		r.Recipe = at.Default
	}
	if r.Needed {
		r.Default = nil
	}
	return r
}
