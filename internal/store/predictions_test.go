package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestPredictions: the hash is on the record, counts as part of the result where two executions
// have it, and does not where one of them has kept no file.
func TestPredictions(t *testing.T) {
	s, _ := open(t, 4)
	kept, without, other := result(2), result(2), result(2)
	kept.Predictions, other.Predictions = strings.Repeat("a", 64), strings.Repeat("b", 64)
	for _, r := range []Result{kept, without, kept} {
		if err := s.Complete(r, execution(2)); err != nil {
			t.Fatal(err)
		}
	}
	if got := records(t, s)[2].Result; !reflect.DeepEqual(*got, kept) {
		t.Errorf("the record has %+v, want %+v", *got, kept)
	}
	var differs *DiffersError
	if err := s.Complete(other, execution(2)); !errors.As(err, &differs) ||
		!strings.Contains(err.Error(), ": predictions aaaaaaaaaaaa and then bbbbbbbbbbbb, on here") {
		t.Errorf("other predictions: %v", err)
	}
	if got := records(t, s)[2].Result.Predictions; got != kept.Predictions {
		t.Errorf("the first hash has become %q", got)
	}
	if err := errors.Join(s.Complete(result(1), execution(1)), s.Complete(func() Result {
		r := result(1)
		r.Predictions = kept.Predictions
		return r
	}(), execution(1))); err != nil {
		t.Error(err)
	}
	if got := records(t, s)[1].Result.Predictions; got != "" {
		t.Errorf("a result without predictions has got the hash %q: results are final", got)
	}
}

// oldRecord makes a record by the first schemas, with one result.
func oldRecord(t *testing.T, version int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "study.db")
	s, err := connect(path, "_pragma=synchronous(FULL)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	names, err := migrationNames()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names[:version] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.Exec(string(text)); err != nil {
			t.Fatal(err)
		}
	}
	r := result(0)
	for _, statement := range []string{
		"PRAGMA application_id = 1196575044", fmt.Sprintf("PRAGMA user_version = %d", version),
		"INSERT INTO runs VALUES ('0000000000000000', 0, 'trial 0', 0)",
	} {
		if _, err := s.db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.db.Exec("INSERT INTO results (key, top1, top5, loss, examples, correct, "+
		"curve, steps) VALUES ('0000000000000000', ?, ?, ?, ?, ?, "+
		`'[{"epoch":1,"step":10,"loss":2.5,"top1":0.1}]', ?)`,
		r.Top1, r.Top5, r.Loss, r.Examples, r.Correct, r.Steps); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEarlierRecord: a record of every earlier schema opens for reading and for writing with its
// results as they were, and then takes results with predictions.
func TestEarlierRecord(t *testing.T) {
	for version := 1; version < splitVersion; version++ {
		earlierRecord(t, oldRecord(t, version))
	}
}

func earlierRecord(t *testing.T, path string) {
	t.Helper()
	want := result(0)
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := records(t, reader); len(got) != 1 || !reflect.DeepEqual(*got[0].Result, want) {
		t.Errorf("read alone: %+v", got[0].Result)
	}
	if got := records(t, reader)[0]; got.Stage != SearchStage || got.Network != "" || got.Test != nil {
		t.Errorf("read alone: %+v", got)
	}
	if list, err := reader.Decisions(); err != nil || list != nil {
		t.Errorf("a record without the table: %+v (%v)", list, err)
	}
	reader.Close()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := records(t, s); len(got) != 1 || !reflect.DeepEqual(*got[0].Result, want) {
		t.Errorf("migrated: %+v", got[0].Result)
	}
	names, _ := migrationNames()
	if version, err := s.pragma("user_version"); err != nil || version != len(names) {
		t.Errorf("the schema is version %d (%v)", version, err)
	}
	again := want
	again.Predictions = strings.Repeat("c", 64)
	if err := s.Complete(again, execution(0)); err != nil {
		t.Errorf("the run once more: %v", err)
	}
	if got := records(t, s); got[0].CPU != "cpu" || got[0].KernelSet != "generic" {
		t.Errorf("the first execution on the record was on %s", got[0].CPU)
	}
	if _, err := s.db.Exec("UPDATE results SET top1 = 1"); err == nil {
		t.Error("results can be changed after the migration")
	}
}
