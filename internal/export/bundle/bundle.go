// Package bundle packs a study into one archive, as one attaches it to a paper: plan, record,
// tables, figures, predictions and where all of it was computed, with checksums and a description.
//
// The archive is a zip file with one folder, which is itself a study: unpacked, gridsearch reads it
// like the study that it was made of. Everything in it is of one moment, and equal records give equal
// bytes.
package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gridsearch/internal/export"
	"gridsearch/internal/plural"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

// Write writes the archive of a study, under a folder of the name given, and returns what a person
// should know about it: files that are not there, and what derive says. It writes nothing into the
// study's folder, and others may work on the study meanwhile. With weights it has the parameters of
// every complete run too. The error of a file that is not the record's is a *study.InputError.
//
// derive writes what is derived from a record, its tables and figures, into a study's folder. The
// folder that it is given is a copy, whose files all go into the archive.
func Write(w io.Writer, from study.Folder, name string, weights bool,
	derive func(study.Folder) (notes []string, err error)) (notes []string, err error) {
	place, err := os.MkdirTemp("", "gridsearch-bundle-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(place)
	copied := study.Folder(place)
	if err := from.CopyTo(copied); err != nil {
		return nil, err
	}
	b := &bundle{from: from, weights: weights}
	if b.study, err = study.Load(copied); err != nil {
		return nil, err
	}
	if b.notes, err = derive(copied); err != nil {
		return nil, err
	}
	if err := b.collect(place); err != nil {
		return nil, err
	}
	b.add("README.md", func() ([]byte, error) { return b.readme(name), nil })
	return b.notes, b.write(w, name)
}

// bundle is an archive while it is made.
type bundle struct {
	study   *study.Study // the copy
	from    study.Folder
	weights bool

	files []file
	notes []string
	kept  int       // complete runs with predictions in it
	carry int       // and with weights
	ended time.Time // of the last execution
}

// file is a file of the archive: its path below the folder, with slashes, and its content.
type file struct {
	path    string
	content func() ([]byte, error)
}

func (b *bundle) add(path string, content func() ([]byte, error)) {
	b.files = append(b.files, file{path, content})
}

// stored adds a file of a folder.
func (b *bundle) stored(path, on string) {
	b.add(path, func() ([]byte, error) { return os.ReadFile(on) })
}

// collect lists what the archive has: the copy, what is made of it, and files of the runs.
func (b *bundle) collect(place string) error {
	err := filepath.WalkDir(place, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(place, path)
		b.stored(filepath.ToSlash(below), path)
		return err
	})
	if err != nil {
		return err
	}
	all, err := export.New(b.study)
	if err != nil {
		return err
	}
	for _, f := range all.Parquet() {
		b.add(f.Name, func() ([]byte, error) {
			var text bytes.Buffer
			err := f.Write(&text)
			return text.Bytes(), err
		})
	}
	places, err := b.study.Places()
	if err != nil {
		return err
	}
	b.add("environment.json", func() ([]byte, error) { return encode(b.study.Plan.Study, places) })
	for _, r := range b.records() {
		if err := b.run(r); err != nil {
			return err
		}
	}
	b.missing("predictions", b.kept)
	if b.weights {
		b.missing("weights", b.carry)
	}
	return nil
}

// records are those of all runs.
func (b *bundle) records() []store.Record { return slices.Concat(b.study.Records, b.study.Later) }

// run adds the files of a run.
func (b *bundle) run(r store.Record) error {
	for _, e := range r.Executions {
		if e.Ended.After(b.ended) {
			b.ended = e.Ended
		}
	}
	if r.State != store.Complete {
		return nil
	}
	predictions, weights := b.from.Predictions(r.Key), b.from.Weights(r.Key)
	there, err := exists(predictions)
	if err != nil {
		return err
	}
	if there {
		b.kept++
		b.add(within(r.Key, predictions), func() ([]byte, error) {
			return predictionsOf(predictions, r)
		})
	}
	if there, err = exists(weights); err != nil {
		return err
	}
	if there && b.weights {
		b.carry++
		b.stored(within(r.Key, weights), weights)
	}
	return nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// within is the place of a run's file.
func within(key, path string) string { return "runs/" + key + "/" + filepath.Base(path) }

// predictionsOf reads the predictions of a run, which must be those of the record where it has any.
func predictionsOf(path string, r store.Record) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(text)); r.Result.Predictions != "" &&
		r.Result.Predictions != sum {
		return nil, &study.InputError{Err: fmt.Errorf("%s: the file is damaged: its SHA-256 is %.12s, "+
			"the record has %.12s: bring a copy of it back, or move it away and the bundle is made "+
			"without it", path, sum, r.Result.Predictions)}
	}
	return text, nil
}

// missing notes how many complete runs lack a kind of file.
func (b *bundle) missing(what string, there int) {
	if complete := b.complete(); there < complete {
		b.notes = append(b.notes, fmt.Sprintf("%s of %d of %s are not in it: they were not kept",
			what, complete-there, plural.Of(complete, "complete run")))
	}
}

func (b *bundle) complete() (n int) {
	for _, r := range b.records() {
		if r.State == store.Complete {
			n++
		}
	}
	return n
}

// sums is the file of checksums, as sha256sum reads it.
const sums = "SHA256SUMS"

// write writes the archive in the order of its paths, the checksums last. Every file has the time of
// the last execution.
func (b *bundle) write(w io.Writer, name string) error {
	slices.SortFunc(b.files, func(x, y file) int { return strings.Compare(rank(x.path), rank(y.path)) })
	archive := zip.NewWriter(w)
	at := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // the first that there is in a zip file
	if b.ended.After(at) {
		at = b.ended.UTC().Truncate(2 * time.Second)
	}
	put := func(path string, text []byte) error {
		header := &zip.FileHeader{Name: name + "/" + path, Method: zip.Deflate, Modified: at}
		header.SetMode(0o644)
		if filepath.Ext(path) == ".safetensors" || filepath.Ext(path) == ".png" {
			header.Method = zip.Store // does not become smaller
		}
		entry, err := archive.CreateHeader(header)
		if err == nil {
			_, err = entry.Write(text)
		}
		return err
	}
	var list bytes.Buffer
	for _, f := range b.files {
		text, err := f.content()
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(text), f.path)
		if err := put(f.path, text); err != nil {
			return err
		}
	}
	return errors.Join(put(sums, list.Bytes()), archive.Close())
}

// rank sorts the description to the front, then files before folders.
func rank(path string) string {
	switch {
	case path == "README.md":
		return "0"
	case !strings.Contains(path, "/"):
		return "1" + path
	}
	return "2" + path
}
