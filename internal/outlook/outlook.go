// Package outlook says before a study what it will be able to say: how far a trial has to be ahead
// of the others to be distinguished from them, with the study's number of trials and with few or
// many seeds.
//
// It simulates searches with known truths, which go through the comparison that real results go
// through. Nothing is trained.
package outlook

import (
	"math"
	"slices"

	"gridsearch/search/stats"
	"gridsearch/search/stats/null"
	"gridsearch/search/stats/simulate"
)

// SchemaVersion is that of the JSON document.
const SchemaVersion = 1

// Searches is the number of simulated searches for each lead: a share of 80 % has a standard error
// of 2 points.
const Searches = 400

// Sources of the noise of a run.
const (
	Assumed = "assumed"
	Given   = "given"
	Earlier = "study"
)

// AssumedNoise is the standard deviation of a run if nothing is known about it, as a fraction.
const AssumedNoise = .01

// Noise is the standard deviation of one run's accuracy, paired by seed, as a fraction.
type Noise struct {
	SD    float64 `json:"sd"`
	From  string  `json:"from"`            // Assumed, Given or Earlier
	Study string  `json:"study,omitempty"` // the earlier one
}

// Design is what a study is going to train.
type Design struct {
	Study      string
	Trials     int // trained ones, the base among them
	Seeds      int
	Confidence float64
	Noise      Noise
	Cache      null.Cache
	Searches   int
	Note       func(seeds int) // called with the number of seeds that is simulated next
}

// Outlook is what searches of a design can show: `gridsearch simulate --format json` prints it.
// Accuracies are fractions.
type Outlook struct {
	SchemaVersion int     `json:"schema_version"`
	Study         string  `json:"study"`
	Trials        int     `json:"trials"`
	Seeds         int     `json:"seeds"` // planned
	Confidence    float64 `json:"confidence_level"`
	Noise         Noise   `json:"noise"`
	Searches      int     `json:"searches"` // simulated for each lead
	Goal          float64 `json:"goal"`     // share of searches that find a smallest lead
	Rows          []Row   `json:"rows"`
	Sentence      string  `json:"sentence"`
}

// Row is what a number of seeds shows. One seed shows no noise, and its numbers are null. The
// smallest lead is the one that makes a lone winner in the goal's share of searches.
type Row struct {
	Seeds      int      `json:"seeds"`
	Runs       int      `json:"runs"`
	Planned    bool     `json:"planned"`
	SmallestSD *float64 `json:"smallest_lead_sd"` // in s.d. of a run
	Smallest   *float64 `json:"smallest_lead"`
	Leads      []Lead   `json:"leads"`
}

// Lead is the outcome for one trial ahead of equals.
type Lead struct {
	SD   float64 `json:"lead_sd"` // in s.d. of a run
	Lead float64 `json:"lead"`
	Tied int     `json:"tied"`        // median size of the tied set
	Lone float64 `json:"lone_winner"` // share of searches in which the trial is the only tied one
}

// usualSeeds are simulated besides the planned number.
var usualSeeds = []int{3, 5, 8}

// New simulates what a design can detect.
func New(d Design) Outlook {
	o := Outlook{SchemaVersion: SchemaVersion, Study: d.Study, Trials: d.Trials, Seeds: d.Seeds,
		Confidence: d.Confidence, Noise: d.Noise, Searches: d.Searches, Goal: simulate.Goal / 100.}
	seeds := append(slices.Clone(usualSeeds), d.Seeds)
	slices.Sort(seeds)
	for _, n := range slices.Compact(seeds) {
		o.Rows = append(o.Rows, d.row(n))
	}
	o.Sentence = o.sentence()
	return o
}

// row simulates a number of seeds.
func (d Design) row(seeds int) Row {
	r := Row{Seeds: seeds, Runs: seeds * d.Trials, Planned: seeds == d.Seeds, Leads: []Lead{}}
	if seeds < 2 {
		return r
	}
	d.Note(seeds)
	p := d.cell(seeds).Power(d.Searches, 1, 2, 3)
	if !math.IsNaN(p.Smallest) {
		points := p.Smallest * d.Noise.SD
		r.SmallestSD, r.Smallest = &p.Smallest, &points
	}
	for _, l := range p.Leads {
		r.Leads = append(r.Leads, Lead{l.By, l.By * d.Noise.SD, l.Tied, l.Lone / 100})
	}
	return r
}

// cell is named as those behind the published tables: it draws the same searches.
func (d Design) cell(seeds int) simulate.Cell {
	return simulate.Cell{Name: "ahead", Trials: d.Trials, Seeds: seeds, Noise: simulate.Even,
		Options: stats.Options{Confidence: d.Confidence, Cache: d.Cache, SkipBest: true}}
}
