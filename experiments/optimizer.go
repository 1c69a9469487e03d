package experiments

import (
	"maps"
	"slices"
	"strings"

	"gridsearch/model/recipe"
)

// readOptimizer reads which optimiser follows the gradients, with what it brings along, and the
// options that it has and others have not. Hyper-parameters that are fields of a recipe are only
// held against it.
func readOptimizer(t *table, r recipe.Recipe) recipe.Recipe {
	name := t.choice("optimizer", r.Optimizer, recipe.Optimizers...)
	misspelt := t.has("optimizer") && t.values["optimizer"] != name
	if name != r.Optimizer {
		r = r.WithOptimizer(name)
	}
	own, _ := recipe.OptimizerNamed(name)
	read := map[string]bool{}
	for _, option := range own.Options {
		r.Options[option.Name] = t.number(option.Name, option.Default, option.Least, option.Most)
		read[option.Name] = true
	}
	for _, other := range recipe.AllOptimizers() {
		for _, option := range other.Options {
			if !read[option.Name] {
				t.number(option.Name, option.Default, option.Least, option.Most)
				read[option.Name] = true
			}
		}
	}
	if !misspelt {
		t.refuseOthers(own)
	}
	return r
}

// refuseOthers notes hyper-parameters of other optimisers than the file's.
func (t *table) refuseOthers(own recipe.Optimizer) {
	owners := map[string][]string{}
	for _, o := range recipe.AllOptimizers() {
		for _, key := range keysOf(o) {
			owners[key] = append(owners[key], o.Name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(owners)) {
		names := owners[key]
		if t.has(key) && !slices.Contains(keysOf(own), key) {
			t.fail(key, "%s belongs to %s and means nothing to %s: leave it out, or set optimizer = %q",
				key, strings.Join(names, " and "), own.Name, names[0])
		}
	}
}

// keysOf lists the keys of an optimiser's hyper-parameters.
func keysOf(o recipe.Optimizer) []string {
	keys := slices.Clone(o.Fields)
	for _, option := range o.Options {
		keys = append(keys, option.Name)
	}
	return keys
}
