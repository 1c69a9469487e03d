// Package fetch downloads published data sets into a folder where package dataset reads them.
//
// A file takes its place by rename, after its checksums have been compared with the published ones;
// what was in the folder before is never replaced or removed. Until then its bytes are in
// NAME.part, from which a later call goes on if the server confirms, by an ETag or a date, that its
// file is the same (HTTP Range with If-Range). Nothing is read without a bound, neither from the
// network nor from a compressed file.
//
// References:
//
//	[RFC 9110] HTTP Semantics: sections 13.1.5 (If-Range) and 14 (range requests).
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"gridsearch/internal/files"
)

// Progress is how much of a file is here.
type Progress struct {
	File  string
	Begun int64 // bytes that an earlier call had left
	Done  int64 // bytes that are here, those among them
	Bytes int64 // of the whole file
}

// Fetcher downloads data sets.
type Fetcher struct {
	Client   *http.Client
	Progress func(Progress) // told of every piece of a file
	Say      func(string)   // told, as a line for people, why nothing goes on for a while

	silence time.Duration               // after which a server is given up
	pause   func(try int) time.Duration // after a try that has failed, from 1
}

// New makes a Fetcher that goes through the proxy that the environment names, if any.
func New(progress func(Progress), say func(string)) *Fetcher {
	return &Fetcher{Client: &http.Client{}, Progress: progress, Say: say,
		silence: time.Minute,
		pause:   func(try int) time.Duration { return time.Duration(try*try) * time.Second }}
}

// OccupiedError says that a file of another content is in the place of a published one.
type OccupiedError struct{ err error }

func (e *OccupiedError) Error() string { return e.err.Error() }
func (e *OccupiedError) Unwrap() error { return e.err }

// occupied makes one of what is wrong with a file that was there.
func occupied(err error) error {
	if wrong := (*ContentError)(nil); errors.As(err, &wrong) {
		return &OccupiedError{err}
	}
	return err
}

// Find is the first of some folders that has a whole data set, its sums compared; empty if none
// has.
func Find(ctx context.Context, set Set, folders []string) string {
	for _, folder := range folders {
		whole := true
		for _, f := range set.Files {
			missing, err := f.missing(ctx, folder)
			whole = whole && err == nil && !missing
		}
		if whole {
			return folder
		}
	}
	return ""
}

// Fetch downloads what is missing of a data set into a folder, which it makes, from the address of
// a folder. A published file that somebody has put there by hand is checked and used. The context's
// cause is returned where that has ended. Other errors are *NetworkError, *ContentError,
// *OccupiedError or the system's.
func (f *Fetcher) Fetch(ctx context.Context, set Set, base *url.URL, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	release, err := f.lock(ctx, folder)
	if err != nil {
		return err
	}
	defer release()
	for _, file := range set.Files {
		missing, err := file.missing(ctx, folder)
		if err == nil && missing {
			err = f.fetch(ctx, file, base.JoinPath(file.Name), folder)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missing reports whether a member of the file is not in the folder. One with other bytes is an
// *OccupiedError.
func (f File) missing(ctx context.Context, folder string) (missing bool, err error) {
	for _, m := range f.Members {
		at := filepath.Join(folder, m.Name)
		compressed := !f.Archive && exists(filepath.Join(folder, f.Name))
		if compressed { // the readers prefer it too
			at = filepath.Join(folder, f.Name)
		}
		err := m.check(ctx, at, compressed)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, occupied(err)
		}
		missing = missing || err != nil
	}
	return missing, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// fetch brings a file that is missing.
func (f *Fetcher) fetch(ctx context.Context, file File, address *url.URL, folder string) error {
	place := filepath.Join(folder, file.Name)
	if file.Archive && exists(place) {
		err := file.check(ctx, place)
		if err == nil {
			err = file.unfold(ctx, place, folder)
		}
		return occupied(err)
	}
	part := partOf(place)
	t := &transfer{Fetcher: f, file: file, address: address, part: part}
	if err := t.run(ctx); err != nil {
		return err
	}
	err := file.install(ctx, string(part), folder)
	wrong, taken := (*ContentError)(nil), (*OccupiedError)(nil)
	switch {
	case err == nil:
		return part.remove()
	case errors.As(err, &taken): // the part is right, and may be needed
	case errors.As(err, &wrong):
		wrong.Path = address.Redacted()
		return errors.Join(err, part.remove())
	}
	return err
}

// install checks a downloaded file and brings it, or its members, to the folder.
func (f File) install(ctx context.Context, downloaded, folder string) error {
	if err := f.check(ctx, downloaded); err != nil {
		return err
	}
	if f.Archive {
		return f.unfold(ctx, downloaded, folder)
	}
	if err := f.Members[0].check(ctx, downloaded, true); err != nil {
		return err
	}
	return os.Rename(downloaded, filepath.Join(folder, f.Name))
}

// unfold unpacks an archive into a folder beside the members' places, and moves them there when all
// are whole.
func (f File) unfold(ctx context.Context, archive, folder string) error {
	aside := filepath.Join(folder, f.Name+".unpacked")
	if err := os.RemoveAll(aside); err != nil { // a killed process has left it
		return err
	}
	defer os.RemoveAll(aside)
	if err := os.Mkdir(aside, 0o755); err != nil {
		return err
	}
	if err := f.unpack(ctx, archive, aside); err != nil {
		return err
	}
	for _, m := range f.Members {
		if err := settle(filepath.Join(aside, m.Name), filepath.Join(folder, m.Name)); err != nil {
			return err
		}
	}
	return nil
}

// settle moves a file to its place, unless it is there already. Only short texts can be there with
// other bytes: all others have been checked.
func settle(from, place string) error {
	if !exists(place) {
		return os.Rename(from, place)
	}
	ours, err := os.ReadFile(from)
	theirs, also := os.ReadFile(place)
	if err = errors.Join(err, also); err == nil && !bytes.Equal(ours, theirs) {
		return &OccupiedError{&ContentError{place, fmt.Errorf("its text is not %.60q", ours)}}
	}
	return err
}

// lockName is the file in a folder that whoever fetches into it has locked.
const lockName = ".fetch.lock"

// lock waits until nobody else fetches into a folder.
func (f *Fetcher) lock(ctx context.Context, folder string) (release func(), err error) {
	path := filepath.Join(folder, lockName)
	for told := false; ; told = true {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		// A disk without locks has none to wait for. The file may be one that its owner has removed
		// in the meantime.
		if taken, err := files.TryLock(file, false); err != nil || taken && same(file, path) {
			return func() { unlock(file, path) }, nil
		}
		file.Close()
		if !told {
			f.Say("another process fetches into " + folder + ": waiting for its end")
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// unlock removes the file of a lock while it is held, so that nobody can have taken it meanwhile.
// Windows removes no open file, so it must be closed there first; another's, open too, stays.
func unlock(file *os.File, path string) {
	err := os.Remove(path)
	file.Close()
	if err != nil {
		_ = os.Remove(path)
	}
}

// same reports whether an open file is the one at a path.
func same(file *os.File, path string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(open, there)
}
