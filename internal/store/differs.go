package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Given is a result with who gave it.
type Given struct {
	Result      Result
	Host        string
	Environment Environment
}

// DiffersError says that a run gave another result than the one on the record, on the same kind of
// CPU: the numbers are not reproducible. The record has the first result and both executions.
type DiffersError struct {
	Key           string
	First, Second Given
}

// Error names the run, in what its results differ and who gave them.
func (e *DiffersError) Error() string {
	return fmt.Sprintf("run %s has given two results: %s: something is not deterministic; the record "+
		"keeps the first", e.Key, e.What())
}

// What says in what the results differ, by the names of the record's columns, and who gave them.
func (e *DiffersError) What() string {
	return fmt.Sprintf("%s, on %s and then on %s, both by kernels %s on %s",
		strings.Join(e.First.Result.differences(e.Second.Result), ", "), e.First.Host, e.Second.Host,
		e.Second.Environment.KernelSet, e.Second.Environment.CPU)
}

// differences says in what a later result of a run differs. Their predictions count where both have
// kept them.
func (r Result) differences(later Result) (list []string) {
	before, after := reflect.ValueOf(r), reflect.ValueOf(later)
	for i := range before.NumField() {
		name, _, _ := strings.Cut(before.Type().Field(i).Tag.Get("json"), ",")
		a, b := before.Field(i).Interface(), after.Field(i).Interface()
		switch {
		case reflect.DeepEqual(a, b):
		case name == "predictions" && (a == "" || b == ""):
		case before.Field(i).Kind() == reflect.Slice:
			list = append(list, name)
		case before.Field(i).Kind() == reflect.String: // a hash
			list = append(list, fmt.Sprintf("%s %.12s and then %.12s", name, a, b))
		default:
			list = append(list, fmt.Sprintf("%s %v and then %v", name, a, b))
		}
	}
	return list
}

// second looks for an earlier result of the run, from the same kernel set and CPU, that this one
// differs from.
func second(tx *sql.Tx, result Result, e Execution) (*DiffersError, error) {
	var first Given
	var curve, environment string
	r := &first.Result
	err := tx.QueryRow(`
		SELECT t.top1, t.top5, t.loss, t.examples, t.correct, t.curve, t.steps, t.predictions,
			x.host, x.environment
		FROM results t JOIN executions x ON x.key = t.key AND x.outcome = 'complete'
		WHERE t.key = ? AND t.split = 'validation' ORDER BY x.id LIMIT 1`, e.Key).
		Scan(&r.Top1, &r.Top5, &r.Loss, &r.Examples, &r.Correct, &curve, &r.Steps, &r.Predictions,
			&first.Host, &environment)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err = errors.Join(err, json.Unmarshal([]byte(curve), &r.Curve),
		json.Unmarshal([]byte(environment), &first.Environment)); err != nil {
		return nil, err
	}
	there, here := first.Environment, e.Environment
	alike := there.KernelSet == here.KernelSet && there.CPU == here.CPU
	if !alike || len(r.differences(result)) == 0 {
		return nil, nil
	}
	return &DiffersError{e.Key, first, Given{result, e.Host, here}}, nil
}
