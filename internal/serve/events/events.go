// Package events sends a page what has changed of it, as server-sent events.
package events

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

// Fragment is a part of a page that changes by itself.
type Fragment struct {
	ID      string        `json:"id"` // of its element
	Version string        `json:"v"`  // another one for another HTML
	HTML    template.HTML `json:"html"`
}

const (
	// BeatEvery is how often a client hears that the connection stands.
	BeatEvery = 5 * time.Second
	timeout   = 10 * time.Second // for a client to take an event
)

// Streams are the clients that wait for events at one time.
type Streams struct{ places chan struct{} }

// New has places for so many clients.
func New(most int) *Streams { return &Streams{make(chan struct{}, most)} }

// Serve lets a client wait for events, as long as there are places. To send is to name the fragments
// as they are now: the event "parts" has those that the client does not have yet, and "beat" comes
// where none is new and there was no event for a while. An error of send ends it.
func (s *Streams) Serve(w http.ResponseWriter, r *http.Request,
	serve func(send func([]Fragment) error) error) {
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	c := client{w, http.NewResponseController(w), map[string]string{}, time.Time{}}
	_ = serve(c.send) // it is gone, or the page cannot be rendered, which the page itself says
}

// client is one that waits, with the versions that it has.
type client struct {
	w       http.ResponseWriter
	control *http.ResponseController
	has     map[string]string
	last    time.Time
}

func (c *client) send(list []Fragment) error {
	var news []Fragment
	for _, f := range list {
		if c.has[f.ID] != f.Version {
			news = append(news, f)
			c.has[f.ID] = f.Version
		}
	}
	event := "parts"
	if len(news) == 0 {
		if time.Since(c.last) < BeatEvery*9/10 {
			return nil
		}
		event = "beat"
	}
	text, err := json.Marshal(news)
	if err != nil {
		return err
	}
	c.last = time.Now()
	_ = c.control.SetWriteDeadline(c.last.Add(timeout)) // a recorder of tests has none
	if _, err := fmt.Fprintf(c.w, "event: %s\ndata: %s\n\n", event, text); err != nil {
		return err
	}
	return c.control.Flush()
}
