// Package search defines which compound coefficients a study looks at: a Space becomes points, by
// its methods, its controls and its spacing of phi, and constraints exclude points. Package planner
// below it makes trials of the points; package stats says which of the networks' measured
// accuracies differ significantly.
//
// A Build function, passed by the caller, makes a network of a point. The package depends on no
// model, files or database: arguments and results are plain values. Coefficients are exact
// decimals, never sums of binary floating-point steps.
//
// References:
//
//	[effnet] M. Tan, Q. Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019.
//	[dollar] P. Dollár, M. Singh, R. Girshick, Fast and Accurate Model Scaling, 2021.
package search

import (
	"fmt"
	"math"
)

// Space defines which points a study looks at.
type Space struct {
	Methods      []string
	Alpha        Range
	Beta         Range
	Gamma        Range
	Phi          []Decimal
	LogCost      *LogCost // instead of Phi: chosen for each family; of single, compound and list alone
	Coefficients Point    // of the compound method; phi is not read
	List         []Point  // of the list method; phi is not read
	ShareStep    Decimal  // of the simplex method: step of the shares of the budget
	Controls     []string // networks to compare with
	Constraints  []Constraint
}

// Methods.
const (
	Grid     = "grid"     // all alpha, beta, gamma of the ranges
	Solve    = "solve"    // all alpha and beta of the ranges, gamma such that the target is met
	Simplex  = "simplex"  // shares of the budget for depth, width and resolution that add up to one
	Single   = "single"   // width alone, depth alone, resolution alone
	Compound = "compound" // given coefficients
	List     = "list"     // given points
)

// Methods lists them.
var Methods = []string{Grid, Solve, Simplex, Single, Compound, List}

// defaultTarget is the paper's factor: alpha * beta^2 * gamma^2 of about 2 ([effnet] equation 3).
const defaultTarget = 2

// target is the factor that solved coefficients aim at, and whether it is a factor of real cost.
func (s Space) target() (factor float64, real bool) {
	factor = defaultTarget
	for _, c := range s.Constraints {
		switch c.Quantity {
		case MAddsRatio:
			return c.target(), true
		case Nominal:
			factor = c.target()
		}
	}
	return factor, false
}

// solvedAt is the phi at which a target of real cost is met: 1 if the space has it, or else its
// least above 0.
func (s Space) solvedAt() Decimal {
	var least Decimal
	for _, phi := range s.Phi {
		if v := phi.Float64(); v == 1 {
			return "1"
		} else if v > 0 && (least == "" || v < least.Float64()) {
			least = phi
		}
	}
	if least == "" {
		return "1"
	}
	return least
}

// Candidate is a point with the name of the control or family that it belongs to, empty for the
// grid.
type Candidate struct {
	Point
	Control string
}

// Candidates are the points of a space, in the order of its controls, of its methods and their
// coefficients, and of phi. Two methods may have a point in common.
type Candidates struct {
	Controls []Candidate
	Points   []Candidate // of the methods
	Short    []Shortage  // families of a LogCost that have fewer networks than it asks for
}

// Enumerate lists the points of the space around the base network. It calls build repeatedly for
// the same point: a Build that caches is much faster.
func (s Space) Enumerate(build Build, base Network) (c Candidates, err error) {
	e := enumeration{build: build}
	if c.Controls, err = s.families(build, base, s.Controls...); err != nil {
		return c, err
	}
	if c.Points, err = s.points(build, base); err != nil {
		return c, err
	}
	if c.Controls, err = e.spread(s, c.Controls); err != nil {
		return c, err
	}
	c.Points, err = e.spread(s, c.Points)
	c.Short = e.short
	return c, err
}

// points lists the points of all methods, without phi.
func (s Space) points(build Build, base Network) ([]Candidate, error) {
	var points []Candidate
	for _, method := range s.Methods {
		found, err := s.method(method, build, base)
		if err != nil {
			return nil, fmt.Errorf("method %s: %w", method, err)
		}
		points = append(points, found...)
	}
	return points, nil
}

