// Package serve shows studies in a browser while they run, and after: pages that are rendered here
// and renewed by server-sent events. It reads the folders of studies, writes nothing, and asks
// nothing of any other host.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"gridsearch/internal/report"
	"gridsearch/internal/serve/events"
	"gridsearch/internal/serve/guard"
	"gridsearch/internal/serve/watch"
	"gridsearch/internal/study"
)

// DefaultAddress is where pages are served unless told otherwise: for this machine alone.
const DefaultAddress = "127.0.0.1:8017"

// AddressError says that an address cannot be served on.
type AddressError struct {
	Address string
	Err     error
}

// Error says why, and what to do.
func (e *AddressError) Error() string {
	return fmt.Sprintf("nothing can be served on %s: %v\nname another address with HOST:PORT; port 0 "+
		"is any free one", e.Address, e.Err)
}

// Unwrap is the cause.
func (e *AddressError) Unwrap() error { return e.Err }

// Listen takes an address HOST:PORT, of this machine alone where no host is named. Nothing is
// answered before Serve. The error is an *AddressError.
func Listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		if _, err = strconv.ParseUint(port, 10, 16); err != nil {
			err = fmt.Errorf("%q is no port: 0 to 65535", port)
		}
	}
	if err != nil {
		return nil, &AddressError{address, err}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		var cause *net.OpError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, &AddressError{address, err}
	}
	return listener, nil
}

// Source says which studies there are. A folder need not hold a study yet.
type Source struct {
	Dir string       // all studies below it; empty for One
	One study.Folder // this study alone
}

// folders are the studies, by the names that addresses have.
func (s Source) folders() (map[string]study.Folder, error) {
	if s.Dir == "" {
		path, err := filepath.Abs(string(s.One))
		if err != nil {
			return nil, err
		}
		return map[string]study.Folder{filepath.Base(path): s.One}, nil
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, err
	}
	list := map[string]study.Folder{}
	for _, e := range entries {
		if folder := study.Folder(filepath.Join(s.Dir, e.Name())); folder.Exists() {
			list[e.Name()] = folder
		}
	}
	return list, nil
}

// Options say what pages show besides; all are needed.
type Options struct {
	Host string // that was asked for, as in Listen's address
	// the command of that name, like run, for a study
	Command func(name string, folder study.Folder) string
	// what the results say and how certain that is, as lines that begin small and have no full stop
	Say func(report.Results) (answer, certainty []string)
	// figures, and a line for each that cannot be drawn
	Draw func(*study.Study, report.Results) (drawn []Picture, undrawn []string)
}

// Server answers for a source of studies.
type Server struct {
	source  Source
	o       Options
	http    http.Server
	closed  chan struct{} // at the end, for those who wait for events
	streams *events.Streams

	patience time.Duration // of a page, for the comparison of trials

	budget watch.Budget
	mutex  sync.Mutex
	pages  map[study.Folder]*page
}

// Limits of what clients may ask for. Those who wait for events are few, as browsers keep no more
// than six connections, and pages that are not seen have none.
const (
	mostWaiting   = 64
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = time.Minute
	mostHeader    = 16 << 10
	endTimeout    = 2 * time.Second
)

// New makes a server for studies.
func New(source Source, o Options) *Server {
	s := &Server{source: source, o: o, closed: make(chan struct{}),
		streams: events.New(mostWaiting), patience: firstLook, pages: map[study.Folder]*page{}}
	s.http = http.Server{Handler: guard.Handler(o.Host, s.routes()), ReadHeaderTimeout: headerTimeout,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: mostHeader, ErrorLog: log.New(silence{}, "", 0)}
	return s
}

// silence takes what net/http says of broken connections: it is nothing for the study's messages.
type silence struct{}

func (silence) Write(p []byte) (int, error) { return len(p), nil }

// URL is the address of the first page on a listener.
func URL(listener net.Listener) string {
	address := listener.Addr().String()
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().IsUnspecified() {
		address = net.JoinHostPort("localhost", strconv.Itoa(int(at.Port())))
	}
	return "http://" + address + "/"
}

// Public reports whether other machines can reach a listener.
func Public(listener net.Listener) bool {
	at, err := netip.ParseAddrPort(listener.Addr().String())
	return err != nil || !at.Addr().IsLoopback()
}

// Serve answers until the context ends, and closes the listener. What is being answered then has a
// moment to end.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	close(s.closed)
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := s.http.Shutdown(patient); err != nil {
		return s.http.Close()
	}
	return nil
}

// page is what is followed of a study.
func (s *Server) page(folder study.Folder) *page {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p := s.pages[folder]
	if p == nil {
		p = &page{study: watch.New(folder, &s.budget, s.o.maker())}
		s.pages[folder] = p
	}
	return p
}
