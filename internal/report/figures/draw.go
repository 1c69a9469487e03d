// Package figures draws the figures of results into files: it fills in the figures' values, builds
// the registry's panels and has package plots draw them.
package figures

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"gridsearch/internal/figure"
	"gridsearch/internal/files"
	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/internal/study"
)

// Folder is the folder of a study that Study draws into.
const Folder = "figures"

// Outcome says which of the requested figures were drawn.
type Outcome struct {
	Drawn  []string // the files' paths; the figures' names while there are no files; of Pictures, the names
	Failed []Undrawn
	Boxes  []string // figures that have boxes in place of characters, and which
	Chosen bool     // these figures were chosen by their names; all means those that there can be
}

// Undrawn is a figure that cannot be drawn, and why.
type Undrawn struct{ Name, Why string }

// Lines say what is not drawn, a line for each reason, and then what is drawn with boxes in place of
// characters.
func (o Outcome) Lines() []string { return append(o.undrawn(), o.Boxes...) }

func (o Outcome) undrawn() []string {
	if len(o.Drawn) == 0 && len(o.Failed) == 0 {
		return []string{"no figure is drawn: the experiment file asks for none"}
	}
	var reasons []string
	names := map[string][]string{}
	for _, f := range o.Failed {
		if names[f.Why] == nil {
			reasons = append(reasons, f.Why)
		}
		names[f.Why] = append(names[f.Why], f.Name)
	}
	if len(o.Drawn) == 0 && len(reasons) == 1 {
		return []string{"no figure is drawn: " + reasons[0]}
	}
	var lines []string
	for _, why := range reasons {
		verb := "is"
		if len(names[why]) > 1 {
			verb = "are"
		}
		lines = append(lines, fmt.Sprintf("%s %s not drawn: %s", plural.List(names[why]), verb, why))
	}
	return lines
}

// Save writes a study's pictures into its folder, in the formats that the experiment file asks for,
// and adds to the outcome which files these are; each file is replaced as a whole. Files of figures
// that an earlier call has drawn and this one has not are removed; other files are kept.
func Save(s *study.Study, list []Picture, o Outcome) (Outcome, error) {
	folder := s.Folder.Path(Folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return o, err
	}
	if err := o.write(list, s.Experiment.Report.Formats, folder); err != nil {
		return o, err
	}
	return o, removeOthers(folder, o.Drawn)
}

// Sheet draws the figures that another program's scores allow into a folder, which it creates, as
// SVG and PNG, params and flops beside the models published for the reference, a name of package
// literature. It needs accuracies and multiply-adds. Other files in the folder are kept.
func Sheet(r report.Results, folder, about string) (Outcome, error) {
	if r.Lower() || !r.Has("madds") {
		return Outcome{}, errors.New("figures are of accuracy against cost: they take accuracies, " +
			"and a column madds")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Outcome{}, err
	}
	v := sheetValues(r)
	v.Reference = reference(about, "")
	v.Lacking = map[string]string{"cam": "a file of scores has no weights"}
	list, o := pictures(v, figure.Names())
	return o, o.write(list, figure.Usual, folder)
}

// write writes pictures into files, which are what is drawn then.
func (o *Outcome) write(list []Picture, formats []string, folder string) error {
	o.Drawn = nil
	for _, p := range list {
		for _, format := range formats {
			path := filepath.Join(folder, p.Name+"."+format)
			if err := files.Write(path, func(w io.Writer) error {
				return p.drawn.Write(w, format)
			}); err != nil {
				return fmt.Errorf("figure %s: %w", p.Name, err)
			}
			o.Drawn = append(o.Drawn, path)
		}
		onlySVG := !slices.ContainsFunc(formats, func(f string) bool { return f != "svg" })
		if why := p.drawn.Warning(); why != "" && !onlySVG {
			o.Boxes = append(o.Boxes, fmt.Sprintf("figure %s: %s", p.Name, why))
		}
	}
	return nil
}

// removeOthers removes the files of the registry's figures that were not drawn, and those of names
// that they have had before.
func removeOthers(folder string, drawn []string) error {
	names := append(figure.Names(), slices.Collect(maps.Keys(figure.Former()))...)
	for _, name := range names {
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
