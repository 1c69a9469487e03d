package serve

import (
	"net/http"
	"time"

	"gridsearch/internal/serve/events"
)

// listEvery is how often the list of all studies is looked at.
const listEvery = 2 * time.Second

// studyEvents renews the page of a study.
func (s *Server) studyEvents(w http.ResponseWriter, r *http.Request) {
	p, name, ok := s.known(r)
	if !ok {
		s.missing(w)
		return
	}
	s.streams.Serve(w, r, func(send func([]events.Fragment) error) error {
		defer p.study.Watch(true)()
		for {
			list, changed, err := s.fragments(p, name)
			if err != nil {
				return err
			}
			if err := send(list); err != nil {
				return err
			}
			select {
			case <-changed:
			case <-time.After(events.BeatEvery):
			case <-r.Context().Done():
				return nil
			case <-s.closed:
				return nil
			}
		}
	})
}

// folderEvents renews the list of all studies.
func (s *Server) folderEvents(w http.ResponseWriter, r *http.Request) {
	if s.source.Dir == "" {
		s.missing(w)
		return
	}
	s.streams.Serve(w, r, func(send func([]events.Fragment) error) error {
		for {
			f, err := s.list()
			if err != nil {
				return err
			}
			if err := send([]events.Fragment{f}); err != nil {
				return err
			}
			select {
			case <-time.After(listEvery):
			case <-r.Context().Done():
				return nil
			case <-s.closed:
				return nil
			}
		}
	})
}
