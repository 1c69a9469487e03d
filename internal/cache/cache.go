// Package cache stores values that are slow to compute in the user's cache directory.
//
// A file that is lost, damaged or cannot be written costs time and nothing else: what Load does not
// give whole is computed again. Files are replaced by rename, so that processes may share them.
package cache

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"

	"gridsearch/internal/files"
)

// Folder is a folder of cached files; the empty one caches nothing.
type Folder string

// User is the folder of a purpose below the user's cache directory, which XDG_CACHE_HOME sets on
// Linux; the empty Folder if there is none.
func User(purpose string) Folder {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return Folder(filepath.Join(dir, "gridsearch", purpose))
}

// Load returns what Save stored under a name, if it is complete: the file begins with the SHA-256
// of the data.
func (f Folder) Load(name string) (data []byte, ok bool) {
	if f == "" {
		return nil, false
	}
	text, err := os.ReadFile(filepath.Join(string(f), name))
	if err != nil || len(text) < sha256.Size {
		return nil, false
	}
	data = text[sha256.Size:]
	sum := sha256.Sum256(data)
	return data, bytes.Equal(text[:sha256.Size], sum[:])
}

// Save stores data under a name, if the folder is writable.
func (f Folder) Save(name string, data []byte) {
	if f == "" || os.MkdirAll(string(f), 0o755) != nil {
		return
	}
	files.Clean(string(f))
	sum := sha256.Sum256(data)
	_ = files.Renew(filepath.Join(string(f), name), append(sum[:], data...))
}
