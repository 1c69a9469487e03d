package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/nearest"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
	"gridsearch/model/weights"
)

// fileFormats are the formats that export writes.
var fileFormats = []string{"safetensors", "onnx"}

func newWeights() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "weights",
		Short: "Carry trained networks to other programs and back",
		Long: "Every complete run keeps its weights (keep_weights of [execution]). The commands " +
			"below take a RUN: its key, the first digits of it, or STUDY/KEY, as\n" +
			"gridsearch results STUDY --format csv lists them; or a parameter file, which export " +
			"and import write: a safetensors file that also says which network it is.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError{errors.New("gridsearch weights wants one of its commands: export, " +
				"import, evaluate")}
		},
	}
	cmd.AddCommand(newWeightsExport(), newWeightsImport(), newWeightsEvaluate())
	return cmd
}

func newWeightsExport() *cobra.Command {
	var format, names, output string
	cmd := &cobra.Command{
		Use:   "export RUN|FILE",
		Short: "Write a trained network as safetensors or ONNX",
		Long: "Export writes a network of a complete run. As safetensors it is a state " +
			"dictionary that a model of torchvision or timm of the same structure loads strictly, where\n" +
			"one of them has such: torchvision EfficientNets, MobileNetV2s and ResNets with the " +
			"activation of their class, timm these and all others without residual\n" +
			"blocks of ResNets. As ONNX (opset 17) it takes images [batch, channels, pixels, " +
			"pixels] and gives logits [batch, classes], for any batch. Images are normalised by " +
			"the mean and\n" +
			"deviation of each channel that the file's metadata have.",
		Args: exactly("a run or a parameter file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, fileFormats); err != nil {
				return err
			}
			if names != "" {
				if err := checkNames(names); err != nil {
					return err
				}
			}
			if format == "onnx" && cmd.Flags().Changed("names") {
				return usageError{errors.New("--names is for safetensors: leave it out with --format onnx")}
			}
			n, path, err := findNetwork(cmd, args[0])
			if err != nil {
				return err
			}
			if names, err = exportNames(n, names); err != nil {
				return usageError{fmt.Errorf("%s: %w", path, err)}
			}
			if output == "" {
				output = outputName(path, "."+format)
			}
			text, err := encodeNetwork(n, format, names)
			if err != nil {
				return err
			}
			return writeNew(cmd, output, text)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "safetensors", "safetensors or onnx")
	flags.StringVar(&names, "names", "", "whose names tensors go by in safetensors: torchvision "+
		"or timm (default: the first that has the network)")
	flags.StringVar(&output, "output", "", "file to write (default: the run's key with the "+
		"format's ending)")
	return cmd
}

// exportNames is the naming scheme that the flag asks for, whose library must have the network, or
// else the first whose library has it. A network that neither library has is named in torchvision's
// style.
func exportNames(n weights.Network, names string) (string, error) {
	libraries := weights.Libraries(n.Architecture)
	switch {
	case names == "":
		return append(libraries, weights.Torchvision)[0], nil
	case slices.Contains(libraries, names):
		return names, nil
	case libraries == nil:
		return "", errors.New("neither torchvision nor timm has a network of these blocks: leave " +
			"out --names for a file that gridsearch reads, or use --format onnx")
	}
	return "", fmt.Errorf("%s has no network of these blocks, %s has: use --names %s", names,
		libraries[0], libraries[0])
}

func encodeNetwork(n weights.Network, format, names string) ([]byte, error) {
	if format == "onnx" {
		return n.ONNX()
	}
	return n.Safetensors(names)
}

func checkNames(names string) error {
	if !slices.Contains(weights.Names, names) {
		return usageError{fmt.Errorf("--names %q is not known: use %s", names,
			strings.Join(weights.Names, " or "))}
	}
	return nil
}

// findNetwork reads the network of a parameter file or of a run, and returns the file's path.
func findNetwork(cmd *cobra.Command, name string) (n weights.Network, path string, err error) {
	path = name
	if info, err := os.Stat(name); err != nil || info.IsDir() {
		if path, err = findWeights(cmd, name); err != nil {
			return n, "", err
		}
	}
	text, err := readFile(path)
	if err != nil {
		return n, "", err
	}
	if n, err = weights.Decode(text); errors.Is(err, weights.ErrNoNetwork) {
		err = fmt.Errorf("%w: make a parameter file of it with gridsearch weights import", err)
	}
	if err != nil {
		return n, "", usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return n, path, nil
}

// readFile reads a file that the user has named; a device, which may have no end, is an error.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, usageError{err}
	}
	return text, nil
}

