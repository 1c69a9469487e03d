package fetch

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ContentError says that a file is not the published one, and why.
type ContentError struct {
	Path string // or address
	Err  error
}

func (e *ContentError) Error() string {
	return fmt.Sprintf("%s is not the published file: %v", e.Path, e.Err)
}
func (e *ContentError) Unwrap() error { return e.Err }

// content makes a *ContentError of what was found in a file; what the system says of it, or whoever
// ends the context, is returned as it is.
func content(ctx context.Context, path string, err error) error {
	switch system := (*fs.PathError)(nil); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil, errors.As(err, &system):
		return err
	}
	return &ContentError{path, err}
}

// check holds a published file to its sums.
func (f File) check(ctx context.Context, at string) error {
	file, err := os.Open(at)
	if err != nil {
		return err
	}
	defer file.Close()
	sums := []struct {
		of, want string
		hash     hash.Hash
	}{{"its MD5", f.MD5, md5.New()}, {"its SHA-256", f.SHA256, sha256.New()}}
	both := io.MultiWriter(sums[0].hash, sums[1].hash)
	if _, err := io.Copy(both, reading(ctx, file)); err != nil {
		return err
	}
	for _, sum := range sums {
		got := hex.EncodeToString(sum.hash.Sum(nil))
		if sum.want != "" && got != sum.want {
			return &ContentError{at, fmt.Errorf("%s is %s, want %s", sum.of, got, sum.want)}
		}
	}
	return nil
}

// readerFunc reads by a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// reading reads until a context ends.
func reading(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return r.Read(p)
	})
}

// bounded fails when a reader gives more than so many bytes.
func bounded(r io.Reader, left int64) io.Reader {
	most := left
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p[:min(int64(len(p)), left+1)])
		if left -= int64(n); left < 0 {
			return 0, fmt.Errorf("it holds more than the %d bytes that are published", most)
		}
		return n, err
	})
}

// copy copies the member's bytes, and holds them to their number and sum.
func (m Member) copy(to io.Writer, from io.Reader) error {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), bounded(from, m.limit()))
	if err != nil {
		return err
	}
	if m.Bytes > 0 && n < m.Bytes {
		return fmt.Errorf("%s in it has %d bytes, want %d", m.Name, n, m.Bytes)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); m.SHA256 != "" && got != m.SHA256 {
		return fmt.Errorf("the SHA-256 of %s, uncompressed, is %s, want %s", m.Name, got, m.SHA256)
	}
	return nil
}

// check checks a member in a file of its own, plain or compressed.
func (m Member) check(ctx context.Context, at string, compressed bool) error {
	file, err := os.Open(at)
	if err != nil {
		return err
	}
	defer file.Close()
	var from io.Reader = bufio.NewReader(reading(ctx, file))
	if compressed {
		if from, err = gzip.NewReader(from); err != nil {
			return content(ctx, at, err)
		}
	}
	return content(ctx, at, m.copy(io.Discard, from))
}

// besides is how many bytes an archive may have that are no member's: headers, and a page about it.
const besides = 1 << 20

// unpack writes the members of an archive into a folder, whatever folders they have in it; others
// stay where they are.
func (f File) unpack(ctx context.Context, archive, folder string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	from := bufio.NewReader(reading(ctx, file))
	return content(ctx, archive, f.unpackFrom(from, folder))
}

func (f File) unpackFrom(from io.Reader, folder string) error {
	plain, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	missing, most := map[string]Member{}, int64(besides)
	for _, m := range f.Members {
		missing[m.Name] = m
		most += m.limit()
	}
	for entries := tar.NewReader(bounded(plain, most)); len(missing) > 0; {
		entry, err := entries.Next()
		if err == io.EOF {
			return fmt.Errorf("%s is not in it", first(f.Members, missing))
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return err
		}
		m, ok := missing[path.Base(entry.Name)]
		if !ok || !fs.ValidPath(strings.TrimPrefix(entry.Name, "./")) {
			continue
		}
		if entry.Typeflag != tar.TypeReg {
			return fmt.Errorf("%s in it is no file but a link or the like", entry.Name)
		}
		delete(missing, m.Name)
		if err := m.write(entries, filepath.Join(folder, m.Name)); err != nil {
			return err
		}
	}
	return nil
}

// first is the first of the members that are missing.
func first(members []Member, missing map[string]Member) string {
	for _, m := range members {
		if _, ok := missing[m.Name]; ok {
			return m.Name
		}
	}
	return ""
}

// write writes a member of an archive into a new file.
func (m Member) write(from io.Reader, at string) error {
	out, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err = m.copy(out, from); err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
