package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// query lists the rows of a query, each as its values with spaces between.
func query(t *testing.T, s *Store, text string) []string {
	t.Helper()
	rows, err := s.file.DB.Query(text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, pointers := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	var list []string
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.TrimSpace(fmt.Sprintln(values...)))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func wantRows(t *testing.T, s *Store, text string, want ...string) {
	t.Helper()
	if got := query(t, s, text); !slices.Equal(got, want) {
		t.Errorf("%s gives\n%s\nwant\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// viewed is a record with a trial of two complete runs, of which one was made again elsewhere, and
// one of a failed and a waiting run.
func viewed(t *testing.T) *Store {
	t.Helper()
	s, _ := open(t, 4)
	empty := result(1)
	empty.Curve = nil
	elsewhere := execution(0)
	elsewhere.Environment.CPU, elsewhere.Host, elsewhere.TrainSeconds = "other", "there", 9
	crash := execution(2)
	crash.Outcome, crash.Error = OutcomeCrashed, "killed"
	for _, err := range []error{
		s.Complete(result(0), execution(0)), s.Complete(result(0), elsewhere),
		s.Complete(empty, execution(1)), s.Note(crash, true),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestViews holds the views to the record: a run once, with the execution that gave its result.
func TestViews(t *testing.T) {
	s := viewed(t)
	wantRows(t, s, "SELECT substr(key, 15), trial, seed, state, round(top1, 3), top5, examples, "+
		"steps, train_seconds, kernel_set, cpu, host, error FROM run_results",
		"00 trial 0 0 complete 0.111 0.5 9 10 1.5 generic cpu here <nil>",
		"01 trial 0 1 complete 0.222 0.5 9 10 1.5 generic cpu here <nil>",
		"02 trial 1 0 failed <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> killed",
		"03 trial 1 1 waiting <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil> <nil>")
	wantRows(t, s, "SELECT substr(key, 15), trial, seed, epoch, step, loss, top1 FROM curves",
		"00 trial 0 0 1 10 2.5 0.1")
	wantRows(t, s, "SELECT trial, runs, round(top1, 4), round(top1_least, 4), "+
		"round(top1_most, 4), top5, round(loss, 4) FROM trial_means",
		"trial 0 2 0.1667 0.1111 0.2222 0.5 3.1416",
		"trial 1 0 <nil> <nil> <nil> <nil> <nil>")
	for _, view := range []string{"run_results", "curves", "trial_means"} {
		if _, err := s.file.DB.Exec("UPDATE " + view + " SET top1 = 1"); err == nil {
			t.Errorf("%s can be written to", view)
		}
	}
}

// TestViewsOfAnEarlierRecord: reading an earlier record adds nothing to it, the next writer does.
func TestViewsOfAnEarlierRecord(t *testing.T) {
	path := oldRecord(t, 2)
	const views = "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name"
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, reader, views)
	reader.Close()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantRows(t, s, views, "curves", "run_results", "trial_means")
	wantRows(t, s, "SELECT state, steps, cpu FROM run_results", "complete 10 <nil>")
	wantRows(t, s, "SELECT epoch, step, loss, top1 FROM curves", "1 10 2.5 0.1")
	wantRows(t, s, "SELECT trial, runs FROM trial_means", "trial 0 1")
}
