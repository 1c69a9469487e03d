package families

import (
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// asideLevel is the probability of setting a trial aside in a study without a diverged run.
const asideLevel = .001

// fewestBeside is the number of other trials needed to judge the noise of one.
const fewestBeside = 3

// setAside excludes trials whose runs disagree by far more than those of the others: one run that
// diverged bends the curve of its family, and a bent curve of the best single dimension would look
// like a lead of the candidate.
func (m *measured) setAside() (names []string) {
	for len(m.x) > fewestBeside {
		i, p := m.loudest()
		if !(p*float64(len(m.x)) <= asideLevel) {
			break
		}
		names = append(names, m.trials[i])
		*m = m.without(i)
	}
	return names
}

// loudest is the trial whose runs deviate most from the sum of trial and seed effects, and its p
// value: an F test of its residuals against those of the others.
func (m measured) loudest() (trial int, p float64) {
	cells, scores := m.cells()
	all, ok := newRegression(cells)
	if !ok {
		return 0, 1
	}
	_, rest := all.solve(scores)
	trial = m.largest(rest)
	others, scores := m.without(trial).cells()
	without, ok := newRegression(others)
	if !ok || without.freedom() < 1 || all.freedom() <= without.freedom() {
		return trial, 1
	}
	_, restOthers := without.solve(scores)
	own, noise := squares(rest)-squares(restOthers), squares(restOthers)
	f := distuv.F{D1: float64(all.freedom() - without.freedom()), D2: float64(without.freedom())}
	return trial, f.Survival(own / f.D1 / (noise / f.D2))
}

// largest is the trial whose residuals, in the order of the cells, have the largest variance.
func (m measured) largest(rest []float64) (trial int) {
	most := 0.
	for i, row := range m.scores {
		n := 0
		for seed := range row {
			if scored(row, seed) {
				n++
			}
		}
		if v := squares(rest[:n]) / float64(max(1, n-1)); v > most {
			trial, most = i, v
		}
		rest = rest[n:]
	}
	return trial
}

func squares(list []float64) (sum float64) {
	for _, v := range list {
		sum += v * v
	}
	return sum
}

// without is the same without one trial.
func (m measured) without(i int) measured {
	m.trials = slices.Delete(slices.Clone(m.trials), i, i+1)
	m.x = slices.Delete(slices.Clone(m.x), i, i+1)
	m.member = slices.Delete(slices.Clone(m.member), i, i+1)
	m.scores = slices.Delete(slices.Clone(m.scores), i, i+1)
	m.dropEmptySeeds()
	return m
}
