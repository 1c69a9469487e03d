package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"gridsearch/internal/files"
)

// record is what is known of the mutants so far, in the order in which they were drawn.
type record struct {
	Seed     uint64             `json:"seed"`
	Packages []string           `json:"packages"` // patterns
	Tests    map[string]float64 `json:"tests"`    // seconds by package, without a mutant: see measure
	Results  []result           `json:"results"`
}

// load reads the record of an earlier run; there need be none.
func load(path string) (*record, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &record{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// save writes the record to a file, if one is named.
func (r *record) save(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return files.Replace(path, append(text, '\n'))
}

// fits says why the record is not the beginning of a list of mutants.
func (r *record) fits(seed uint64, packages []string, drawn []mutant) error {
	if r.Seed != seed || !slices.Equal(r.Packages, packages) {
		return fmt.Errorf("it is of seed %d and packages %v: give these, or leave -resume out", r.Seed,
			r.Packages)
	}
	for i, result := range r.Results {
		if i >= len(drawn) || result.mutant != drawn[i] {
			return fmt.Errorf("the sources have changed since: there is no %v now; leave -resume out",
				result.mutant)
		}
	}
	return nil
}

// built is the number of mutants that compile.
func (r *record) built() int {
	return len(r.Results) - len(r.of("", notBuilt))
}

// of are the results of a package with an outcome; empty words are of any.
func (r *record) of(path, outcome string) []result {
	var list []result
	for _, result := range r.Results {
		if (path == "" || result.Package == path) && (outcome == "" || result.Outcome == outcome) {
			list = append(list, result)
		}
	}
	return list
}

// summary writes the share of the mutants that have died, by package, and those that have not.
func (r *record) summary(out io.Writer) {
	var paths []string
	for _, result := range r.Results {
		paths = append(paths, result.Package)
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		r.share(out, path)
	}
	r.share(out, "")
	if left := r.of("", survived); len(left) > 0 {
		fmt.Fprintln(out, "survivors:")
		for _, result := range left {
			fmt.Fprintln(out, " ", result.mutant)
		}
	}
}

func (r *record) share(out io.Writer, path string) {
	dead, left := len(r.of(path, killed)), len(r.of(path, survived))
	if dead+left > 0 {
		fmt.Fprintf(out, "%s: %d of %d mutants died, %.0f %%\n", cmp.Or(path, "all"), dead, dead+left,
			100*float64(dead)/float64(dead+left))
	}
}