// run is a run on the record of a study.
type run struct {
	store.Record
	study study.Folder
}

// findWeights finds the file of a run's weights by the run's key, by the first digits of it, or by
// STUDY/KEY.
func findWeights(cmd *cobra.Command, name string) (string, error) {
	if folder, err := findStudy(cmd, name); err == nil {
		return "", usageError{fmt.Errorf("%s is a study: name one of its runs as %s; gridsearch "+
			"results %s --format csv lists them", folder, filepath.Join(name, "KEY"), filepath.Clean(name))}
	}
	folders, key, err := searched(cmd, name)
	if err != nil {
		return "", err
	}
	found, keys, unread := match(folders, key)
	switch {
	case len(found) == 0 && unread != nil:
		return "", usageError{fmt.Errorf("%q is neither a file nor a run of a study that can be "+
			"read\n%w", name, unread)}
	case len(found) == 0 && len(keys) == 0:
		return "", usageError{fmt.Errorf("%q is neither a file nor a run: there are no runs "+
			"under %s", name, studiesDir(cmd))}
	case len(found) == 0:
		return "", usageError{fmt.Errorf("%q is neither a file nor a run: did you mean %q?", name,
			nearest.Word(key, keys))}
	case len(found) > 1:
		return "", usageError{fmt.Errorf("%q is more than one run: %s/%s and %s/%s are two", name,
			found[0].study, found[0].Key, found[1].study, found[1].Key)}
	}
	return found[0].weights()
}

// searched are the studies in which to look for the name of a run, and the beginning of its key.
func searched(cmd *cobra.Command, name string) (folders []study.Folder, key string, err error) {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		folder, err := findStudy(cmd, name[:i])
		return []study.Folder{folder}, name[i+1:], err
	}
	entries, err := os.ReadDir(studiesDir(cmd))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", usageError{err}
	}
	for _, e := range entries {
		if folder := study.Folder(filepath.Join(studiesDir(cmd), e.Name())); folder.Exists() {
			folders = append(folders, folder)
		}
	}
	return folders, name, nil
}

// match lists the runs whose keys begin with key, and all keys. A study that cannot be read has
// none; unread says why.
func match(folders []study.Folder, key string) (found []run, keys []string, unread error) {
	for _, folder := range folders {
		s, err := study.Load(folder)
		if err != nil {
			unread = errors.Join(unread, err)
			continue
		}
		for _, r := range slices.Concat(s.Records, s.Later, s.Unplanned) {
			keys = append(keys, r.Key)
			if key != "" && strings.HasPrefix(r.Key, key) {
				found = append(found, run{r, folder})
			}
		}
	}
	return found, keys, unread
}

// weights is the path of the run's weights.
func (r run) weights() (string, error) {
	path := r.study.Weights(r.Key)
	_, err := os.Stat(path)
	switch {
	case r.State != store.Complete:
		return "", usageError{fmt.Errorf("run %s (%s seed=%d) is %s: it has weights when it is "+
			"complete", r.Key, r.Trial, r.Seed, r.State)}
	case errors.Is(err, fs.ErrNotExist):
		return "", usageError{fmt.Errorf("the weights of run %s were not kept: keep_weights of "+
			"[execution] was false, or an earlier gridsearch trained it; train it again in a "+
			"study under another --dir", r.Key)}
	}
	return path, err
}

// runOf reports whether a file is a run's weights, and of which run.
func runOf(path string) (folder study.Folder, key string, ok bool) {
	place := filepath.Dir(path)
	folder, key = study.Folder(filepath.Join(place, "..", "..")), filepath.Base(place)
	return folder, key, folder.Exists() && folder.Weights(key) == filepath.Clean(path)
}

// outputName is the name of a file in the current folder for output derived from another: for a
// run's weights, from its key.
func outputName(from, end string) string {
	base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(from), ".safetensors"), ".gridsearch")
	if _, key, ok := runOf(from); ok {
		base = key
	}
	return base + end
}
