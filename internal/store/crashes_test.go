package store

import (
	"testing"
)

// TestCrashes: the deaths of a run's workers are counted for each place, and a run that is given up
// for them is tried again elsewhere, and nowhere after an error of its own.
func TestCrashes(t *testing.T) {
	s, _ := open(t, 3)
	e := execution(0)
	e.Error = "signal: killed"
	for want, place := range map[int]string{1: "there", 2: "here"} {
		var n int
		for range want {
			var err error
			if n, err = s.Crash(e, place); err != nil {
				t.Fatal(err)
			}
		}
		if n != want {
			t.Errorf("%s: it has crashed %d times, want %d", place, n, want)
		}
	}
	if cause, err := s.LastCrash(e.Key); cause != e.Error || err != nil {
		t.Errorf("the last cause is %q (%v)", cause, err)
	}
	if cause, err := s.LastCrash(execution(1).Key); cause != "" || err != nil {
		t.Errorf("the cause of none is %q (%v)", cause, err)
	}
	if times, err := s.Crashes("here"); err != nil || len(times) != 1 || times[e.Key] != 2 {
		t.Errorf("the crashes here are %v (%v)", times, err)
	}
	if err := s.GiveUp(e.Key, e.Error); err != nil {
		t.Fatal(err)
	}
	own := execution(1)
	if _, err := s.Crash(own, "there"); err != nil {
		t.Fatal(err)
	}
	own.Outcome, own.Error = OutcomeFailed, "the loss became NaN"
	if err := s.Note(own, true); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		place string
		want  int
	}{{"here", 0}, {"elsewhere", 1}, {"elsewhere", 0}} {
		if n, err := s.Forgive(c.place); n != c.want || err != nil {
			t.Errorf("%s: %d runs wait again (%v), want %d", c.place, n, err, c.want)
		}
	}
	if list := records(t, s); list[0].State != Waiting || list[1].State != Failed {
		t.Errorf("the runs are %s and %s", list[0].State, list[1].State)
	}
	if n, err := s.Retry(); n != 1 || err != nil {
		t.Errorf("%d runs wait again (%v)", n, err)
	}
	if times, err := s.Crashes("here"); err != nil || len(times) != 0 {
		t.Errorf("after retry the crashes are %v (%v)", times, err)
	}
}
