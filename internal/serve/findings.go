package serve

import (
	"gridsearch/internal/report"
	"gridsearch/internal/serve/watch"
	"gridsearch/internal/study"
)

// Picture is a figure of a study, drawn.
type Picture struct {
	Name    string
	Caption string // what it shows, in a line
	See     string // how to read it, in a sentence or two
	Wide    bool   // takes the whole width of the page
	SVG     []byte // a whole document
}

// findings are the results of a study's record.
type findings struct {
	report.Results
	Compared          int // complete runs that the comparison knows
	Answer, Certainty []string
	Pictures          []Picture
	Undrawn           []string
}

// maker makes them, means with what the last comparison has said.
func (o Options) maker() watch.Maker[findings] {
	return watch.Maker[findings]{
		Means: func(s *study.Study, last findings) findings {
			f := last
			f.Results = report.Means(s)
			if last.Compared > 0 {
				f.Results = carried(f.Results, last.Results)
			}
			f.Pictures, f.Undrawn = o.Draw(s, f.Results)
			return f
		},
		Compare: func(s *study.Study) findings {
			f := findings{Results: report.New(s)}
			for _, t := range f.Trials {
				f.Compared += t.N
			}
			f.Answer, f.Certainty = o.Say(f.Results)
			f.Pictures, f.Undrawn = o.Draw(s, f.Results)
			return f
		},
	}
}

// carried is a table of means with what an earlier comparison has said: of each trial, and of its
// mean where that is still the same.
func carried(means, earlier report.Results) report.Results {
	was := map[string]report.Trial{}
	for _, t := range earlier.Trials {
		was[t.Name] = t
	}
	all := earlier
	all.Trials = means.Trials
	for i := range all.Trials {
		t := &all.Trials[i]
		old := was[t.Name]
		t.Tied, t.P, t.Rival = old.Tied, old.P, old.Rival
		if t.N == old.N {
			t.SDTop1, t.CILow, t.CIHigh = old.SDTop1, old.CILow, old.CIHigh
			t.Behind, t.BehindLow, t.BehindHigh = old.Behind, old.BehindLow, old.BehindHigh
		}
	}
	return all
}
