package page

import (
	"slices"
	"strings"

	"gridsearch/dataset"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

// repeat is what it takes to train the study again.
type repeat struct {
	File      string // text of the experiment file
	Command   string
	Revisions []string // of the program, that have given results
	Numeric   int
	Dataset   string
	Checksum  string
	Classes   []string
	Photos    bool // images.txt lists the files
}

func again(s *study.Study) repeat {
	a := repeat{File: s.Origin.Text, Command: "gridsearch run experiment.toml",
		Numeric: s.Origin.NumericVersion, Checksum: s.Origin.DataChecksum, Classes: s.Origin.Classes}
	for _, setting := range s.Origin.Settings {
		a.Command += " --set " + terminal.Quoted(setting)
	}
	if d := s.Experiment.Data; d != nil {
		a.Dataset = d.Dataset
	}
	if s.Origin.DataPath != "" {
		a.Command += " --data FOLDER"
		a.Photos = a.Dataset == dataset.ImageFolder
	}
	for r := range records(s) {
		for _, e := range r.Executions {
			revision := e.Environment.Revision
			if revision != "" && e.Environment.Dirty {
				revision += " with uncommitted changes"
			}
			if revision != "" && !slices.Contains(a.Revisions, revision) {
				a.Revisions = append(a.Revisions, revision)
			}
		}
	}
	slices.Sort(a.Revisions)
	return a
}

// paper is one to cite, and what for.
type paper struct{ For, Text, Link string } // Link may be empty

// papers are those that the study rests on.
func papers(s *study.Study) []paper {
	list := []paper{
		{"compound scaling, and the networks", "M. Tan, Q. V. Le. EfficientNet: Rethinking Model " +
			"Scaling for Convolutional Neural Networks. ICML 2019.", "https://arxiv.org/abs/1905.11946"}}
	if slices.ContainsFunc(s.Experiment.Search.Controls, func(name string) bool {
		return strings.EqualFold(name, "dwr")
	}) {
		list = append(list, paper{"the controls dWr and dwr", "P. Dollár, M. Singh, R. Girshick. Fast " +
			"and Accurate Model Scaling. CVPR 2021.", "https://arxiv.org/abs/2103.06877"})
	}
	return append(list,
		paper{"the set that is tied with the best", "P. R. Hansen, A. Lunde, J. M. Nason. The Model " +
			"Confidence Set. Econometrica 79, 2011.", "https://doi.org/10.3982/ECTA5771"},
		paper{"the intervals behind the best", "J. C. Hsu. Constrained Simultaneous Confidence " +
			"Intervals for Multiple Comparisons with the Best. Annals of Statistics 12, 1984.", ""})
}
