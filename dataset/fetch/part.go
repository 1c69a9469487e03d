package fetch

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"gridsearch/internal/files"
)

// part is a partial file, by its path.
type part string

// partOf is the partial file of a file's place.
func partOf(path string) part { return part(path + ".part") }

// note is kept beside a partial file. What is missing is appended only if the server says that its
// file is still the one that began.
type note struct {
	Address   string `json:"address"`
	Validator string `json:"validator"` // a strong ETag or a date, for If-Range
}

func (p part) note() string { return string(p) + ".json" }

// remove removes the partial file with its note.
func (p part) remove() error {
	err := os.Remove(string(p))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	_ = os.Remove(p.note()) // without its file a note says nothing
	return err
}

// begun is how many bytes are there, of a file from an address, and their validator; 0 where they
// cannot be continued. A file that is whole needs no validator.
func (p part) begun(address string, size int64) (have int64, validator string, err error) {
	info, err := os.Stat(string(p))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	if info.Size() == size {
		return size, "", nil
	}
	n := p.read()
	if n.Address != address || n.Validator == "" || info.Size() > size {
		return 0, "", nil
	}
	return info.Size(), n.Validator, nil
}

// read reads the note; what cannot be read is an empty one.
func (p part) read() (n note) {
	text, err := os.ReadFile(p.note())
	if err != nil || json.Unmarshal(text, &n) != nil {
		return note{}
	}
	return n
}

// open opens the partial file to append to so many bytes; with none it begins anew, with a note of
// the server's answer.
func (p part) open(have int64, address string, header http.Header) (*os.File, error) {
	if have > 0 {
		return os.OpenFile(string(p), os.O_WRONLY|os.O_APPEND, 0)
	}
	out, err := os.OpenFile(string(p), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(note{address, validatorOf(header)})
	if err == nil {
		err = files.Renew(p.note(), text)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// validatorOf is what If-Range takes, empty where there is nothing. A weak ETag says nothing about
// bytes.
func validatorOf(header http.Header) string {
	if tag := header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return header.Get("Last-Modified")
}
