package page

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0.0 s", .04: "0.0 s", 9.94: "9.9 s", 9.96: "10 s",
		99: "99 s", 100: "2 min", 3569: "59 min", 3571: "1 h 0 min", 7260: "2 h 1 min",
		172799: "2 days 0 h", 200000: "2 days 7 h"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v seconds are %s, want %s", seconds, got, want)
		}
	}
}

// TestUnion: time in which several runs train counts once, and time in which none does not.
func TestUnion(t *testing.T) {
	at := func(minute int) time.Time {
		return time.Date(2026, 1, 1, 23, minute, 0, 0, time.UTC)
	}
	total, first, last := union([]span{{at(10), at(20)}, {at(0), at(5)}, {at(12), at(15)},
		{at(18), at(30)}, {at(30), at(31)}})
	if total != 26*time.Minute || !first.Equal(at(0)) || !last.Equal(at(31)) {
		t.Errorf("%v from %v to %v", total, first, last)
	}
	if got := between(at(0), at(31)); got != "2026-01-01 23:00 to 23:31 UTC" {
		t.Error(got)
	}
	if got := between(at(0), at(61)); got != "2026-01-01 23:00 to 2026-01-02 00:01 UTC" {
		t.Error(got)
	}
}

func TestCommented(t *testing.T) {
	const file = "\n# a study\n#Question:  which?  \n# Command: run\nseeds = 1\n# Late: no\n"
	for word, want := range map[string]string{"Question:": "which?", "Command:": "run", "Late:": "",
		"Other:": ""} {
		if got := commented(file[1:], word); got != want {
			t.Errorf("%s %q, want %q", word, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	got := sentences([]string{"5 of 12 (*); 95 % keep", "étude", "why?", "d=1 w=2 is best"})
	for i, want := range []string{"5 of 12; 95\u00a0% keep.", "Étude.", "Why?", "d=1 w=2 is best."} {
		if got[i] != want {
			t.Errorf("got %q, want %q", got[i], want)
		}
	}
}
