package tomlform

import (
	"math"
	"regexp"
	"slices"

	"gridsearch/internal/tomlform/place"
)

// Kind is the type of a value.
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

// Rule is what a key's value must satisfy, as far as it does not depend on other keys.
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
	Depends bool // what a missing key is depends on other keys, and Default is nil
}

// Bounds are the bounds of numbers; the zero value has none.
type Bounds struct {
	Set         bool
	Least, Most float64 // Most may be infinite
	Above       bool    // Least itself is too low
}

// Between are closed bounds.
func Between[N int | float64](low, high N) Bounds {
	return Bounds{Set: true, Least: float64(low), Most: float64(high)}
}

// Above are bounds of which only the upper one is allowed itself.
func Above(low, high int) Bounds {
	return Bounds{Set: true, Least: float64(low), Most: float64(high), Above: true}
}

// AboveZero are the bounds of a positive number, without an upper bound.
var AboveZero = Bounds{Set: true, Most: math.Inf(1), Above: true}

// given is a text that stands for a missing key; nil for none.
func given(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Rules are collected by path, every index as "[]": "train.epochs", "constraint[].target" of each
// constraint, "search" for the table.
type Rules map[string]*Rule

var index = regexp.MustCompile(`\[[0-9]+\]`)

// Collect makes all tables of the file record from now on the rule of each key. Rules appear as
// keys are read.
func (t *Table) Collect() Rules {
	t.source.rules = Rules{}
	return t.source.rules
}

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

// Rule is the rule of a key, for callers to amend.
func (t *Table) Rule(key string) *Rule { return t.source.rule(place.Join(t.path, key)) }

// Note records the rule of a key; that it is needed stays.
func (t *Table) Note(key string, r Rule) {
	at := t.Rule(key)
	r.Needed = at.Needed
	*at = r
}

// Either records keys of the table that exclude each other.
func (t *Table) Either(keys ...string) {
	at := t.source.rule(t.path)
	if !slices.ContainsFunc(at.Either, func(k []string) bool { return slices.Equal(k, keys) }) {
		at.Either = append(at.Either, keys)
	}
}
