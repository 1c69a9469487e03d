package search

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// Spacings of phi between two ends.
const (
	EvenSpacing    = "even"     // equal steps of phi
	LogCostSpacing = "log-cost" // steps of phi that multiply the real cost by the same factor
)

// Spacings lists them.
var Spacings = []string{EvenSpacing, LogCostSpacing}

// baselinePhi is the phi of the base network, whatever the coefficients.
const baselinePhi Decimal = "0"

// Even lists points values of phi in equal steps, both ends included. Steps with more than six
// decimals are rounded. Phi 0 is left out: it is the base network, which every plan has.
func Even(from, to Decimal, points int) []Decimal {
	var list []Decimal
	for i := range points {
		phi := between(from, to, i, points-1)
		switch i {
		case 0:
			phi = from
		case points - 1:
			phi = to
		default:
			phi = Rounded(phi.Float64(), SolvedPlaces)
		}
		list = append(list, phi)
	}
	return slices.DeleteFunc(list, isBaseline)
}

func isBaseline(phi Decimal) bool { return phi.Cmp(baselinePhi) == 0 }

// between is from + (to - from) step / steps, with as many decimals as keep all steps distinct.
func between(from, to Decimal, step, steps int) Decimal {
	span := new(big.Rat).Sub(to.Rat(), from.Rat())
	v := span.Mul(span, big.NewRat(int64(step), int64(steps)))
	v.Add(v, from.Rat())
	if places, terminates := v.FloatPrec(); terminates {
		return Decimal(v.FloatString(places))
	}
	return Decimal(v.FloatString(2 * SolvedPlaces))
}

// LogCost chooses the phi of each family of coefficients by the cost of its networks: from the
// network at From to that at To in equal steps of the logarithm of the real multiply-adds, as
// nearly as rounding to whole channels, blocks and pixels allows (least squares). With this spacing
// a comparison of families at equal cost needs the fewest runs.
//
// Where the native size of the data ends a family before To, the steps end there too, and the
// network at To is listed as one that cannot be trained.
type LogCost struct {
	From   Decimal // 0 is the base network, which all families share
	To     Decimal
	Points int // networks of a family, those of both ends among them; at least 2
}

// phiSteps is the number of equal steps of phi among whose networks LogCost chooses.
const phiSteps = 1000

// Shortage is a family that has fewer networks of different cost than its spacing asks for.
type Shortage struct {
	Family   string
	Networks int // with those of both ends
	Points   int // asked for
}

// step is the network of one of the equal steps of phi.
type step struct {
	phi      Decimal
	network  Network
	position int // in steps from the beginning
}

// enumeration collects the candidates of a space.
type enumeration struct {
	build Build
	short []Shortage
}

// spread repeats the points for each phi of the space, and notes families that have too few
// networks.
func (e *enumeration) spread(s Space, points []Candidate) ([]Candidate, error) {
	if s.LogCost == nil {
		return s.atEveryPhi(points), nil
	}
	var all []Candidate
	for _, point := range points {
		phis, err := e.byCost(*s.LogCost, point)
		if err != nil {
			return nil, err
		}
		all = append(all, Space{Phi: phis}.atEveryPhi([]Candidate{point})...)
	}
	return all, nil
}

// byCost lists the phi of one family in ascending order, without phi 0.
func (e *enumeration) byCost(l LogCost, family Candidate) ([]Decimal, error) {
	steps, err := l.steps(e.build, family.Point)
	if err != nil {
		return nil, err
	}
	last, usable := steps[len(steps)-1], trainable(steps)
	if len(usable) == 0 {
		usable = steps // all are listed, none is trained
	}
	chosen := nearestTo(l.targets(usable), oneOfEachCost(usable))
	if n := len(chosen); n < l.Points {
		e.noteShortage(Shortage{nameOf(family), n, l.Points})
	}
	var phis []Decimal
	for _, s := range chosen {
		phis = append(phis, s.phi)
	}
	phis = slices.DeleteFunc(phis, isBaseline)
	if usable[len(usable)-1].position < last.position || len(phis) == 0 {
		phis = append(phis, last.phi)
	}
	slices.SortFunc(phis, Decimal.Cmp)
	return phis, nil
}

