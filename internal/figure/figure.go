// Package figure is the registry of the figures that a study can have: each has a name, a caption,
// what it needs, and a function that makes a picture of values. It draws nothing.
//
// A new figure is one entry of All and one function in a room below. Experiment files, the help of
// the commands and reports know it from there.
package figure

import (
	"cmp"
	"slices"

	"gridsearch/internal/figure/classes"
	"gridsearch/internal/figure/classmaps"
	"gridsearch/internal/figure/costs"
	"gridsearch/internal/figure/doubt"
	"gridsearch/internal/figure/networks"
	"gridsearch/internal/figure/picture"
	"gridsearch/internal/figure/shares"
	"gridsearch/internal/figure/space"
	"gridsearch/internal/figure/timeline"
	"gridsearch/internal/figure/training"
	"gridsearch/internal/figure/values"
)

// All are the figures, in the order in which they are drawn, listed and shown.
var All = []Figure{
	{"accuracy-cost", "", "accuracy against multiply-adds, with the Pareto front",
		"Filled marks cannot be told from the best. The front joins the trials that no cheaper one " +
			"beats. A bar that reaches the highest mean leaves open whether its trial is best.",
		[]Need{complete}, always(costs.AccuracyCost)},
	{"behind-best", "", "every trial's distance from the best other one, with its interval",
		"The bars hold for all trials at once: where one ends at 0, another trial is better. Filled " +
			"marks are the tied set, which may have a few more, as it is to hold every best one.",
		[]Need{complete, compared}, always(doubt.BehindBest)},
	{"triangle", "", "each trial at the shares of the cost that depth, width and resolution take",
		"A corner spends everything on one dimension; a line along a side's ticks joins equal " +
			"shares. Rings mark what may be best. A line or patch joins coefficients that build " +
			"one network. Contours smooth the means; they test nothing.",
		[]Need{mixed}, always(shares.Triangle)},
	{space.Name, "", "networks in the space of width, depth and resolution, and the surface of one cost",
		"Shadows on the walls say where a point is. The line from the base scales all three " +
			"dimensions together; it is dashed where it is behind the surface.",
		[]Need{complete, spaced}, always(space.Picture)},
	{"compound", "scaling-curves", "accuracy of all ways of scaling in one panel",
		"At equal cost the higher curve spends it better, as far as the bands allow to tell; the " +
			"upright line is where they are compared.",
		[]Need{complete, scaled}, always(costs.Compound)},
	{"nominal-real", "", "what networks really cost beside what the rule promises",
		"On the dashed line the rule keeps its promise. Rounding builds whole blocks and channels, " +
			"so that equal coefficients are plateaus and small steps cliffs.",
		[]Need{complete, promised}, always(costs.NominalReal)},
	{"single", "scaling-panels", "accuracy of width, depth and resolution scaling, a panel each",
		"Each curve starts at the base network; its band says how well the networks determine it. " +
			"Labels are a network's phi and what its dimension is multiplied by.",
		[]Need{complete, scaled, alone}, always(costs.Single)},
	{"noise", "", "the spread of trials beside the noise of runs, seeds and images",
		"Where the means follow the dashed line, trials differ no more than equal ones would.",
		[]Need{complete, varied}, always(doubt.Noise)},
	{"per-class", "", "accuracy of the tied trials in each class",
		"Trials that are tied may still be good at unlike classes.",
		[]Need{complete, predicted}, always(classes.PerClass)},
	{"width-by-base", "", "accuracy of width scaling from several depths and resolutions",
		"Where lines of deeper networks and larger images lie above, width alone is not the way.",
		[]Need{complete, based}, always(costs.WidthByBase)},
	{"params", "", "accuracy against parameters, beside published models",
		"Filled black marks are EfficientNet, grey ones other models, as far as models are " +
			"published for the study's data. Up and to the left is better.",
		[]Need{complete, sized}, always(costs.Params)},
	{"flops", "", "accuracy against multiply-adds, beside published models",
		"As params, for multiply-adds, which the literature often calls FLOPs.",
		[]Need{complete, counted}, always(costs.FLOPs)},
	{"latency", "accuracy-latency", "accuracy against the milliseconds that one image takes",
		"Time depends on the processor; multiply-adds do not.",
		[]Need{complete, timed}, always(costs.Latency)},
	{"rank-agreement", "", "accuracy under one condition, or phi, against another",
		"The correlation is that of the true means, with the noise of runs taken out. The regret " +
			"is how far the best under the first condition is behind under the second. Where trials " +
			"differ too little beside the noise, the correlation is not known.",
		[]Need{complete, conditions}, always(doubt.RankAgreement)},
	{"scaling-diagram", "", "the base network, and what each dimension makes of it",
		"Each storey is a block. The left wall is as broad as the square root of its channels, " +
			"the right wall as that of its map's side; the plate below is the image. All networks " +
			"have one scale.",
		[]Need{drawn}, networks.Diagram},
	{"cam", "", "where in images the networks see the class that they name",
		"Each row is a validation image, each column a network. Light is where the evidence of " +
			"the class lies; a network may name another class than its neighbour.",
		[]Need{mapped}, classmaps.Maps},
	{"training", "training-curves", "loss and top-1 by epoch, the best trials and the base named",
		"Marks right of the last epoch are validation, which is measured at the end alone. It may " +
			"lie above training, whose images are augmented.",
		[]Need{complete, recorded}, always(training.Curves)},
	{"timeline", "", "what each worker trained, and when",
		"Grey is a worker without a run. Times at which nobody trained are cut out.",
		[]Need{begun, attempted}, always(timeline.Timeline)},
}

