//go:build unix

package coordinator

import (
	"encoding/json"
	"os"
	"syscall"
	"testing"

	"gridsearch/internal/study"
)

// TestStatusHoldsNobodyUp: events go on while the status cannot be written, as on a pipe that
// nobody reads; the latest is written when it can.
func TestStatusHoldsNobodyUp(t *testing.T) {
	s, _ := waiting(t, 1)
	if err := syscall.Mkfifo(s.folder.Status(), 0o644); err != nil {
		t.Skip(err)
	}
	const events = 5
	for range events {
		s.tracker.HadFailed()
		s.tell(Event{Kind: Started})
	}
	pipe, err := os.Open(s.folder.Status())
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	written := make(chan struct{})
	go func() { s.board.flush(); close(written) }()
	last := study.Status{}
	for decoder := json.NewDecoder(pipe); last.Failed != events; {
		if err := decoder.Decode(&last); err != nil {
			t.Fatalf("after %d of %d: %v", last.Failed, events, err)
		}
	}
	<-written
}
