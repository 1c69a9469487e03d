package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gridsearch/internal/cache"
	"gridsearch/internal/scoresheet"
	"gridsearch/search"
	"gridsearch/search/stats"
)

// sheetConfidence is that of verdicts on scores without an experiment file: its default.
const sheetConfidence = .95

// FromSheet makes the table of scores that another program has trained. MeanTop1 and a run's Top1
// are then the metric that Metric names.
func FromSheet(s *scoresheet.Sheet) Results {
	r := Results{SchemaVersion: SchemaVersion, Study: sheetName(s.File), Metric: s.Metric,
		Read: s.Sentence(), Confidence: sheetConfidence, Trials: []Trial{}, sheet: s}
	var samples []stats.Sample
	for _, t := range s.Trials {
		trial := sheetTrial(t, s)
		r.Trials = append(r.Trials, trial)
		samples = append(samples, r.sheetSample(trial))
	}
	c := stats.Compare(samples, stats.Options{Confidence: r.Confidence, Lower: s.Lower,
		Check: stats.CheckPermutation, Cache: cache.User("statistics")})
	for i, e := range c.Estimates {
		r.Trials[i].judge(e)
	}
	r.Noise, r.PairingSaved = known(c.Noise), known(c.Saved)
	r.warn(c.Warnings, nil)
	r.Families = r.FamilyComparisons()
	return r
}

// sheetName names a file's results as a study would be named.
func sheetName(file string) string {
	name := filepath.Base(file)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// sheetTrial is a trial as the tables know it.
func sheetTrial(t scoresheet.Trial, s *scoresheet.Sheet) Trial {
	trial := Trial{Name: t.Name, Labels: sheetLabels(t), Control: strings.Join(t.Families, ","),
		MAdds: t.MAdds, Runs: []Run{}}
	if s.Base && t.MAdds > 0 {
		trial.MAddsRatio = float64(t.MAdds) / float64(s.Trials[0].MAdds)
	}
	for _, r := range t.Runs {
		run := Run{Seed: r.Seed, State: "missing"}
		if r.Score != nil {
			run.State, run.Top1 = "complete", r.Score
		}
		trial.Runs = append(trial.Runs, run)
	}
	return trial
}

// sheetLabels are a trial's labels: one for each end of its coefficients, and one for each family.
func sheetLabels(t scoresheet.Trial) []search.Label {
	families := t.Families
	if len(families) == 0 {
		families = []string{""}
	}
	low := point4(t.Alpha.Low, t.Beta.Low, t.Gamma.Low, t.Phi.Low)
	high := point4(t.Alpha.High, t.Beta.High, t.Gamma.High, t.Phi.High)
	var list []search.Label
	for _, family := range families {
		for _, p := range slices.Compact([]search.Point{low, high}) {
			l := search.Label{Point: p, Control: family}
			if p.Alpha != "" && p.Beta != "" && p.Gamma != "" {
				l.Nominal = p.Nominal()
			}
			list = append(list, l)
		}
	}
	return list
}

func point4(alpha, beta, gamma, phi string) search.Point {
	return search.Point{Alpha: search.Decimal(alpha), Beta: search.Decimal(beta),
		Gamma: search.Decimal(gamma), Phi: search.Decimal(phi)}
}

func (r Results) sheetSample(t Trial) stats.Sample {
	s := stats.Sample{Trial: t.Name,
		Scores: slices.Repeat([]float64{math.NaN()}, len(r.sheet.Seeds))}
	for _, run := range t.Runs {
		if run.Top1 != nil {
			s.Scores[r.place(run)] = *run.Top1
		}
	}
	return s
}

// place is that of a run's seed: a study counts them from 0.
func (r Results) place(run Run) int {
	if r.sheet == nil {
		return run.Seed
	}
	i, _ := slices.BinarySearch(r.sheet.Seeds, run.Seed)
	return i
}

// sheetCSV prints the runs of a file of scores, with its own columns; accuracies as fractions.
func (r Results) sheetCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{append([]string{"trial", "seed", r.Metric}, r.sheet.Columns...)}
	for _, t := range r.Trials {
		cells := map[string]string{"madds": strconv.FormatInt(t.MAdds, 10), "family": t.Control,
			"alpha": t.alpha(), "beta": t.beta(), "gamma": t.gamma(), "phi": t.phi()}
		for _, run := range t.Runs {
			row := []string{t.Name, strconv.Itoa(run.Seed), number(run.Top1)}
			for _, name := range r.sheet.Columns {
				row = append(row, cells[name])
			}
			rows = append(rows, row)
		}
	}
	return c.WriteAll(rows)
}

// lower says whether the scores are losses.
func (r Results) lower() bool { return r.sheet != nil && r.sheet.Lower }

// has says whether a column of the trials is known: a study has all.
func (r Results) has(column string) bool { return r.sheet == nil || r.sheet.Has(column) }

// based says whether the first trial is the base network, as in every study.
func (r Results) based() bool { return r.sheet == nil || r.sheet.Base }

// named says whether the trials have coefficients to be known by.
func (r Results) named() bool {
	return r.has("alpha") || r.has("beta") || r.has("gamma")
}

// title is that of the column of means.
func (r Results) title() string {
	switch {
	case r.sheet == nil || r.Metric == "top1":
		return "top-1 %"
	case r.lower():
		return r.Metric
	}
	return r.Metric + " %"
}

// value prints a score, accuracies in percent.
func (r Results) value(v *float64) string {
	if r.lower() && v != nil {
		return fmt.Sprintf("%.4f", *v)
	}
	return percent(v)
}

// signed prints a difference with its sign.
func (r Results) signed(v float64) string {
	if r.lower() {
		return unsigned(fmt.Sprintf("%+.4f", v))
	}
	return unsigned(fmt.Sprintf("%+.2f", 100*v))
}

// unsigned takes the sign from zero.
func unsigned(text string) string {
	if strings.Trim(text, "+0.") == "" {
		return text[1:]
	}
	return text
}

// amount prints a size of differences with its unit.
func (r Results) amount(v float64) string {
	if r.lower() {
		return fmt.Sprintf("%.4f", v)
	}
	return fmt.Sprintf("%.2f points", 100*v)
}

// noFamilies says why families of a sheet are not compared; empty where nothing is in the way.
func (r Results) noFamilies() string {
	switch {
	case r.sheet == nil:
		return ""
	case r.lower():
		return "they are compared by accuracies alone"
	case !r.has("madds"):
		return "the file has no column madds"
	case !r.based():
		return "no trial is named base, nor of the family base"
	}
	return ""
}