// Figure is an entry of the registry.
type Figure struct {
	Name    string // of its files, and in [report] figures
	Former  string // its name in earlier versions, which files may still have; empty for none
	Caption string // what it shows, in a line
	See     string // how to read it, in a sentence or two
	Needs   []Need
	Picture func(values.Values) (picture.Picture, error) // of values that have what it needs
}

// always is a picture that values which have what it needs always make.
func always(of func(values.Values) picture.Picture) func(values.Values) (picture.Picture, error) {
	return func(v values.Values) (picture.Picture, error) { return of(v), nil }
}

// Need is something that values must have for a figure to be drawn.
type Need struct {
	Met  func(values.Values) bool
	Lack string // what to say where it is not met
}

// Lack says why the figure cannot be drawn from values, empty where it can.
func (f Figure) Lack(v values.Values) string {
	for _, need := range f.Needs {
		if !need.Met(v) {
			return cmp.Or(v.Lacking[f.Name], need.Lack)
		}
	}
	return ""
}

// Formats are the formats that figures can be written in.
var Formats = []string{"svg", "png", "pdf"}

// Usual are the formats that figures are written in unless others are asked for.
var Usual = Formats[:2:2]

// Names are the names of All.
func Names() []string {
	var names []string
	for _, f := range All {
		names = append(names, f.Name)
	}
	return names
}

// Former says which figure an earlier version's name means.
func Former() map[string]string {
	now := map[string]string{}
	for _, f := range All {
		if f.Former != "" {
			now[f.Former] = f.Name
		}
	}
	return now
}

// What figures need.
var (
	complete = Need{func(v values.Values) bool { return len(v.Trials) > 0 }, "no run is complete"}
	timed    = Need{func(v values.Values) bool {
		return slices.ContainsFunc(v.Trials, func(t values.Trial) bool { return t.Milliseconds > 0 })
	}, "no latency of one image is on record (latency = true in [execution] measures it)"}
	recorded = Need{func(v values.Values) bool { return len(v.Curves) > 0 },
		"no training curve is on record"}
	compared = Need{func(v values.Values) bool {
		return slices.ContainsFunc(v.Trials, func(t values.Trial) bool { return t.Behind != nil })
	}, "there is no verdict: two trials with complete runs on two common seeds are needed"}
	varied = Need{func(v values.Values) bool { return v.Spread != nil },
		"noise is not known: two trials beside the base with complete runs on two common seeds are " +
			"needed"}
	conditions = Need{func(v values.Values) bool { return len(v.Agreements) > 0 },
		"there is one condition: a study needs runs of the same coefficients at two phi, or under " +
			"two recipes, three of each at least"}
	predicted = Need{func(v values.Values) bool { return len(v.Classes) > 0 },
		"no predictions of the tied trials are kept (keep_predictions in [execution])"}
	attempted = Need{func(v values.Values) bool { return len(v.Runs) > 0 },
		"no attempt at a run is on record"}
	begun = Need{func(v values.Values) bool { return len(v.Trials)+len(v.Runs) > 0 },
		"no run is complete"} // nor has any ended in another way
	scaled = Need{func(v values.Values) bool { return len(v.Families) > 0 },
		"no family makes a curve: a study must have trained a network of compound scaling, and a " +
			"file of scores must have two trials of a family"}
	sized = Need{func(v values.Values) bool {
		return slices.ContainsFunc(v.Trials, func(t values.Trial) bool { return t.Params > 0 })
	}, "no trial has parameters: a file of scores needs a column params"}
	counted = Need{func(v values.Values) bool {
		return slices.ContainsFunc(v.Trials, func(t values.Trial) bool { return t.MAdds > 0 })
	}, "no trial has multiply-adds: a file of scores needs a column madds"}
	drawn = Need{func(v values.Values) bool { return len(v.Networks) > 1 },
		"no network beside the base is known: a file of scores has none"}
	mapped = Need{func(v values.Values) bool { return v.Maps != nil },
		"no weights of runs are at hand"}
	mixed = Need{func(v values.Values) bool { return len(shares.Phis(v)) > 0 },
		"no phi has five trials whose coefficients are known"}
	promised = Need{func(v values.Values) bool { return len(costs.Counted(v)) > 0 },
		"coefficients and multiply-adds of no network beside the base are on record"}
	spaced = Need{func(v values.Values) bool { return len(space.Placed(v)) > 1 },
		"coefficients of fewer than two networks are on record"}
	alone = Need{func(v values.Values) bool { return len(v.Singles()) > 0 },
		"no family of width, depth or resolution alone makes a curve"}
	based = Need{func(v values.Values) bool { return len(v.Bases) > 1 },
		"networks of several widths must share a depth and a resolution, at two of these at least"}
)
