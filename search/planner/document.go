package planner

import (
	"errors"
	"fmt"

	"gridsearch/search"
)

// PlanVersion is the schema version of a plan's JSON document.
const PlanVersion = 1

// Document is a plan as `gridsearch plan --format json` prints it and a study stores it. Points and
// Kept count enumerated points only.
type Document struct {
	SchemaVersion int             `json:"schema_version"`
	Study         string          `json:"study"`
	Points        int             `json:"points"`
	Kept          int             `json:"kept"`
	Trials        []DocumentTrial `json:"trials"`
}

// DocumentTrial is a trial of a Document.
type DocumentTrial struct {
	Name           string  `json:"name"`
	Labels         []Label `json:"labels"`
	ExcludedLabels []Label `json:"excluded_labels"`
	Depth          float64 `json:"depth"`
	Width          float64 `json:"width"`
	Resolution     int     `json:"resolution"` // pixels
	Repeats        []int   `json:"repeats"`    // blocks of each stage
	Channels       []int   `json:"channels"`   // of stem, stages and head
	MAdds          int64   `json:"madds"`
	Params         int64   `json:"params"`
	Activations    int64   `json:"activations"`
	MAddsRatio     float64 `json:"madds_ratio"`
	ExcludedBy     string  `json:"excluded_by"` // empty for a trial that is trained
}

// Check reports what is missing or wrong in a document that was read, so that a damaged file is
// refused before anything is computed from it.
func (d Document) Check() error {
	switch {
	case d.SchemaVersion != PlanVersion:
		return fmt.Errorf("its schema_version is %d, this program reads %d", d.SchemaVersion, PlanVersion)
	case d.Study == "":
		return errors.New("it names no study")
	case len(d.Trials) == 0:
		return errors.New("it has no trials")
	}
	seen := map[string]bool{}
	for i, t := range d.Trials {
		if err := t.check(); err != nil {
			return fmt.Errorf("trial %d: %w", i+1, err)
		}
		if seen[t.Name] {
			return fmt.Errorf("trial %d: %q occurs twice", i+1, t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

func (t DocumentTrial) check() error {
	switch {
	case t.Name == "":
		return errors.New("it has no name")
	case len(t.Labels) == 0:
		return errors.New("no point builds it")
	case t.MAdds < 1 || t.Params < 1 || t.Activations < 1 || t.Resolution < 1 || !(t.MAddsRatio > 0):
		return errors.New("its madds, params, activations, resolution and madds_ratio must be positive")
	}
	for _, l := range append(t.Labels[:len(t.Labels):len(t.Labels)], t.ExcludedLabels...) {
		for _, v := range []search.Decimal{l.Alpha, l.Beta, l.Gamma, l.Nominal} {
			if v.Rat().Sign() <= 0 {
				return fmt.Errorf("a label has the coefficient or nominal cost %q", v)
			}
		}
	}
	return nil
}

// Document makes the document of a study's plan.
func (p *Plan) Document(study string) Document {
	d := Document{SchemaVersion: PlanVersion, Study: study, Points: p.Points, Kept: p.Kept,
		Trials: []DocumentTrial{}}
	for _, t := range p.Trials {
		d.Trials = append(d.Trials, DocumentTrial{
			Name: t.Name, Labels: t.Labels, ExcludedLabels: append([]Label{}, t.ExcludedLabels...),
			Depth: t.Depth, Width: t.Width,
			Resolution: t.Network.Pixels, Repeats: t.Network.Repeats, Channels: t.Network.Channels,
			MAdds: t.Network.Cost.MAdds, Params: t.Network.Cost.Params,
			Activations: t.Network.Cost.Activations,
			MAddsRatio:  t.MAddsRatio, ExcludedBy: t.ExcludedBy,
		})
	}
	return d
}

// Controls lists the controls and families that build the trial, without repetition.
func (t DocumentTrial) Controls() []string {
	var names []string
	seen := map[string]bool{"": true}
	for _, l := range t.Labels {
		if !seen[l.Control] {
			seen[l.Control] = true
			names = append(names, l.Control)
		}
	}
	return names
}
