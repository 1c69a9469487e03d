package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/benchmark"
	"gridsearch/model"
	"gridsearch/model/weights"
)

func newWeightsImport() *cobra.Command {
	var names, like, padding, output string
	var mean, deviation []float32
	var epsilon float64
	w := benchmark.Default()
	w.Classes = model.ImageNetClasses
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Read a network that PyTorch has saved as safetensors",
		Long: "Import makes a parameter file of a safetensors file: of a state dictionary of " +
			"torchvision or timm, whose structure is that of a run (--like) or of a\n" +
			"published network (--baseline and the flags behind it), or of a file that export " +
			"wrote. All tensors must be there in the right shape; every one that\n" +
			"is not is named, and nothing is written. A prefix of all names, like module. of " +
			"DataParallel, is taken off. torchvision's own B0 to B4, and timm's but those called " +
			"tf_, have --epsilon 1e-5; those have --padding same.",
		Args: exactly("a safetensors file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if names != "" {
				if err := checkNames(names); err != nil {
					return err
				}
			}
			n, err := structure(cmd, like, w, epsilon, padding)
			if err != nil {
				return err
			}
			if n, err = importFile(args[0], n, names); err != nil {
				return err
			}
			if n.Prefix != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "the names of %s lose the prefix %q\n", args[0], n.Prefix)
			}
			if mean != nil || deviation != nil {
				n.Mean, n.Deviation = mean, deviation
			}
			if err := n.CheckMoments(); err != nil {
				return usageError{err}
			}
			text, err := n.Safetensors(weights.Torchvision)
			if err != nil {
				return err
			}
			if output == "" {
				output = outputName(args[0], ".gridsearch.safetensors")
			}
			return writeNew(cmd, output, text)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&names, "names", "", "whose names the tensors go by: torchvision or timm "+
		"(default: those that fit)")
	flags.StringVar(&like, "like", "", "run or parameter file that has the structure, and the "+
		"mean and deviation of the images")
	flags.StringVar(&w.Baseline, "baseline", "", "network that has the structure: "+
		strings.Join(model.Presets(), ", "))
	flags.Float64Var(&w.Width, "width", 1, "coefficient of its channels")
	flags.Float64Var(&w.Depth, "depth", 1, "coefficient of its repeats")
	flags.IntVar(&w.Resolution, "resolution", 0, "pixels on a side (default: the network's)")
	flags.IntVar(&w.Classes, "classes", w.Classes, "classes")
	flags.Float64Var(&epsilon, "epsilon", 0, "of batch norm (default: the network's)")
	flags.StringVar(&padding, "padding", "", "of convolutions: symmetric, or TensorFlow's same "+
		"(default: the network's)")
	flags.Float32SliceVar(&mean, "mean", nil,
		"of each channel of the images that it was trained on, pixels as 0..1: R,G,B")
	flags.Float32SliceVar(&deviation, "deviation", nil, "of each channel of those images")
	flags.StringVar(&output, "output", "", "file to write (default: FILE's name with "+
		".gridsearch.safetensors)")
	return cmd
}

// structure is the network that the flags of import describe, without weights; it has no stages if
// they describe none.
func structure(cmd *cobra.Command, like string, w benchmark.Workload, epsilon float64,
	padding string) (n weights.Network, err error) {
	if err := checkStructure(cmd, like, w.Baseline); err != nil {
		return n, usageError{err}
	}
	switch {
	case like != "":
		n, _, err = findNetwork(cmd, like)
	case w.Baseline != "":
		n.Architecture, err = preset(w)
	}
	if cmd.Flags().Changed("epsilon") {
		n.Architecture.BatchNormEpsilon = epsilon
	}
	if padding != "" {
		n.Architecture.Padding = padding
	}
	return n, err
}

// checkStructure refuses flags that would have no effect.
func checkStructure(cmd *cobra.Command, like, baseline string) error {
	if like != "" && baseline != "" {
		return errors.New("--like and --baseline both say which network it is: use one of them")
	}
	for _, flag := range []string{"width", "depth", "resolution", "classes"} {
		if baseline == "" && cmd.Flags().Changed(flag) {
			return fmt.Errorf("--%s says what differs from a published network: add --baseline", flag)
		}
	}
	for _, flag := range []string{"epsilon", "padding", "names"} {
		if baseline == "" && like == "" && cmd.Flags().Changed(flag) {
			return fmt.Errorf("--%s is for a file that does not say which network it is: add "+
				"--like or --baseline", flag)
		}
	}
	return nil
}

// preset is the published network that the flags ask for.
func preset(w benchmark.Workload) (model.Architecture, error) {
	if w.Resolution == 0 {
		a, err := model.Preset(w.Baseline)
		if err != nil {
			return a, usageError{err}
		}
		w.Resolution = a.Pixels
	}
	if err := w.Check(); err != nil {
		return model.Architecture{}, usageError{err}
	}
	a, err := w.Architecture()
	a.Name = w.Baseline
	return a, err
}

// importFile reads weights for a structure; a file that describes its own network needs none.
func importFile(path string, n weights.Network, names string) (weights.Network, error) {
	text, err := readFile(path)
	if err != nil {
		return n, err
	}
	var read weights.Network
	if n.Architecture.Stages != nil {
		read, err = weights.Import(text, n.Architecture, names)
		read.Mean, read.Deviation = n.Mean, n.Deviation
	} else if read, err = weights.Decode(text); errors.Is(err, weights.ErrNoNetwork) {
		err = fmt.Errorf("%w: add --like RUN, or --baseline NAME and what differs from it", err)
	}
	if err != nil {
		return n, usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return read, nil
}
