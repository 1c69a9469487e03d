package job

import (
	"errors"
	"fmt"
)

// CurvePoint is the training at the end of an epoch: mean loss and top-1 (a fraction) of its steps.
type CurvePoint struct {
	Epoch int     `json:"epoch"` // 1 for the first
	Step  int     `json:"step"`  // steps done
	Loss  float64 `json:"loss"`
	Top1  float64 `json:"top1"`
}

// MostPoints is how many points Thin leaves of a curve.
const MostPoints = 60

// Thin is a curve of at most MostPoints points: of a longer one every second epoch, or every fourth,
// and so on, and always the last. What is kept of a curve is kept when it grows, until the next
// halving.
func Thin(curve []CurvePoint) []CurvePoint {
	every := 1
	for (len(curve)+every-1)/every > MostPoints {
		every *= 2
	}
	if every == 1 {
		return curve
	}
	var thin []CurvePoint
	for i, point := range curve {
		if (i+1)%every == 0 || i == len(curve)-1 {
			thin = append(thin, point)
		}
	}
	return thin
}

// checkCurve says what is wrong with the points of a curve, which need not be those of every epoch.
func checkCurve(curve []CurvePoint) error {
	var last CurvePoint
	for i, p := range curve {
		if p.Epoch <= last.Epoch || p.Step <= last.Step || !finite(p.Loss) || !share(p.Top1) {
			return impossible(i, p)
		}
		last = p
	}
	return nil
}

func impossible(i int, p CurvePoint) error {
	return fmt.Errorf("point %d of its training curve is %+v", i+1, p)
}

// check says what is wrong with the progress of the run of that key.
func (p Progress) check(key string) error {
	if p.Key != key {
		return fmt.Errorf("its progress is of run %q, and it was asked for %s", p.Key, key)
	}
	if len(p.Curve) > MostPoints {
		return fmt.Errorf("its progress has a curve of %d points, and %d are the most", len(p.Curve),
			MostPoints)
	}
	return checkCurve(p.Curve)
}

// curve checks the training curve of a result: a point for each epoch.
func (r Result) curve() error {
	if len(r.Curve) == 0 {
		return errors.New("its training curve is empty")
	}
	for i, p := range r.Curve {
		if p.Epoch != i+1 {
			return impossible(i, p)
		}
	}
	return checkCurve(r.Curve)
}