// noteShortage notes a family once: it may belong to a control and to a method.
func (e *enumeration) noteShortage(s Shortage) {
	if !slices.Contains(e.short, s) {
		e.short = append(e.short, s)
	}
}

func nameOf(family Candidate) string {
	return cmp.Or(family.Control, fmt.Sprintf("%s/%s/%s", family.Alpha, family.Beta, family.Gamma))
}

// steps builds the networks of all steps of phi.
func (l LogCost) steps(build Build, p Point) ([]step, error) {
	list := make([]step, 0, phiSteps+1)
	for i := range phiSteps + 1 {
		p.Phi = between(l.From, l.To, i, phiSteps)
		n, err := build(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		list = append(list, step{p.Phi, n, i})
	}
	return list, nil
}

// trainable lists the networks that the data allow.
func trainable(steps []step) []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool {
		return s.network.Infeasible != ""
	})
}

// targets are the logarithms of the target costs, in equal steps from one end to the other.
func (l LogCost) targets(steps []step) []float64 {
	low, high := steps[0].logCost(), steps[len(steps)-1].logCost()
	low, high = min(low, high), max(low, high)
	list := make([]float64, l.Points)
	for i := range list {
		share := float64(i) / float64(l.Points-1)
		list[i] = float64(low*(1-share)) + float64(high*share)
	}
	return list
}

// logCost is the natural logarithm of the network's multiply-adds.
func (s step) logCost() float64 { return math.Log(float64(max(1, s.network.Cost.MAdds))) }

// oneOfEachCost picks a step for each cost, in ascending order: From and To, or else the middle of
// the longest run of steps that build one network of that cost, which is farthest from where
// rounding changes it.
func oneOfEachCost(steps []step) []step {
	stretches := map[int64][]step{}
	for rest := steps; len(rest) > 0; {
		n := stretch(rest)
		cost := rest[0].network.Cost.MAdds
		if n > len(stretches[cost]) && !holdsEnd(stretches[cost]) || holdsEnd(rest[:n]) {
			stretches[cost] = rest[:n]
		}
		rest = rest[n:]
	}
	var list []step
	for _, s := range stretches {
		list = append(list, representative(s))
	}
	slices.SortFunc(list, func(a, b step) int {
		return cmp.Compare(a.network.Cost.MAdds, b.network.Cost.MAdds)
	})
	return list
}

// representative is From or To if that is among the steps, or else their middle.
func representative(stretch []step) step {
	middle := stretch[len(stretch)/2]
	for _, s := range stretch {
		if isEnd(s) {
			return s
		}
	}
	return middle
}

func isEnd(s step) bool { return s.position == 0 || s.position == phiSteps }

// holdsEnd reports whether From or To is among the steps.
func holdsEnd(steps []step) bool {
	return len(steps) > 0 && isEnd(representative(steps))
}

// stretch counts the steps at the beginning that build one network.
func stretch(steps []step) int {
	other := slices.IndexFunc(steps, func(s step) bool { return s.network.ID != steps[0].network.ID })
	if other < 0 {
		return len(steps)
	}
	return other
}

// nearestTo chooses a different network for each target with the least sum of squared distances;
// all of them if there are no more than targets. Both are in ascending order, and so is the
// optimum: crossing would bring no target nearer.
func nearestTo(targets []float64, networks []step) []step {
	if len(networks) <= len(targets) {
		return networks
	}
	// least[j] is the least sum of the first targets with networks before j, the last target's
	// network is choice[i][j].
	least := make([]float64, len(networks)+1)
	choice := make([][]int, len(targets))
	for i, target := range targets {
		next := make([]float64, len(networks)+1)
		next[0] = math.Inf(1)
		choice[i] = make([]int, len(networks)+1)
		for j, n := range networks {
			d := n.logCost() - target
			next[j+1], choice[i][j+1] = next[j], choice[i][j]
			if sum := least[j] + float64(d*d); sum < next[j+1] {
				next[j+1], choice[i][j+1] = sum, j
			}
		}
		least = next
	}
	chosen := make([]step, len(targets))
	end := len(networks)
	for i := len(targets) - 1; i >= 0; i-- {
		end = choice[i][end]
		chosen[i] = networks[end]
	}
	return chosen
}
