package search

import "fmt"

// Thresholds of the warnings: smaller final maps make depth look useless whatever the data; the seeds are those that simulation shows to suffice.
const (
	smallestMap     = 4
	fewestSeeds     = 3  // two give no usable variance
	seedsForMany    = 5  // to tell trials apart among manyTrials or more
	manyTrials      = 25 // between the dozen that 3 seeds serve and the forty that 5 serve
	costSpreadLimit = 1.25
)

// Warnings says where the plan cannot answer its question, given the number of seeds.
func (p *Plan) Warnings(seeds int) []string {
	var list []string
	warn := func(format string, values ...any) { list = append(list, fmt.Sprintf(format, values...)) }
	if m := p.Base.FinalMap; m < smallestMap {
		warn("the base network's last feature map is %d x %d: below %d x %d depth looks useless, which is the strides' doing", m, m, smallestMap, smallestMap)
	}
	infeasible, least, most, trained := 0, 0., 0., 0
	for _, t := range p.Trials {
		if t.ExcludedBy != "" {
			infeasible++
			continue
		}
		trained++
		if len(t.Labels) > 0 && t.Labels[0].Control == "" {
			if least == 0 || t.MAddsRatio < least {
				least = t.MAddsRatio
			}
			most = max(most, t.MAddsRatio)
		}
	}
	if infeasible > 0 {
		warn("%d of %d trials cannot be trained on this data set and are listed only", infeasible, len(p.Trials))
	}
	if least > 0 && most/least > costSpreadLimit {
		warn("real cost differs between trials: %.2f to %.2f times the base network; the most expensive may win for that reason alone (constrain madds_ratio)", least, most)
	}
	switch {
	case seeds < fewestSeeds:
		warn("%d seeds show no tied set: %d serve a dozen trials, %d serve forty", seeds, fewestSeeds, seedsForMany)
	case seeds < seedsForMany && trained >= manyTrials:
		warn("%d seeds are few for %d trials: %d serve forty", seeds, trained, seedsForMany)
	}
	return list
}
