package store

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gridsearch/internal/store/stages"
)

// migrations are the files of the schema's versions, in their order.
func migrations(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("database/migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}

// unchecked opens a file whatever it is, and brings nothing about it up to date.
func unchecked(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// oldRecord makes a record by the first schemas, with one result.
func oldRecord(t *testing.T, version int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "study.db")
	db := unchecked(t, path)
	defer db.Close()
	for _, name := range migrations(t)[:version] {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(text)); err != nil {
			t.Fatal(err)
		}
	}
	r := result(0)
	for _, statement := range []string{
		"PRAGMA application_id = 1196575044", fmt.Sprintf("PRAGMA user_version = %d", version),
		"INSERT INTO runs (key, position, trial, seed) VALUES (" +
			"'0000000000000000', 0, 'trial 0', 0)",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("INSERT INTO results (key, top1, top5, loss, examples, correct, "+
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
	for version := 1; version < len(migrations(t)); version++ {
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
	if got := records(t, reader)[0]; got.Stage != stages.Search || got.Network != "" ||
		got.Test != nil {
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
	wantRows(t, s, "PRAGMA user_version", fmt.Sprint(len(migrations(t))))
	again := want
	again.Predictions = strings.Repeat("c", 64)
	if err := s.Complete(again, execution(0)); err != nil {
		t.Errorf("the run once more: %v", err)
	}
	if got := records(t, s); got[0].CPU != "cpu" || got[0].KernelSet != "generic" {
		t.Errorf("the first execution on the record was on %s", got[0].CPU)
	}
	if _, err := s.file.DB.Exec("UPDATE results SET top1 = 1"); err == nil {
		t.Error("results can be changed after the migration")
	}
}
