package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/nearest"
	"gridsearch/internal/study"
	"gridsearch/model"
	"gridsearch/search"
)

func newModel() *cobra.Command {
	var f modelFlags
	cmd := &cobra.Command{
		Use:   "model NAME|FILE",
		Short: "Count a network's layers, parameters, multiply-adds and activations",
		Long: "Counts a network for one image, as it is or scaled: by factors of width and depth " +
			"and a number of pixels, or by compound scaling, where depth is\n" +
			"alpha^phi, width beta^phi and resolution gamma^phi. The memory of training is an " +
			"estimate. Of an experiment file it counts the network that the search\n" +
			"starts from.\n\nNetworks: " + strings.Join(model.Presets(), ", ") + ".",
		Args:      exactly("the name of a network or an experiment file"),
		ValidArgs: model.Presets(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(f.format, []string{"table", "json", "csv"}); err != nil {
				return err
			}
			base, rule, err := startingPoint(args[0])
			if err != nil {
				return err
			}
			s, err := f.scaling(cmd, rule)
			if err != nil {
				return usageError{err}
			}
			if f.classes > 0 {
				base.Classes = f.classes
			}
			a := s.apply(base)
			if err := a.Validate(); err != nil {
				return usageError{fmt.Errorf("%s: %w", args[0], err)}
			}
			if float64(a.TrainingBytes(1))*float64(f.batch) > math.MaxInt64 {
				return usageError{fmt.Errorf("--batch %d is too large: its memory cannot be counted", f.batch)}
			}
			if f.diagram != "" {
				if err := writeDiagram(f.diagram, base, s); err != nil {
					return err
				}
			}
			return newDocument(a, f.batch).write(cmd.OutOrStdout(), f.format, f.layers)
		},
	}
	f.define(cmd)
	return cmd
}

// startingPoint is the network of a name or an experiment file, with its rounding rule.
func startingPoint(name string) (model.Architecture, model.Rounding, error) {
	if filepath.Ext(name) != ".toml" {
		a, err := model.Preset(name)
		if err != nil {
			return a, model.Rounding{}, usageError{err}
		}
		return a, model.OfficialRounding(), nil
	}
	p, err := study.Prepare(context.Background(), study.Access{}, name)
	if err != nil {
		return model.Architecture{}, model.Rounding{}, err
	}
	p.Base.Name = p.Experiment.Study.Name
	return p.Base, p.Experiment.Model.Rounding, nil
}

// modelFlags are the flags of gridsearch model.
type modelFlags struct {
	width, depth            float64
	pixels, classes         int
	alpha, beta, gamma, phi string
	rounding                string
	divisor, batch          int
	layers                  bool
	format, diagram         string
}

func (f *modelFlags) define(cmd *cobra.Command) {
	flags, paper := cmd.Flags(), paperPoint("1")
	flags.Float64Var(&f.width, "width", 1, "factor of all channels")
	flags.Float64Var(&f.depth, "depth", 1, "factor of the blocks of every stage")
	flags.IntVar(&f.pixels, "resolution", 0, "side of the image in pixels (the network's own "+
		"unless given)")
	flags.StringVar(&f.alpha, "alpha", string(paper.Alpha),
		"base of the depth in compound scaling, which this, beta, gamma or phi asks for")
	flags.StringVar(&f.beta, "beta", string(paper.Beta), "base of the width")
	flags.StringVar(&f.gamma, "gamma", string(paper.Gamma), "base of the resolution")
	flags.StringVar(&f.phi, "phi", string(paper.Phi), "exponent of all three")
	flags.StringVar(&f.rounding, "rounding", "",
		"of what is scaled, where it is not the file's or official: official (channels to "+
			"multiples of the divisor and never a tenth less, repeats upwards), nearest (repeats "+
			"to the nearest), none (channels to whole numbers too)")
	flags.IntVar(&f.divisor, "channel-divisor", 0,
		"what channels are multiples of, where it is not the file's or 8")
	flags.IntVar(&f.classes, "classes", 0, "number of classes, where it is not the file's or 1000")
	flags.IntVar(&f.batch, "batch", 1, "images of the batch that the memory of training is "+
		"estimated for")
	flags.BoolVar(&f.layers, "layers", false, "every layer as a row (json has them always)")
	flags.StringVar(&f.format, "format", "table", "table, json or csv")
	flags.StringVar(&f.diagram, "diagram", "",
		"draw the network and what each scaled dimension makes of it to this SVG, PNG or PDF "+
			"file; unless it is scaled, by the paper's coefficients at phi 3")
}

