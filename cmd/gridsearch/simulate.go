package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gridsearch/internal/cache"
	"gridsearch/internal/outlook"
	"gridsearch/internal/plural"
	"gridsearch/internal/report"
	"gridsearch/internal/study"
)

const simulateHelp = "Simulate makes the plan of an experiment file and draws searches of so " +
	"many\n" +
	"trials and seeds, one trial ahead of equals, through the comparison that results uses. It\n" +
	"prints how far a trial has to be ahead to be the lone winner in 80 % of searches, how many\n" +
	"trials stay tied where one is ahead by 1, 2 and 3 standard deviations of a run, and what\n" +
	"3, 5 and 8 seeds change about it. The same file gives the same numbers. What it computes\n" +
	"is kept in the user's cache directory: the first time takes half a minute or less for\n" +
	"eight trials, and a minute or two for forty."

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	settings []string
	format   string
	noise    float64
	from     string
}

func newSimulate() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate FILE",
		Short: "Say what a study will be able to say, without training",
		Long:  simulateHelp,
		Args:  exactly("an experiment file"),
		RunE:  func(cmd *cobra.Command, args []string) error { return f.print(cmd, args[0]) },
	}
	cmd.Flags().StringArrayVar(&f.settings, "set", nil,
		"set a key of the experiment file, like replication.seeds=5 (repeatable)")
	cmd.Flags().StringVar(&f.format, "format", "table", "table or json")
	cmd.Flags().Float64Var(&f.noise, "noise", 100*outlook.AssumedNoise,
		"standard deviation of one run's accuracy, paired by seed, in points")
	cmd.Flags().StringVar(&f.from, "from", "", "take the noise from an earlier study")
	return cmd
}

func (f *simulateFlags) print(cmd *cobra.Command, path string) error {
	if err := checkFormat(f.format, outlook.Formats); err != nil {
		return err
	}
	p, err := study.Prepare(cmd.Context(), newReading("auto", cmd.ErrOrStderr()).access(""), path, f.settings...)
	if err != nil {
		return err
	}
	d := design(cmd, p)
	if d.Trials < 2 {
		return usageError{fmt.Errorf("%s: the plan trains %s: there is nothing to compare; widen "+
			"[search], or its constraints", path, plural.Of(d.Trials, "network"))}
	}
	if d.Noise, err = f.findNoise(cmd); err != nil {
		return err
	}
	return outlook.New(d).Write(cmd.OutOrStdout(), f.format)
}

// design is what an experiment file is going to train.
func design(cmd *cobra.Command, p *study.Prepared) outlook.Design {
	d := outlook.Design{Study: p.Experiment.Study.Name, Seeds: p.Experiment.Replication.Seeds,
		Confidence: p.Experiment.Analysis.Confidence, Cache: cache.User("statistics"),
		Searches: outlook.Searches}
	for _, t := range p.Plan.Trials {
		if t.ExcludedBy == "" {
			d.Trials++
		}
	}
	d.Note = func(seeds int) {
		fmt.Fprintf(cmd.ErrOrStderr(), "simulating %s on %s\n", plural.Of(d.Trials, "trial"),
			plural.Of(seeds, "seed"))
	}
	return d
}

// mostNoise is larger than the noise of any accuracy, in points.
const mostNoise = 50

// findNoise is the noise of an earlier study, as given, or assumed.
func (f *simulateFlags) findNoise(cmd *cobra.Command) (outlook.Noise, error) {
	given := cmd.Flags().Changed("noise")
	switch {
	case given && f.from != "":
		return outlook.Noise{}, usageError{errors.New("--noise and --from both say what the " +
			"noise is: " +
			"leave one out")}
	case !(f.noise > 0 && f.noise <= mostNoise):
		return outlook.Noise{}, usageError{fmt.Errorf("--noise %g is no standard deviation of an "+
			"accuracy: it is above 0 and at most %d points", f.noise, mostNoise)}
	case f.from != "":
		return f.earlier(cmd)
	case given:
		return outlook.Noise{SD: f.noise / 100, From: outlook.Given}, nil
	}
	return outlook.Noise{SD: outlook.AssumedNoise, From: outlook.Assumed}, nil
}

// earlier is the pooled noise of a study.
func (f *simulateFlags) earlier(cmd *cobra.Command) (outlook.Noise, error) {
	folder, err := findStudy(cmd, f.from)
	if err != nil {
		return outlook.Noise{}, err
	}
	s, err := study.Load(folder)
	if err != nil {
		return outlook.Noise{}, err
	}
	r := report.New(s)
	if r.Noise == nil || *r.Noise == 0 {
		return outlook.Noise{}, usageError{fmt.Errorf("--from %s: the study shows no noise "+
			"yet: it "+
			"takes two trials with two complete seeds in common", f.from)}
	}
	return outlook.Noise{SD: *r.Noise, From: outlook.Earlier, Study: s.Plan.Study}, nil
}
