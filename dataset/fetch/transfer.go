package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// tries is how often a file is asked for.
const tries = 3

// NetworkError says why a file could not be had from an address.
type NetworkError struct {
	Address string // without a password
	Err     error
}

func (e *NetworkError) Error() string { return e.Address + ": " + e.Err.Error() }
func (e *NetworkError) Unwrap() error { return e.Err }

// passingError may be gone at the next try.
type passingError struct{ err error }

func (e *passingError) Error() string { return e.err.Error() }
func (e *passingError) Unwrap() error { return e.err }

// errSilent ends a try that brings nothing for a while.
var errSilent = errors.New("the server has sent nothing for too long")

// transfer brings one file into its partial file, in several tries where it must.
type transfer struct {
	*Fetcher
	file    File
	address *url.URL
	part    part
	read    int64 // bytes of all tries
}

// run returns when the partial file has all bytes. Its errors are *NetworkError, the context's
// cause, or the system's about the partial file.
func (t *transfer) run(ctx context.Context) error {
	for try := 1; ; try++ {
		err := t.try(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		passing := (*passingError)(nil)
		if !errors.As(err, &passing) {
			return err
		}
		if try == tries {
			return t.failed("%w, at the last of %d tries", passing.err, tries)
		}
		t.Say(fmt.Sprintf("%s: %v; it is tried again", t.address.Redacted(), passing.err))
		select {
		case <-ctx.Done():
		case <-time.After(t.pause(try)):
		}
	}
}

func (t *transfer) failed(format string, args ...any) error {
	return &NetworkError{t.address.Redacted(), fmt.Errorf(format, args...)}
}

func passing(format string, args ...any) error {
	return &passingError{fmt.Errorf(format, args...)}
}

// try asks once for what is missing.
func (t *transfer) try(parent context.Context) error {
	have, validator, err := t.part.begun(t.address.Redacted(), t.file.Bytes)
	if err != nil || have == t.file.Bytes {
		return err
	}
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	alive := time.AfterFunc(t.silence, func() { stop(errSilent) })
	defer alive.Stop()
	response, err := t.ask(ctx, have, validator)
	if err != nil {
		return passing("%w", reason(ctx, err))
	}
	defer response.Body.Close()
	if have, err = t.accept(response, have); err != nil {
		return err
	}
	out, err := t.part.open(have, t.address.Redacted(), response.Header)
	if err != nil {
		return err
	}
	err = t.receive(out, have, func(piece []byte) (int, error) {
		if ctx.Err() != nil { // what has come already would be read still
			return 0, passing("%w", context.Cause(ctx))
		}
		n, err := response.Body.Read(piece)
		alive.Reset(t.silence)
		if err != nil && err != io.EOF {
			err = passing("%w", reason(ctx, err))
		}
		return n, err
	})
	if err = errors.Join(err, out.Close()); isNetwork(err) {
		return errors.Join(err, t.part.remove())
	}
	return err
}

func isNetwork(err error) bool {
	network := (*NetworkError)(nil)
	return errors.As(err, &network)
}

// reason is why a request has ended.
func reason(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if about := (*url.Error)(nil); errors.As(err, &about) { // its address is said anyway
		return about.Err
	}
	return err
}

func (t *transfer) ask(ctx context.Context, have int64, validator string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.address.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity") // these are compressed files, wanted as such
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		request.Header.Set("If-Range", validator)
	}
	return t.Client.Do(request)
}

// accept looks at the server's answer, and returns how many of the bytes that are there it goes on
// from.
func (t *transfer) accept(r *http.Response, have int64) (int64, error) {
	switch {
	case r.StatusCode == http.StatusOK: // the file is another one, or the server knows no ranges
		have = 0
	case have > 0 && r.StatusCode == http.StatusRequestedRangeNotSatisfiable,
		have > 0 && r.StatusCode == http.StatusPartialContent &&
			!continues(r.Header.Get("Content-Range"), have, t.file.Bytes):
		return 0, errors.Join(passing("the server answers %s with Content-Range %q when asked for "+
			"what comes after byte %d of %d", r.Status, r.Header.Get("Content-Range"), have,
			t.file.Bytes), t.part.remove())
	case have > 0 && r.StatusCode == http.StatusPartialContent:
	case r.StatusCode >= 500:
		return 0, passing("the server answers %s", r.Status)
	default:
		return 0, t.failed("the server answers %s", r.Status)
	}
	if there := have + r.ContentLength; r.ContentLength >= 0 && there != t.file.Bytes {
		return 0, t.failed("the file there has %d bytes, the published one has %d", there,
			t.file.Bytes)
	}
	return have, nil
}

// continues reports whether a Content-Range goes from a byte to the end of a file of that size.
func continues(header string, from, size int64) bool {
	total, ok := strings.CutPrefix(header, fmt.Sprintf("bytes %d-%d/", from, size-1))
	return ok && (total == "*" || total == fmt.Sprint(size))
}

// receive writes what is read behind the bytes that are there, up to the end of the file. No server
// makes it read twice as much as the file has.
func (t *transfer) receive(out *os.File, have int64, read func([]byte) (int, error)) error {
	progress := Progress{File: t.file.Name, Begun: have, Done: have, Bytes: t.file.Bytes}
	piece := make([]byte, 1<<16)
	for {
		t.Progress(progress)
		n, err := read(piece)
		t.read += int64(n)
		progress.Done += int64(n)
		if progress.Done > t.file.Bytes || t.read > 2*t.file.Bytes {
			return t.failed("the server sends more than the %d bytes of the published file",
				t.file.Bytes)
		}
		if _, err := out.Write(piece[:n]); err != nil {
			return err
		}
		switch {
		case err == io.EOF && progress.Done < t.file.Bytes:
			return passing("the connection ended after %d of %d bytes", progress.Done, t.file.Bytes)
		case err == io.EOF:
			t.Progress(progress)
			return out.Sync()
		case err != nil:
			return err
		}
	}
}
