package experiments

import (
	"reflect"
	"strconv"

	"gridsearch/internal/tomlform"
	"gridsearch/model"
)

// Rule is what the parser holds a key to, as far as the key stands for itself.
type Rule struct {
	tomlform.Rule
	Recipe any // what a missing key is with the recipe of EfficientNet, where that is something else
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
	var others []tomlform.Rules
	for _, name := range model.Presets() {
		others = append(others, collect(otherProbe+"model.baseline = "+strconv.Quote(name)+"\n"))
	}
	all := map[string]Rule{}
	for path, r := range asked {
		if r.Kind == "" && others[0][path] != nil { // the probe has a table in its place
			r = others[0][path]
		}
		all[path] = among(*r, path, others, recipe)
	}
	return all
}

// collect reads a text for what the parser asks: whether it is right does not matter.
func collect(text string) tomlform.Rules {
	root, errs := form.Open("", []byte(text), nil)
	if root == nil {
		panic("a probe is no TOML: " + errs.Error())
	}
	rules := root.Collect()
	readAll(root, "")
	return rules
}

// among compares what a missing key is with other networks and with the recipe.
func among(rule tomlform.Rule, path string, others []tomlform.Rules, recipe tomlform.Rules) Rule {
	r := Rule{Rule: rule}
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
