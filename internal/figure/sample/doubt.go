package sample

import (
	"fmt"
	"math"
	"time"

	"gridsearch/internal/figure/values"
	"gridsearch/internal/random"
)

func spread() *values.Spread {
	return &values.Spread{P: .001,
		Run:   values.Component{SD: .011, Span: &values.Span{Low: .009, High: .015}},
		Seed:  values.Component{SD: .004},
		Trial: values.Component{SD: .021, Span: &values.Span{Low: .013, High: .034}}}
}

// agreements are of one phi with two others: at one the ranking stays, at the other it is not known.
func agreements() []values.Agreement {
	s, kept := random.New(2, "agreements"), []bool{true, false}
	a := values.Agreement{First: "φ = 1", Second: "φ = 2", Named: "alpha/beta/gamma",
		Kept: &kept[0], Regret: .004, Bound: .021,
		Correlation: values.Component{SD: .83, Span: &values.Span{Low: .41, High: 1}}}
	b := values.Agreement{First: "φ = 1", Second: "φ = 3", Kept: &kept[1], Regret: .032, Bound: .056,
		Correlation: values.Component{SD: math.NaN()}}
	for i, family := range []string{"width", "depth", "resolution", "paper", "", "", ""} {
		v := .3 + .02*s.Norm()
		point := values.AgreementPoint{Name: fmt.Sprintf("1.%d/1.1/1.15", i), Family: family, First: v,
			Second: v + .1 + .008*s.Norm()}
		a.Points = append(a.Points, point)
		point.Second = .5 + .02*s.Norm()
		b.Points = append(b.Points, point)
		if v > a.Points[a.Winner].First {
			a.Winner, b.Winner = i, i
		}
	}
	return []values.Agreement{a, b}
}

// classes are those of six tied trials, which differ in one.
func classes() []values.Class {
	s := random.New(3, "classes")
	var list []values.Class
	for i, name := range []string{"t-shirt", "trouser", "pullover", "dress", "靴"} {
		c := values.Class{Name: name, Images: 100 + 7*i, P: .8}
		if i == 2 {
			c.P = .01
		}
		for trial := range 6 {
			v := .8 - .1*float64(i) + .02*s.Norm()
			if i == 2 {
				v += .02 * float64(trial)
			}
			c.Scores = append(c.Scores, values.ClassScore{Trial: fmt.Sprint("trial ", trial), Mean: v,
				SE: .01})
		}
		list = append(list, c)
	}
	return list
}

// runs are those of two workers, with one of each outcome and a pause.
func runs() []values.Run {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	outcomes := map[int]string{5: "failed", 9: "crashed", 10: "interrupted", 11: "interrupted",
		16: "differs"}
	var list []values.Run
	for i := range 20 {
		at := start.Add(time.Duration(i/2*310+i%2*20) * time.Second)
		if i > 11 {
			at = at.Add(5 * time.Hour)
		}
		r := values.Run{Trial: fmt.Sprint("trial ", i%10), Seed: i / 10, Started: at,
			Ended: at.Add(time.Duration(200+10*(i*7%11)) * time.Second), Outcome: "complete",
			Worker: fmt.Sprint("host ", 1+i%2), Threads: 1}
		if o := outcomes[i]; o != "" {
			r.Outcome = o
		}
		list = append(list, r)
	}
	return list
}
