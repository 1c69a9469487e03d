package training

import (
	"maps"
	"slices"
	"strings"

	"gridsearch/internal/tomlform"
	"gridsearch/model/recipe"
)

// readOptimizer reads which optimiser follows the gradients, with what it brings along, and the
// options that it has and others have not. Hyper-parameters that are fields of a recipe are only
// compared with it.
func readOptimizer(t *tomlform.Table, r recipe.Recipe) recipe.Recipe {
	name := t.Choice("optimizer", r.Optimizer, recipe.Optimizers...)
	misspelt := t.Has("optimizer") && t.Value("optimizer") != name
	if name != r.Optimizer {
		r = r.WithOptimizer(name)
	}
	own, _ := recipe.OptimizerNamed(name)
	read := map[string]bool{}
	for _, option := range own.Options {
		r.Options[option.Name] = t.Number(option.Name, option.Default, option.Least, option.Most)
		read[option.Name] = true
	}
	for _, other := range recipe.AllOptimizers() {
		for _, option := range other.Options {
			if !read[option.Name] {
				t.Number(option.Name, option.Default, option.Least, option.Most)
				read[option.Name] = true
			}
		}
	}
	if !misspelt {
		refuseOthers(t, own)
	}
	return r
}

// refuseOthers notes hyper-parameters of other optimisers than the file's.
func refuseOthers(t *tomlform.Table, own recipe.Optimizer) {
	owners := map[string][]string{}
	for _, o := range recipe.AllOptimizers() {
		for _, key := range keysOf(o) {
			owners[key] = append(owners[key], o.Name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(owners)) {
		names := owners[key]
		if t.Has(key) && !slices.Contains(keysOf(own), key) {
			t.Fail(key, "%s belongs to %s and means nothing to %s: leave it out, or set optimizer = %q",
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
