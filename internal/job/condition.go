package job

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/nearest"
	"gridsearch/model/recipe"
)

// form is what a message says a condition is.
const form = "a condition is fields of [train] with their values and spaces between them, such " +
	"as epochs=8 learning_rate=0.1"

// setting is a field of a condition with its value as text.
type setting struct{ name, value string }

// Under is the spec with its recipe changed by a condition, and with the key of that training: the
// one that a study has whose file says so from the beginning. The condition is fields of [train]
// with their values and spaces between them; learning_rate is as trained, in no proportion to the
// batch. The spec's Condition is the text in one form: sorted by name, numbers as short as can be,
// and without what changes nothing. A spec that is under a condition already is refused.
func (s Spec) Under(condition string) (Spec, error) {
	if s.Condition != "" {
		return s, fmt.Errorf("trial %s is under the condition %s already: start from the spec "+
			"without it", s.Trial, s.Condition)
	}
	changed, text, err := changedBy(s.Recipe, condition)
	if err != nil {
		return s, fmt.Errorf("condition %q: %w", condition, err)
	}
	s.Recipe, s.Condition = changed, text
	return s.WithKey()
}

// checkCondition holds the condition against the recipe, which has it already.
func (s Spec) checkCondition() error {
	if s.Condition == "" {
		return nil
	}
	list, err := settings(s.Condition)
	if err != nil {
		return err
	}
	for i, c := range list {
		if has := value(s.Recipe, c.name); has != c.value || i > 0 && c.name < list[i-1].name {
			return fmt.Errorf("its condition is %s and its recipe has %s=%s", s.Condition, c.name, has)
		}
	}
	return nil
}

// changedBy is a recipe under a condition, with the condition in one form. An optimiser brings its
// defaults along, whatever place it has in the text.
func changedBy(r recipe.Recipe, condition string) (changed recipe.Recipe, text string, err error) {
	list, err := settings(condition)
	if err != nil {
		return r, "", err
	}
	before, err := optimizedBy(r, list)
	if err != nil {
		return r, "", err
	}
	changed = before
	changed.Options = maps.Clone(before.Options)
	var words []string
	for _, s := range list {
		if err := set(&changed, s); err != nil {
			return r, "", err
		}
		from := before
		if s.name == optimizerField {
			from = r
		}
		if v := value(changed, s.name); v != value(from, s.name) {
			words = append(words, s.name+"="+v)
		}
	}
	slices.Sort(words)
	return changed, strings.Join(words, " "), changed.Validate()
}

// optimizerField is the field that decides which others there are.
const optimizerField = "optimizer"

// optimizedBy is a recipe with the optimiser that a condition names, where it names another.
func optimizedBy(r recipe.Recipe, condition []setting) (recipe.Recipe, error) {
	for _, s := range condition {
		switch {
		case s.name != optimizerField || s.value == r.Optimizer:
		case !slices.Contains(recipe.Optimizers, s.value):
			return r, fmt.Errorf("there is no optimizer %q; did you mean %s?", s.value,
				nearest.Words(s.value, recipe.Optimizers))
		default:
			r = r.WithOptimizer(s.value)
		}
	}
	return r, nil
}

// settings reads the text of a condition, every field once.
func settings(condition string) ([]setting, error) {
	var list []setting
	for _, word := range strings.Fields(condition) {
		name, value, ok := strings.Cut(word, "=")
		switch {
		case !ok || name == "" || value == "":
			return nil, fmt.Errorf("%q is no field with a value: %s", word, form)
		case slices.ContainsFunc(list, func(s setting) bool { return s.name == name }):
			return nil, fmt.Errorf("%s is there twice: leave one out", name)
		}
		list = append(list, setting{name, value})
	}
	if len(list) == 0 {
		return nil, errors.New("it is empty: " + form)
	}
	return list, nil
}

// fields are those of a recipe by their names in a file, without what is another optimiser's.
func fields(r *recipe.Recipe) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if v.Field(i).Kind() != reflect.Map { // of options
			all[name] = v.Field(i)
		}
	}
	own, _ := recipe.OptimizerNamed(r.Optimizer)
	for _, other := range recipe.AllOptimizers() {
		for _, name := range other.Fields {
			if !slices.Contains(own.Fields, name) {
				delete(all, name)
			}
		}
	}
	return all
}

// set changes a field.
func set(r *recipe.Recipe, s setting) error {
	known := fields(r)
	f, ok := known[s.name]
	_, option := r.Options[s.name]
	switch v, err := strconv.ParseFloat(s.value, 64); {
	case option || ok && f.Kind() == reflect.Float64:
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("%s must be a finite number, not %q", s.name, s.value)
		}
		v += 0 // no negative zero
		if option {
			r.Options[s.name] = v
		} else {
			f.SetFloat(v)
		}
		return nil
	case !ok:
		names := slices.AppendSeq(slices.Collect(maps.Keys(known)), maps.Keys(r.Options))
		slices.Sort(names)
		return fmt.Errorf("[train] has no field %s with %s; did you mean %s?", s.name, r.Optimizer,
			nearest.Words(s.name, names))
	}
	return setOther(f, s)
}

// setOther changes a field that is no fraction.
func setOther(f reflect.Value, s setting) error {
	switch f.Kind() {
	case reflect.Int:
		v, err := strconv.Atoi(s.value)
		if err != nil {
			return fmt.Errorf("%s must be a whole number, not %q", s.name, s.value)
		}
		f.SetInt(int64(v))
	case reflect.Bool:
		if s.value != "true" && s.value != "false" {
			return fmt.Errorf("%s must be true or false, not %q", s.name, s.value)
		}
		f.SetBool(s.value == "true")
	default:
		f.SetString(s.value)
	}
	return nil
}

// value is that of a field as text, empty for one that the recipe lacks.
func value(r recipe.Recipe, name string) string {
	if v, ok := r.Options[name]; ok {
		return fmt.Sprint(v)
	}
	f, ok := fields(&r)[name]
	if !ok {
		return ""
	}
	return fmt.Sprint(f.Interface())
}
