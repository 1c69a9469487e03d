package store

import (
	"math"
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

// TestLatenciesThatAreNone: a time that is none, and a batch without an image, are damage, even
// where the row is as it was written.
func TestLatenciesThatAreNone(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		batch            int
		shortest, median float64
		ok               bool
	}{{1, 5e-324, 5e-324, true}, {0, 1, 1, false}, {1, 0, 1, false}, {1, 1, 0, false},
		{1, -1, 1, false}, {1, 1, -1, false}, {1, 1, inf, false}, {1, inf, 1, false},
		{1, inf, inf, false}} {
		s, path := open(t, 1)
		err := s.SetLatency(Latency{Trial: "trial 0", Batch: c.batch, Shortest: c.shortest,
			Median: c.median})
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.Latencies()
		if c.ok {
			if err != nil || len(list) != 1 || list[0].Shortest != c.shortest {
				t.Errorf("%+v is read as %+v (%v)", c, list, err)
			}
			continue
		}
		checkDamaged(t, err, path, "trial trial 0 has a latency of ")
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
