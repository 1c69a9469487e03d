package figures

import (
	"cmp"
	"fmt"
	"slices"

	"gridsearch/internal/cache"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/search"
	"gridsearch/search/stats/agreement"
	"gridsearch/search/stats/components"
)

// fewestPoints is the number of coefficients that two conditions must share.
const fewestPoints = 3

// agreements compare the lowest phi with each other one, and the study's recipe with each other
// condition that its trials were trained under, as far as they share coefficients.
func agreements(s *study.Study, r report.Results) []values.Agreement {
	return append(ofPhi(r), ofConditions(s, r)...)
}

// pointAt is a choice of coefficients at a phi.
type pointAt struct {
	name, family string
	trial        int // index in the results
}

// coefficients name what is the same at each phi.
type coefficients struct{ alpha, beta, gamma search.Decimal }

// ofPhi compares the lowest phi that shares coefficients with others to these.
func ofPhi(r report.Results) []values.Agreement {
	at, phis := byPhi(r)
	for i, first := range phis {
		var list []values.Agreement
		for _, second := range phis[i+1:] {
			if a, ok := acrossPhi(r, at[first], at[second]); ok {
				a.First, a.Second = "φ = "+string(first), "φ = "+string(second)
				a.Named = "alpha/beta/gamma"
				list = append(list, a)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// byPhi are the trained trials by phi and coefficients, and the phis in their order.
func byPhi(r report.Results) (at map[search.Decimal]map[coefficients]pointAt,
	phis []search.Decimal) {
	at = map[search.Decimal]map[coefficients]pointAt{}
	for i, t := range r.Trials {
		for _, l := range t.Labels {
			if t.N == 0 || l.Nominal == "" || l.Phi.Rat().Sign() <= 0 {
				continue
			}
			if at[l.Phi] == nil {
				at[l.Phi] = map[coefficients]pointAt{}
				phis = append(phis, l.Phi)
			}
			name := fmt.Sprintf("%s/%s/%s", search.Rounded(l.Alpha.Float64(), 3),
				search.Rounded(l.Beta.Float64(), 3), search.Rounded(l.Gamma.Float64(), 3))
			key := coefficients{l.Alpha, l.Beta, l.Gamma}
			if before, there := at[l.Phi][key]; !there || before.family == "" {
				at[l.Phi][key] = pointAt{name, l.Control, i} // a control may be of the grid too
			}
		}
	}
	slices.SortFunc(phis, func(a, b search.Decimal) int {
		return cmp.Compare(a.Float64(), b.Float64())
	})
	return at, phis
}

// acrossPhi compares the coefficients that both phi have. Of several that build the same two
// networks one counts, and none that build one network at both.
func acrossPhi(r report.Results, first, second map[coefficients]pointAt) (values.Agreement, bool) {
	type pair struct{ first, second int }
	names := map[pair]pointAt{}
	var pairs []pair
	for c, one := range first {
		other, ok := second[c]
		p := pair{one.trial, other.trial}
		if !ok || p.first == p.second {
			continue
		}
		before, there := names[p]
		if !there {
			pairs = append(pairs, p)
		}
		if !there || one.family > before.family || one.family == before.family &&
			one.name < before.name { // whatever the order of a map
			names[p] = one
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.second, b.second))
	})
	var a values.Agreement
	var s agreement.Scores
	for _, p := range pairs {
		a.Points = append(a.Points, values.AgreementPoint{Name: names[p].name,
			Family: names[p].family, First: *r.Trials[p.first].MeanTop1,
			Second: *r.Trials[p.second].MeanTop1})
		s.First = append(s.First, scores(r, r.Trials[p.first]))
		s.Second = append(s.Second, scores(r, r.Trials[p.second]))
	}
	return judged(a, s, r)
}

// ofConditions compares the search's runs with those of the same trials in later stages, by their
// recipes and streams of seeds.
func ofConditions(s *study.Study, r report.Results) []values.Agreement {
	var names []string
	later := map[string]map[string][]float64{} // scores by condition and trial
	for _, record := range s.Later {
		if record.State != store.Complete {
			continue
		}
		name := record.Condition
		if name == "" {
			name = "fresh seeds"
		}
		if later[name] == nil {
			later[name], names = map[string][]float64{}, append(names, name)
		}
		later[name][record.Trial] = withScore(later[name][record.Trial], record.Seed,
			record.Result.Top1)
	}
	var list []values.Agreement
	for _, name := range names {
		if a, ok := underCondition(r, later[name]); ok {
			a.First, a.Second = "the study's recipe", name
			list = append(list, a)
		}
	}
	return list
}

// underCondition compares the results with scores of the same trials.
func underCondition(r report.Results, later map[string][]float64) (values.Agreement, bool) {
	var a values.Agreement
	var s agreement.Scores
	for _, t := range r.Trials {
		if there, ok := later[t.Name]; ok && t.N > 0 {
			a.Points = append(a.Points, values.AgreementPoint{Name: t.Name, Family: t.Family(),
				First: *t.MeanTop1, Second: meanOf(there)})
			s.First, s.Second = append(s.First, scores(r, t)), append(s.Second, there)
		}
	}
	return judged(a, s, r)
}

// judged fills in what scores say, where there are enough points.
func judged(a values.Agreement, s agreement.Scores, r report.Results) (values.Agreement, bool) {
	if len(a.Points) < fewestPoints {
		return a, false
	}
	of := agreement.Of(s, agreement.Options{Confidence: r.Confidence, Images: r.Validation,
		Cache: cache.User("statistics")})
	a.Correlation = component(components.Estimate{SD: of.Correlation, Low: of.Low, High: of.High})
	a.Winner, a.Regret, a.Bound = of.Winner, of.Regret, of.Bound
	if of.Judged {
		a.Kept = &of.Tied
	}
	return a, true
}
