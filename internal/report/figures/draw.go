// Package figures draws the figures of results into files: it fills in the figures' values, builds
// the registry's panels and has package plots draw them.
package figures

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"gridsearch/internal/figure"
	"gridsearch/internal/files"
	"gridsearch/internal/report"
	"gridsearch/internal/study"
	"gridsearch/plots"
)

// Folder is the folder of a study that Study draws into.
const Folder = "figures"

// Outcome says which of the requested figures were drawn.
type Outcome struct {
	Drawn  []string // the files' paths
	Failed []Undrawn
	Chosen bool // these figures were chosen by their names; all means those that there can be
}

// Undrawn is a figure that cannot be drawn, and why.
type Undrawn struct{ Name, Why string }

// Lines say what is not drawn, one line per figure, or one for all if the reason is the same.
func (o Outcome) Lines() []string {
	if len(o.Drawn) == 0 && len(o.Failed) == 0 {
		return []string{"no figure is drawn: the experiment file asks for none"}
	}
	var lines []string
	for _, f := range o.Failed {
		lines = append(lines, fmt.Sprintf("%s is not drawn: %s", f.Name, f.Why))
	}
	other := func(f Undrawn) bool { return f.Why != o.Failed[0].Why }
	if len(o.Drawn) == 0 && !slices.ContainsFunc(o.Failed, other) {
		return []string{"no figure is drawn: " + o.Failed[0].Why}
	}
	return lines
}

// Study draws the figures that the experiment file asks for into the study's folder; each file is
// replaced as a whole. Files of figures that an earlier call has drawn and this one has not are
// removed; other files are kept.
func Study(s *study.Study, r report.Results) (Outcome, error) {
	folder := s.Folder.Path(Folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Outcome{}, err
	}
	asked := s.Experiment.Report
	o, err := draw(asked.Figures, asked.Formats, folder, studyValues(s, r))
	o.Chosen = len(asked.Figures) < len(figure.All)
	if err != nil {
		return o, err
	}
	return o, removeOthers(folder, o.Drawn)
}

// Sheet draws the figures that another program's scores allow into a folder, which it creates, as
// SVG and PNG. It needs accuracies and multiply-adds. Other files in the folder are kept.
func Sheet(r report.Results, folder string) (Outcome, error) {
	if r.Lower() || !r.Has("madds") {
		return Outcome{}, errors.New("figures are of accuracy against cost: they take accuracies, " +
			"and a column madds")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Outcome{}, err
	}
	return draw(figure.Names(), figure.Formats, folder, sheetValues(r))
}

// draw draws the named figures in the order of the registry.
func draw(names, formats []string, folder string, v figure.Values) (o Outcome, err error) {
	for _, f := range figure.All {
		if !slices.Contains(names, f.Name) {
			continue
		}
		if why := f.Lack(v); why != "" {
			o.Failed = append(o.Failed, Undrawn{f.Name, why})
			continue
		}
		picture, err := plots.Draw(f.Panels(v))
		if err != nil {
			return o, fmt.Errorf("figure %s: %w", f.Name, err)
		}
		for _, format := range formats {
			path := filepath.Join(folder, f.Name+"."+format)
			if err := files.Write(path, func(w io.Writer) error {
				return picture.Write(w, format)
			}); err != nil {
				return o, fmt.Errorf("figure %s: %w", f.Name, err)
			}
			o.Drawn = append(o.Drawn, path)
		}
	}
	return o, nil
}

// removeOthers removes the files of the registry's figures that were not drawn.
func removeOthers(folder string, drawn []string) error {
	for _, name := range figure.Names() {
		for _, format := range figure.Formats {
			path := filepath.Join(folder, name+"."+format)
			if slices.Contains(drawn, path) {
				continue
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
