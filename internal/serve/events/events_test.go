package events

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestParts: the first event has everything, later ones what is new, and where nothing is, there is
// a beat now and then.
func TestParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		a, b := Fragment{"a", "1", "<b>1</b>"}, Fragment{"b", "1", "x\ny"}
		New(1).Serve(w, httptest.NewRequest("GET", "/", nil), func(send func([]Fragment) error) error {
			err1 := send([]Fragment{a, b})
			err2 := send([]Fragment{a, b}) // nothing is new, and no time has passed
			b.Version = "2"
			err3 := send([]Fragment{a, b})
			time.Sleep(BeatEvery)
			return errors.Join(err1, err2, err3, send([]Fragment{a, b}))
		})
		const one = `{"id":"a","v":"1","html":"\u003cb\u003e1\u003c/b\u003e"}`
		want := "event: parts\ndata: [" + one + `,{"id":"b","v":"1","html":"x\ny"}]` + "\n\n" +
			"event: parts\ndata: " + `[{"id":"b","v":"2","html":"x\ny"}]` + "\n\n" +
			"event: beat\ndata: null\n\n"
		if got := w.Body.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if kind := w.Header().Get("Content-Type"); kind != "text/event-stream" || !w.Flushed {
			t.Errorf("it is %q, flushed: %v", kind, w.Flushed)
		}
	})
}

// TestPlaces: there are so many clients and no more, and whoever leaves makes room.
func TestPlaces(t *testing.T) {
	s := New(1)
	get := func(do func()) int {
		w := httptest.NewRecorder()
		s.Serve(w, httptest.NewRequest("GET", "/", nil), func(func([]Fragment) error) error {
			do()
			return nil
		})
		return w.Code
	}
	second := 0
	if first := get(func() { second = get(func() {}) }); first != http.StatusOK ||
		second != http.StatusServiceUnavailable {
		t.Errorf("the first client gets %d, the second %d", first, second)
	}
	if third := get(func() {}); third != http.StatusOK {
		t.Errorf("after the first has left the next gets %d", third)
	}
}

// TestHead gets headers, and no place for ever.
func TestHead(t *testing.T) {
	w := httptest.NewRecorder()
	New(1).Serve(w, httptest.NewRequest("HEAD", "/", nil), func(func([]Fragment) error) error {
		t.Error("a request for headers waits for events")
		return nil
	})
	if w.Body.Len() > 0 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event") {
		t.Errorf("it gets %q", w.Body)
	}
}
