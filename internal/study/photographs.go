package study

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"gridsearch/dataset"
	"gridsearch/internal/images"
)

// images is the file of a study of photographs that names them: a line for each, with the first 16
// digits of its SHA-256 in front of its path.
func (f Folder) images() string { return f.Path("images.txt") }

// photographs is the content of that file; nil for other data.
func (p *Prepared) photographs() []byte {
	photos, ok := p.source.(*dataset.Photographs)
	if !ok {
		return nil
	}
	parts := []dataset.Part{dataset.Train}
	if p.Experiment.Data.ValidationFraction == 0 {
		parts = append(parts, dataset.Validation)
	}
	return []byte(strings.Join(photos.Files(parts...), "\n") + "\n")
}

// Outlay says what reading the photographs of a plan takes; nil and no source for other data.
func (p *Prepared) Outlay() (*images.Outlay, dataset.Source) {
	photos, ok := p.source.(*dataset.Photographs)
	if !ok {
		return nil, nil
	}
	var views []images.View
	for _, trial := range p.Trainable() {
		views = append(views, viewOf(p.Experiment, trial.Network.Pixels))
	}
	o := images.OutlayOf(photos, splitOf(p.Experiment), views...)
	return &o, photos
}

// otherPhotographs names the files that are not those that a study was planned with; empty where
// that is not known.
func otherPhotographs(folder Folder, p *Prepared) string {
	text, err := os.ReadFile(folder.images())
	now := p.photographs()
	if err != nil || now == nil {
		return ""
	}
	return compareFiles(digestsOf(text), digestsOf(now))
}

// digestsOf reads the file: digests by path.
func digestsOf(text []byte) map[string]string {
	list := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if digest, path, ok := strings.Cut(strings.TrimRight(line, "\n"), " "); ok {
			list[path] = digest
		}
	}
	return list
}

// compareFiles names what has been changed, added and removed.
func compareFiles(old, now map[string]string) string {
	var changed, added, removed []string
	for path, digest := range now {
		switch before, ok := old[path]; {
		case !ok:
			added = append(added, path)
		case before != digest:
			changed = append(changed, path)
		}
	}
	for path := range old {
		if _, ok := now[path]; !ok {
			removed = append(removed, path)
		}
	}
	var text string
	for _, kind := range []struct {
		name  string
		paths []string
	}{{"changed", changed}, {"added", added}, {"removed", removed}} {
		if n := len(kind.paths); n > 0 {
			slices.Sort(kind.paths)
			text += fmt.Sprintf("; %d %s (%s)", n, kind.name, few(kind.paths))
		}
	}
	return text
}
