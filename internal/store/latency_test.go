package store

import (
	"reflect"
	"testing"
	"time"
)

// TestLatencies: the last measurement of a trial and batch stays, results are as they were, and a
// record of an earlier schema has none.
func TestLatencies(t *testing.T) {
	s, _ := open(t, 2)
	at := time.Date(2026, 11, 24, 12, 0, 0, 500, time.UTC)
	one := Latency{Trial: "trial 0", Batch: 1, Threads: 2, Repeats: 20, Shortest: 1.5e-3,
		Median: 2e-3, CPU: "cpu", KernelSet: "avx2", Measured: at}
	many, again := one, one
	many.Batch, many.Shortest = 16, .02
	again.Shortest, again.CPU = 1.25e-3, "another"
	for _, l := range []Latency{many, one, again} {
		if err := s.SetLatency(l); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := s.Latencies(); err != nil || !reflect.DeepEqual(list, []Latency{again, many}) {
		t.Errorf("%+v (%v), want %+v", list, err, []Latency{again, many})
	}
	old, err := OpenReadOnly(oldRecord(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if list, err := old.Latencies(); err != nil || list != nil {
		t.Errorf("a record without the table: %+v (%v)", list, err)
	}
}

// TestLatenciesOfUnplannedTrials: what was measured of a trial stays as long as one of its runs is
// on the record, planned or not, and goes with the last one when the plan is next taken over.
func TestLatenciesOfUnplannedTrials(t *testing.T) {
	s, _ := open(t, 4)
	for _, trial := range []string{"trial 0", "trial 1"} {
		if err := s.SetLatency(Latency{Trial: trial, Batch: 1, Shortest: 1, Median: 1}); err != nil {
			t.Fatal(err)
		}
	}
	wanted := func(want ...string) {
		t.Helper()
		wantRows(t, s, "SELECT trial FROM latencies ORDER BY trial", want...)
	}
	if err := s.Plan(search(plan(2))); err != nil {
		t.Fatal(err)
	}
	wanted("trial 0", "trial 1")
	if err := s.Withdraw(search(plan(2))); err != nil {
		t.Fatal(err)
	}
	wanted("trial 0", "trial 1")
	if err := s.Plan(search(plan(1))); err != nil {
		t.Fatal(err)
	}
	wanted("trial 0")
}
