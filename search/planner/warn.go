package planner

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gridsearch/internal/plural"
	"gridsearch/search"
)

// Thresholds of the warnings: on smaller final maps depth looks useless whatever the data; the
// numbers of seeds are those that simulations show to suffice.
const (
	smallestMap     = 4
	fewestSeeds     = 3  // two give no usable variance
	seedsForMany    = 5  // to tell trials apart among manyTrials or more
	manyTrials      = 25 // between the dozen that 3 seeds serve and the forty that 5 serve
	costSpreadLimit = 1.25
	fewestImages    = 625 // of validation: the binomial error is 2 points then, at 50 %
)

// Warnings says where the plan cannot answer its question, given the number of seeds and of
// validation images; 0 means that it is not known.
func (p *Plan) Warnings(seeds, validation int) []string {
	var list []string
	for _, warning := range []string{p.warnMap(), p.warnUntrainable(), p.warnCost(),
		p.warnRounding(), p.warnStaircase(), p.warnShort(), p.warnSeeds(seeds), WarnImages(validation)} {
		if warning != "" {
			list = append(list, warning)
		}
	}
	return list
}

// warnMap checks the size of the base network's last feature map; 0 means that it is not known.
func (p *Plan) warnMap() string {
	m := p.Base.FinalMap
	if m == 0 || m >= smallestMap {
		return ""
	}
	return fmt.Sprintf("the base network's last feature map is %d x %d: below %d x %d depth "+
		"looks useless, which is the strides' doing", m, m, smallestMap, smallestMap)
}

// trained lists the trials that the data allow.
func (p *Plan) trained() []Trial {
	return slices.DeleteFunc(slices.Clone(p.Trials), func(t Trial) bool { return t.ExcludedBy != "" })
}

func (p *Plan) warnUntrainable() string {
	n := len(p.Trials) - len(p.trained())
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %s cannot be trained on this data set and %s listed only", n,
		plural.Of(len(p.Trials), "trial"), plural.Verb(n, "is", "are"))
}

// warnCost compares the real costs of the trials that the grid makes at one phi.
func (p *Plan) warnCost() string {
	least, most := map[search.Decimal]float64{}, map[search.Decimal]float64{}
	for _, t := range p.trained() {
		if l := t.Labels[0]; l.Control == "" {
			least[l.Phi] = min(cmp.Or(least[l.Phi], t.MAddsRatio), t.MAddsRatio)
			most[l.Phi] = max(most[l.Phi], t.MAddsRatio)
		}
	}
	for _, phi := range slices.SortedFunc(maps.Keys(least), search.Decimal.Cmp) {
		if most[phi] > costSpreadLimit*least[phi] {
			return fmt.Sprintf("real cost differs between trials: %.2f to %.2f times the base "+
				"network; the most expensive may win for that reason alone (constrain madds_ratio)",
				least[phi], most[phi])
		}
	}
	return ""
}

// warnRounding finds steps of gamma that rounding to pixels makes ineffective.
func (p *Plan) warnRounding() string {
	sides := map[int][]search.Decimal{}
	for _, t := range p.Trials {
		for _, l := range t.Labels {
			if !l.carried && l.Phi == "1" && !slices.Contains(sides[t.Network.Pixels], l.Gamma) {
				sides[t.Network.Pixels] = append(sides[t.Network.Pixels], l.Gamma)
			}
		}
	}
	lost, example := 0, ""
	for pixels, gammas := range sides {
		lost += len(gammas) - 1
		slices.SortFunc(gammas, search.Decimal.Cmp)
		if text := fmt.Sprintf("%s and %s both give %d pixels", gammas[0], gammas[len(gammas)-1],
			pixels); len(gammas) > 1 && (example == "" || text < example) {
			example = text
		}
	}
	if lost == 0 {
		return ""
	}
	return fmt.Sprintf("steps of gamma that build no network of their own: %d (%s); raise "+
		"gamma's step or the base resolution", lost, example)
}

// warnStaircase finds trials that differ in the image's side only: strides round up, so that a few
// more pixels may change no feature map.
func (p *Plan) warnStaircase() string {
	type features struct {
		blocks string
		cost   search.Cost
	}
	first, count, example := map[features]Trial{}, 0, ""
	for _, t := range p.Trials {
		key := features{fmt.Sprint(t.Network.Repeats, t.Network.Channels), t.Network.Cost}
		other, ok := first[key]
		switch {
		case !ok:
			first[key] = t
		case other.Network.Pixels != t.Network.Pixels:
			count++
			example = cmp.Or(example, other.Name+" and "+t.Name)
		}
	}
	if count == 0 {
		return ""
	}
	return fmt.Sprintf("trials with the feature maps of another one, though their images differ "+
		"in size: %d (%s); a step of gamma changes nothing there but the image", count, example)
}

func (p *Plan) warnSeeds(seeds int) string {
	switch trained := len(p.trained()); {
	case seeds < 2:
		return fmt.Sprintf("one seed shows no tied set: %d serve a dozen trials, %d serve forty",
			fewestSeeds, seedsForMany)
	case seeds < fewestSeeds:
		return fmt.Sprintf("%d seeds show the noise badly, and the tied set rests on it: %d "+
			"serve a dozen trials, %d serve forty", seeds, fewestSeeds, seedsForMany)
	case seeds < seedsForMany && trained >= manyTrials:
		return fmt.Sprintf("%d seeds are few for %d trials: %d serve forty", seeds, trained, seedsForMany)
	}
	return ""
}

// WarnImages warns of too few validation images for meaningful accuracies, however many seeds
// agree; 0 means that it is not known.
func WarnImages(n int) string {
	if n == 0 || n >= fewestImages {
		return ""
	}
	return fmt.Sprintf("validation images: %d; the binomial standard error of an accuracy is "+
		"%.3g points at 50 %%, and no seed makes it smaller: %d images keep it at %.3g (raise "+
		"validation_fraction)",
		n, 100*BinomialError(.5, n), fewestImages, 100*BinomialError(.5, fewestImages))
}

// BinomialError is the standard error of an accuracy on n images: how much it would change on
// another draw of images. It does not apply to a difference between trials, which are evaluated on
// the same images.
func BinomialError(accuracy float64, n int) float64 {
	return math.Sqrt(accuracy * (1 - accuracy) / float64(n))
}

// warnShort names the families that have fewer networks of different cost than points were asked
// for.
func (p *Plan) warnShort() string {
	var list []string
	for _, s := range p.Short {
		list = append(list, fmt.Sprintf("%s %d", s.Family, s.Networks))
	}
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf(
		"fewer networks of unlike cost than the %s of phi, both ends among them: %s",
		plural.Of(p.Short[0].Points, "point"), strings.Join(list, ", "))
}