// paperPoint is the paper's coefficients, at an exponent.
func paperPoint(phi search.Decimal) search.Point {
	return search.Point{Alpha: "1.2", Beta: "1.1", Gamma: "1.15", Phi: phi}
}

// scaling is how a network is scaled.
type scaling struct {
	depth, width, resolution float64
	pixels                   int // instead of a factor of resolution; 0 for none
	rounding                 model.Rounding
}

// scaling reads the flags; rule is the rounding rule that they modify.
func (f *modelFlags) scaling(cmd *cobra.Command, rule model.Rounding) (s scaling, err error) {
	changed := func(names ...string) (set []string) {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				set = append(set, "--"+name)
			}
		}
		return set
	}
	factors, compound := changed("width", "depth", "resolution"), changed("alpha", "beta", "gamma",
		"phi")
	if len(factors) > 0 && len(compound) > 0 {
		return s, fmt.Errorf("%s and %s scale in two ways: give either width, depth and "+
			"resolution, or alpha, beta, gamma and phi", factors[0], compound[0])
	}
	s = scaling{depth: f.depth, width: f.width, resolution: 1, pixels: f.pixels}
	if len(compound) > 0 {
		if s.depth, s.width, s.resolution, err = f.compound(); err != nil {
			return s, err
		}
	}
	for _, v := range []struct {
		name  string
		value float64
	}{{"width", s.width}, {"depth", s.depth}, {"resolution", s.resolution}} {
		if !(v.value > 0 && v.value <= math.MaxFloat64) {
			return s, fmt.Errorf("the factor of the %s must be a number above 0, not %v", v.name, v.value)
		}
	}
	for _, v := range []struct {
		name  string
		value int
	}{{"resolution", f.pixels}, {"classes", f.classes}, {"batch", f.batch},
		{"channel-divisor", f.divisor}} {
		if v.value < 1 && cmd.Flags().Changed(v.name) {
			return s, fmt.Errorf("--%s must be 1 or more, not %d", v.name, v.value)
		}
	}
	s.rounding, err = f.rule(rule)
	return s, err
}

func (f *modelFlags) compound() (depth, width, resolution float64, err error) {
	var p search.Point
	for _, v := range []struct {
		name, text string
		to         *search.Decimal
	}{{"alpha", f.alpha, &p.Alpha}, {"beta", f.beta, &p.Beta}, {"gamma", f.gamma, &p.Gamma},
		{"phi", f.phi, &p.Phi}} {
		if *v.to, err = search.ParseDecimal(v.text); err != nil {
			return 0, 0, 0, fmt.Errorf("--%s: %w", v.name, err)
		}
		if v.name != "phi" && v.to.Cmp("0") <= 0 {
			return 0, 0, 0, fmt.Errorf("--%s must be above 0, not %s", v.name, *v.to)
		}
	}
	depth, width, resolution = p.Scaling()
	return depth, width, resolution, nil
}

// rule applies the flags to a rounding rule.
func (f *modelFlags) rule(r model.Rounding) (model.Rounding, error) {
	switch f.rounding {
	case "":
	case "official":
		r = model.OfficialRounding()
	case "nearest":
		r.ChannelDivisor, r.Depth = model.OfficialRounding().ChannelDivisor, model.RoundNearest
	case "none":
		if f.divisor > 0 {
			return r, errors.New("--channel-divisor has no meaning with --rounding none: leave " +
				"out one of them")
		}
		return model.Rounding{ChannelDivisor: 1, Depth: model.RoundNearest}, nil
	default:
		return r, fmt.Errorf("--rounding %q is not known: did you mean %q?", f.rounding,
			nearest.Word(f.rounding, []string{"official", "nearest", "none"}))
	}
	r.ChannelDivisor = cmp.Or(f.divisor, r.ChannelDivisor)
	return r, nil
}

func (s scaling) apply(a model.Architecture) model.Architecture {
	a = a.Scale(s.depth, s.width, s.resolution, s.rounding)
	if s.pixels > 0 {
		a.Pixels = s.pixels
	}
	return a
}
