package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/experiments/propose"
	"gridsearch/internal/files"
	"gridsearch/internal/nearest"
)

func newInit() *cobra.Command {
	names := append(readyFiles(), dataset.ImageFolder)
	var p proposing
	cmd := &cobra.Command{
		Use:   "init FILE [NAME]",
		Short: "Write an experiment file to start from, for your photographs with --data",
		Long: "Init writes one of the ready experiment files: " + strings.Join(names, ", ") +
			" (default quickstart).\nWith --data it looks at a folder of photographs and at the " +
			"speed of this machine, and writes an experiment that fits both: every key of it " +
			"with a comment.\nA study of its own gets a name of its own: where a study or a file " +
			"beside the new one has it already, a number is added.",
		Args:      cobra.RangeArgs(1, 2),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.HasSuffix(args[0], ".toml") {
				return usageError{fmt.Errorf("%q is no name of an experiment file: did you mean %q?",
					args[0], args[0]+".toml")}
			}
			if _, err := os.Lstat(args[0]); err == nil {
				return alreadyThere(args[0])
			}
			name := strings.Join(args[1:], "")
			if p.data != "" {
				return p.run(cmd, args[0], name)
			}
			for _, flag := range []string{"data", "hours", "list"} { // an empty one is none
				if cmd.Flags().Changed(flag) {
					return usageError{fmt.Errorf("--%s is for a folder of photographs: name it "+
						"with --data FOLDER", flag)}
				}
			}
			return initReady(cmd, args[0], name, names)
		},
	}
	p.addTo(cmd)
	return cmd
}

// initReady writes a ready file, or the one whose folder is to be filled in.
func initReady(cmd *cobra.Command, path, name string, names []string) error {
	if name == "" {
		name = "quickstart"
	}
	if newer, old := renamed[name]; old {
		name = newer
	}
	text, err := propose.Blank(), error(nil)
	if name != dataset.ImageFolder {
		text, err = experiments.Files.ReadFile(name + ".toml")
	}
	if err != nil {
		return usageError{fmt.Errorf("there is no ready file %q: did you mean %q?", name,
			nearest.Word(name, names))}
	}
	experiment, err := experiments.Parse(name, text)
	if err != nil {
		return err
	}
	study := unusedName(cmd, path, experiment.Study.Name)
	if err := writeInit(path, calledStudy(text, experiment.Study.Name, study)); err != nil {
		return err
	}
	if name == dataset.ImageFolder {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s; fill in path in [data], then start it "+
			"with: %s\nor let init fill in everything: gridsearch init OTHER.toml --data FOLDER\n",
			path, commandLine(cmd, path, nil))
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s; start it with: %s\n", path,
		commandLine(cmd, path, nil))
	return err
}

// writeInit writes a new file.
func writeInit(path string, text []byte) error {
	err := files.New(path, text)
	if errors.Is(err, fs.ErrExist) {
		return alreadyThere(path)
	}
	if err != nil {
		return usageError{err}
	}
	return nil
}

func alreadyThere(path string) error {
	return usageError{fmt.Errorf("%s exists already: it is not overwritten", path)}
}

// unusedName is a name for the study of a new file: the one given, with a number where a study or
// an experiment file in the folder of the new one has it. It says so then.
func unusedName(cmd *cobra.Command, path, name string) string {
	used := namesBeside(path)
	taken := func(name string) string {
		folder := filepath.Join(studiesDir(cmd), name)
		if _, err := os.Lstat(folder); err == nil {
			return folder
		}
		return used[strings.ToLower(name)]
	}
	by, free := taken(name), name
	for n := 2; taken(free) != ""; n++ {
		free = fmt.Sprint(name, "-", n)
	}
	if free != name {
		fmt.Fprintf(cmd.OutOrStdout(), "the study is called %s: %s has the name %s\n", free, by,
			name)
	}
	return free
}

// namesBeside are the names of the studies of the experiment files in a file's folder, in lower
// case, with the files. What is no experiment file has none.
func namesBeside(path string) map[string]string {
	names := map[string]string{}
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, entry := range entries {
		other := filepath.Join(filepath.Dir(path), entry.Name())
		if filepath.Ext(other) != ".toml" || !entry.Type().IsRegular() {
			continue
		}
		if e, err := experiments.Load(other); err == nil {
			names[strings.ToLower(e.Study.Name)] = other
		}
	}
	return names
}

// calledStudy gives the study of a file another name.
func calledStudy(text []byte, old, name string) []byte {
	line := func(name string) []byte { return []byte("\nname = " + strconv.Quote(name) + "\n") }
	return bytes.Replace(text, line(old), line(name), 1)
}

// renamed are former names of ready files.
var renamed = map[string]string{"paper-b0": "paper-grid"}

// readyFiles lists the embedded experiment files without their endings.
func readyFiles() []string {
	paths, err := fs.Glob(experiments.Files, "*.toml")
	if err != nil { // a malformed pattern
		panic(err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(path, ".toml")
	}
	return slices.Clip(paths)
}
