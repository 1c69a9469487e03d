package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/plural"
	"gridsearch/internal/recall"
	"gridsearch/internal/safetensors"
	"gridsearch/internal/study"
	"gridsearch/model/weights"
)

func newWeightsEvaluate() *cobra.Command {
	var from, images, format string
	cmd := &cobra.Command{
		Use:   "evaluate RUN|FILE",
		Short: "Evaluate a network on a study's validation images, or on images of a file",
		Long: "Evaluate names the validation images of a study (the run's own, or --study) and " +
			"prints top-1, top-5 (of more than five classes) and loss; for a run's own weights " +
			"they are those on the record.\n" +
			"With --images it prints the logits of the images in a safetensors file: a tensor \"" +
			weights.ImagesName + "\" [n, channels, pixels, pixels], normalised as in training.",
		Args: exactly("a run or a parameter file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, []string{"table", "json"}); err != nil {
				return err
			}
			if from != "" && images != "" {
				return usageError{errors.New("--study and --images both say what to evaluate on: " +
					"use one of them")}
			}
			n, path, err := findNetwork(cmd, args[0])
			if err != nil {
				return err
			}
			if images != "" {
				return printLogits(cmd.OutOrStdout(), n, images, format)
			}
			folder, err := evaluationStudy(cmd, from, path)
			if err != nil {
				return err
			}
			return printEvaluation(cmd.OutOrStdout(), folder, n, format)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "study", "", "study whose validation images are named (default: the run's)")
	flags.StringVar(&images, "images", "", "safetensors file of images")
	flags.StringVar(&format, "format", "table", "table or json")
	return cmd
}

// evaluationStudy is the study that the flag names, or the one of a run's weights.
func evaluationStudy(cmd *cobra.Command, name, path string) (study.Folder, error) {
	if name != "" {
		return findStudy(cmd, name)
	}
	if folder, _, ok := runOf(path); ok {
		return folder, nil
	}
	return "", usageError{fmt.Errorf("%s is of no study: say what to evaluate it on by --study "+
		"or --images", path)}
}

// evaluation is the output of --format json; accuracies are fractions.
type evaluation struct {
	SchemaVersion int     `json:"schema_version"`
	Top1          float64 `json:"top1"`
	Top5          float64 `json:"top5"`
	Loss          float64 `json:"loss"` // in nats
	Examples      int     `json:"examples"`
}

// logitRows is the same with --images.
type logitRows struct {
	SchemaVersion int         `json:"schema_version"`
	Logits        [][]float32 `json:"logits"` // of each image
}

func printEvaluation(out io.Writer, folder study.Folder, n weights.Network, format string) error {
	r, err := recall.Evaluate(folder, n)
	if err != nil {
		return err
	}
	if format == "json" {
		return json.NewEncoder(out).Encode(evaluation{1, r.Top1, r.Top5, r.Loss, r.Examples})
	}
	top5 := ""
	if n.Architecture.Classes > 5 { // of fewer, one of five is always right
		top5 = fmt.Sprintf("top-5 %.2f %%, ", 100*r.Top5)
	}
	_, err = fmt.Fprintf(out, "top-1 %.2f %%, %sloss %.4f on %s\n", 100*r.Top1, top5, r.Loss,
		plural.Of(r.Examples, "validation image"))
	return err
}

func printLogits(out io.Writer, n weights.Network, path, format string) error {
	text, err := readFile(path)
	if err != nil {
		return err
	}
	file, err := safetensors.Decode(text)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", path, err)}
	}
	i := slices.IndexFunc(file.Tensors,
		func(t safetensors.Tensor) bool { return t.Name == weights.ImagesName })
	if i < 0 {
		return usageError{fmt.Errorf("%s has no tensor %q", path, weights.ImagesName)}
	}
	logits, err := n.Logits(file.Tensors[i], 1)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", path, err)}
	}
	if format == "json" {
		return json.NewEncoder(out).Encode(logitRows{1, logits})
	}
	for _, row := range logits {
		fmt.Fprintln(out, strings.Trim(fmt.Sprint(row), "[]"))
	}
	return nil
}
