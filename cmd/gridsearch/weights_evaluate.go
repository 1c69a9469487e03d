package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/plural"
	"gridsearch/internal/recall"
	"gridsearch/internal/safetensors"
	"gridsearch/internal/study"
	"gridsearch/model/train"
	"gridsearch/model/weights"
)

func newWeightsEvaluate() *cobra.Command {
	var from, images, data, format string
	cmd := &cobra.Command{
		Use:   "evaluate RUN|FILE",
		Short: "Evaluate a network on a study's validation images, or on others",
		Long: "Evaluate names the validation images of a study (the run's own, or --study) and " +
			"prints top-1, top-5 (of more than five classes) and loss; for a run's own weights " +
			"they are those on the record.\n" +
			"With --images FOLDER it does so for other images, in a folder for each class, which " +
			"are read and normalised as in training, and prints the top-1 of each class.\n" +
			"Of a folder with parts the validation part is taken, or else the test part. Folders " +
			"are matched with the study's classes by name; for a parameter\nfile --study says " +
			"which study that is. Of images without such folders it prints the class that the " +
			"network names, with its probability.\n" +
			"With --images FILE it prints the logits of the images in a safetensors file: a tensor \"" +
			weights.ImagesName + "\" [n, channels, pixels, pixels], normalised as in training.",
		Args: exactly("a run or a parameter file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, []string{"table", "json"}); err != nil {
				return err
			}
			info, err := os.Stat(images)
			isFolder := err == nil && info.IsDir()
			switch {
			case from != "" && images != "" && !isFolder:
				return usageError{errors.New("--study says what to evaluate on, or the names of the " +
					"classes of a folder, --images FILE what to evaluate on: use one of them")}
			case data != "" && images != "":
				return usageError{errors.New("--data says where a study's own images are, which " +
					"--images leaves out: use one of them")}
			}
			n, path, err := findNetwork(cmd, args[0])
			if err != nil {
				return err
			}
			switch {
			case isFolder:
				return onFolder(cmd, from, path, images, n, format)
			case images != "":
				return printLogits(cmd.OutOrStdout(), n, images, format)
			}
			folder, err := evaluationStudy(cmd, from, path)
			if err != nil {
				return err
			}
			return printEvaluation(cmd, data, folder, n, format)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "study", "", "study whose validation images are named, or whose classes "+
		"the folders of --images are (default: the run's)")
	flags.StringVar(&data, "data", "", "folder of the study's data, where it is another by now")
	flags.StringVar(&images, "images", "", "folder of images, or safetensors file of them")
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

func printEvaluation(cmd *cobra.Command, data string, folder study.Folder, n weights.Network,
	format string) error {
	out := cmd.OutOrStdout()
	r, err := recall.Evaluate(cmd.Context(), newReading("auto", cmd.ErrOrStderr()).access(data), folder, n)
	if err != nil {
		return err
	}
	if format == "json" {
		return json.NewEncoder(out).Encode(evaluation{1, r.Top1, r.Top5, r.Loss, r.Examples})
	}
	_, err = fmt.Fprintf(out, "%s on %s\n", scoreLine(r, n.Architecture.Classes),
		plural.Of(r.Examples, "validation image"))
	return err
}

// scoreLine is top-1, top-5 and loss.
func scoreLine(r train.Result, classes int) string {
	top5 := ""
	if classes > 5 { // of fewer, one of five is always right
		top5 = fmt.Sprintf("top-5 %.2f %%, ", 100*r.Top5)
	}
	return fmt.Sprintf("top-1 %.2f %%, %sloss %.4f", 100*r.Top1, top5, r.Loss)
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