// atEveryPhi repeats the points for each phi of the space.
func (s Space) atEveryPhi(points []Candidate) []Candidate {
	var all []Candidate
	for _, p := range points {
		for _, phi := range s.Phi {
			p.Phi = phi
			all = append(all, p)
		}
	}
	return all
}

func (s Space) method(method string, build Build, base Network) ([]Candidate, error) {
	switch method {
	case Grid:
		return s.grid()
	case Solve:
		return s.solve(build, base)
	case Simplex:
		return s.simplex()
	case Single:
		return s.families(build, base, "width", "depth", "resolution")
	case Compound:
		return []Candidate{{s.Coefficients, "compound"}}, nil
	case List:
		var points []Candidate
		for _, p := range s.List {
			points = append(points, Candidate{Point: p})
		}
		return points, nil
	}
	return nil, fmt.Errorf("it is not one of %v", Methods)
}

func (s Space) grid() ([]Candidate, error) {
	gammas, err := s.Gamma.Values()
	if err != nil {
		return nil, fmt.Errorf("gamma: %w", err)
	}
	var points []Candidate
	err = s.plane(func(alpha, beta Decimal) error {
		for _, gamma := range gammas {
			points = append(points, Candidate{Point: Point{Alpha: alpha, Beta: beta, Gamma: gamma}})
		}
		return nil
	})
	return points, err
}

// plane visits all alpha and beta.
func (s Space) plane(visit func(alpha, beta Decimal) error) error {
	alphas, err := s.Alpha.Values()
	if err != nil {
		return fmt.Errorf("alpha: %w", err)
	}
	betas, err := s.Beta.Values()
	if err != nil {
		return fmt.Errorf("beta: %w", err)
	}
	for _, alpha := range alphas {
		for _, beta := range betas {
			if err := visit(alpha, beta); err != nil {
				return err
			}
		}
	}
	return nil
}

// solve finds the gamma that meets the target for every alpha and beta; pairs that exceed it by
// themselves are left out.
func (s Space) solve(build Build, base Network) ([]Candidate, error) {
	target, real := s.target()
	phi := Decimal("1")
	if real {
		phi = s.solvedAt()
	}
	var points []Candidate
	err := s.plane(func(alpha, beta Decimal) error {
		along := func(factor float64) Point { // of the resolution's cost, at phi
			return Point{Alpha: alpha, Beta: beta, Gamma: rounded(math.Pow(factor, .5/phi.Float64())),
				Phi: phi}
		}
		rest := target / alpha.Float64() / math.Pow(beta.Float64(), 2)
		if real {
			p, missed, err := line{along, build, base}.nearest(target)
			if err == nil && missed <= solveTolerance*target {
				points = append(points, Candidate{Point: p})
			}
			return err
		}
		if rest >= 1 == (target >= 1) {
			points = append(points, Candidate{Point: along(rest)})
		}
		return nil
	})
	return points, err
}

// solveTolerance is the largest relative distance of a solved network's real cost from the target.
const solveTolerance = .05

// simplex divides the budget: with shares a + b + c = 1 of the logarithm of the factor F, alpha =
// F^a, beta = F^(b/2), gamma = F^(c/2).
func (s Space) simplex() ([]Candidate, error) {
	step := s.ShareStep.Float64()
	n := int(math.Round(1 / step))
	if step <= 0 || math.Abs(float64(n)*step-1) > 1e-9 {
		return nil, fmt.Errorf("share_step must divide 1, as 0.1 and 0.25 do, not %s", s.ShareStep)
	}
	factor, real := s.target()
	if real {
		factor = math.Pow(factor, 1/s.solvedAt().Float64())
	}
	var points []Candidate
	for a := 0; a <= n; a++ {
		for b := 0; a+b <= n; b++ {
			share := func(k int, of float64) Decimal {
				return rounded(math.Pow(factor, of*float64(k)/float64(n)))
			}
			points = append(points, Candidate{Point: Point{Alpha: share(a, 1), Beta: share(b, .5),
				Gamma: share(n-a-b, .5)}})
		}
	}
	return points, nil
}
