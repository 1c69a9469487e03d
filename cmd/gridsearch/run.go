package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gridsearch/internal/coordinator"
	"gridsearch/internal/program"
	"gridsearch/internal/report/figures"
	htmlpage "gridsearch/internal/report/page"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/serve"
	"gridsearch/internal/study"
	"gridsearch/internal/terminal"
)

func newRun() *cobra.Command {
	var settings []string
	var progress, launcher, data, address string
	options := coordinator.Options{}
	cmd := &cobra.Command{
		Use:   "run FILE|STUDY",
		Short: "Start a study or go on with it",
		Long: "Run trains what a study lacks and prints its table. It can be stopped or killed " +
			"at any moment: the same command goes on where it was,\nand the table at the end is " +
			"the same. With --limit it prints the table so far and ends with 0; where failed " +
			"runs stop it (--fail-fast, on_failure and\nmax_consecutive_failures of [execution]) " +
			"it ends with 3.\nAn argument that is a file is an experiment file, whatever its " +
			"ending; a study of the same name goes by its folder, like studies/NAME.\nA file " +
			"with more trials or seeds than the study has goes on with it and trains what is new. " +
			"One that lacks runs which the study has begun\nends with 4 and changes nothing; " +
			"runs that nobody has begun yet may go.\nWhere a " +
			"worker turns out to be another program than this one it ends with 3 too: let its " +
			"build finish, and run the same command again.",
		Args: exactly("an experiment file or a study"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if options.Workers < 0 || options.Limit < 0 {
				return usageError{errors.New("--workers and --limit must be 0 or more")}
			}
			var err error
			if options.Command, err = workerCommand(strings.Fields(launcher)); err != nil {
				return err
			}
			var page net.Listener
			if address != "" { // before anything is read or trained
				if page, err = listen(address); err != nil {
					return err
				}
				defer page.Close()
			}
			return runStudy(cmd, args[0], data, settings, progress, options, address, page)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&settings, "set", nil,
		"set a key of the experiment file, like train.epochs=3 (repeatable)")
	flags.StringVar(&data, "data", "", "folder of the data, where it is another than the file or the "+
		"study says; other images than the study's are refused")
	flags.StringVar(&progress, "progress", "auto", "auto, plain, json or none")
	flags.IntVar(&options.Workers, "workers", 0, "runs at a time (default: the file's, or one a core)")
	flags.IntVar(&options.Limit, "limit", 0, "let at most n runs end in this call, in a result "+
		"or in failure")
	flags.BoolVar(&options.FailFast, "fail-fast", false, "stop at the first failed run")
	flags.StringVar(&address, "serve", "", "show the study in a browser meanwhile, as gridsearch serve "+
		"does (--serve=HOST:PORT; without an address "+serve.DefaultAddress+")")
	flags.Lookup("serve").NoOptDefVal = serve.DefaultAddress
	flags.StringVar(&launcher, "launcher", "",
		"words in front of the command of every worker, like \"nice -n 10\" or an emulator")
	return cmd
}

// workerCommand is the command of a worker: this very program, even when its file has been
// replaced. With a launcher, which may see another file system or process namespace, it is the
// file's name.
func workerCommand(launcher []string) ([]string, error) {
	start := program.Path
	if len(launcher) > 0 {
		start = os.Executable
	}
	path, err := start()
	return append(launcher, path, workerProcess), err
}

func runStudy(cmd *cobra.Command, name, data string, settings []string, progress string,
	options coordinator.Options, address string, page net.Listener) error {
	stop, kill, release := stopSignals(cmd.Context())
	defer release()
	var prepared *study.Prepared
	var folder study.Folder
	var remarks study.Remarks
	read := newReading(progress, cmd.ErrOrStderr())
	defer read.end()
	pipe := isPipe(name)
	err := coordinator.UntilKilled(stop, kill, func() (err error) {
		prepared, folder, err = prepare(stop, cmd, read.access(data), name, settings)
		if err == nil {
			remarks, err = prepared.Remarks(stop)
		}
		return err
	})
	if err != nil {
		if !pipe { // it is read, and no study has its text yet
			err = resumable(cmd, name, settings, err)
		}
		return bySignal(stop, err)
	}
	screen, err := newDisplay(progress, prepared.Experiment.Study.Name, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if warning := plainKernels(); warning != "" {
		screen.note(warning)
	}
	for _, line := range remarks.Lines() {
		screen.note(line)
	}
	if page != nil {
		for _, line := range whereabouts(page) {
			screen.note(line)
		}
		defer beside(cmd, folder, address, page, screen.note)()
	}
	options.Kill, options.Observe = kill, withLeftOut(prepared, screen)
	if pipe { // the study has the text
		name, settings = prepared.Experiment.Study.Name, nil
	}
	if err = coordinator.Run(stop, folder, prepared, options); !pipe || folder.Exists() {
		err = resumable(cmd, name, settings, err)
	}
	screen.close()
	var failed *coordinator.FailedRunsError
	var stopped *coordinator.StoppedError
	var limit *coordinator.LimitError
	var unmeasured *coordinator.UnmeasuredError
	switch {
	case errors.As(err, &limit): // what was asked for is done
		if progress != "json" {
			complain(cmd.ErrOrStderr(), err)
		}
		return resumable(cmd, name, settings, finish(cmd, folder, screen))
	case err == nil, errors.As(err, &failed), errors.As(err, &stopped), errors.As(err, &unmeasured):
		return errors.Join(err, resumable(cmd, name, settings, finish(cmd, folder, screen)))
	}
	return bySignal(stop, err)
}

// withLeftOut shows the events of a study, and before the first what the reading of its images has
// left out besides.
func withLeftOut(prepared *study.Prepared, screen display) func(coordinator.Event) {
	known := prepared.LeftOut()
	return func(e coordinator.Event) {
		if e.Kind == coordinator.Started {
			for _, line := range prepared.LeftOut() {
				if !slices.Contains(known, line) {
					screen.note("note: " + line)
				}
			}
		}
		screen.event(e)
	}
}

// prepare makes the plan of a file, or of an existing study. A file takes precedence over a study
// of the same name, which would hide every change to the file.
func prepare(ctx context.Context, cmd *cobra.Command, access study.Access, name string,
	settings []string) (*study.Prepared, study.Folder, error) {
	folder, none := findStudy(cmd, name)
	switch {
	case isFile(name):
		prepared, err := study.Prepare(ctx, access, name, settings...)
		if err != nil && none == nil {
			err = fmt.Errorf("%w\n%s is read as an experiment file: the study of that name "+
				"goes by %s", err, name, folder)
		}
		if err != nil {
			return nil, "", err
		}
		if isPipe(name) && prepared.Experiment.Study.Name == filepath.Base(name) {
			return nil, "", usageError{fmt.Errorf("%s is a pipe and has no name for the study: "+
				"give it one with --set study.name=NAME, or in [study]", name)}
		}
		return prepared, study.Folder(filepath.Join(studiesDir(cmd), prepared.Experiment.Study.Name)), nil
	case none != nil:
		return nil, "", usageError{fmt.Errorf("%q is neither an experiment file nor a study "+
			"under %s", name, studiesDir(cmd))}
	case len(settings) > 0:
		return nil, "", usageError{fmt.Errorf("--set is for a new study: %s keeps the settings "+
			"that it was started with; --data PATH says where its data are now", name)}
	}
	prepared, err := study.Reopen(ctx, access, folder)
	return prepared, folder, err
}

// isFile reports whether a name can be read as a file: a pipe can.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// studyName is the argument that means the study, where a file or a study is accepted.
func studyName(folder study.Folder, name string) string {
	if isFile(name) {
		return string(folder)
	}
	return name
}

// isPipe reports whether a file can be read only once, as in run <(cat FILE).
func isPipe(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

func studiesDir(cmd *cobra.Command) string {
	dir, err := cmd.Flags().GetString("dir")
	if err != nil { // the flag is the root command's: impossible
		panic(err)
	}
	return dir
}

// findStudy finds an existing study by its name or its folder.
func findStudy(cmd *cobra.Command, name string) (study.Folder, error) {
	for _, path := range []string{filepath.Join(studiesDir(cmd), name), name} {
		if folder := study.Folder(path); folder.Exists() {
			return folder, nil
		}
	}
	return "", usageError{fmt.Errorf("there is no study %q under %s\nstart one with: gridsearch "+
		"run FILE.toml", name, studiesDir(cmd))}
}

// resumable adds the command that resumes the study to the error of one that has not ended.
func resumable(cmd *cobra.Command, name string, settings []string, err error) error {
	var interrupted *coordinator.InterruptedError
	var stopped *coordinator.StoppedError
	var faulted *coordinator.FaultError
	var limit *coordinator.LimitError
	if !errors.As(err, &interrupted) && !errors.As(err, &stopped) && !errors.As(err, &faulted) &&
		!errors.As(err, &limit) {
		return err
	}
	return fmt.Errorf("%w\ngo on with: %s", err, commandLine(cmd, name, settings))
}

// bySignal marks the error of a study that a signal has interrupted.
func bySignal(stop context.Context, err error) error {
	var interrupted *coordinator.InterruptedError
	var signalled signalError
	if errors.As(err, &interrupted) && errors.As(context.Cause(stop), &signalled) {
		return signalError{signalled.signal, err}
	}
	return err
}

// commandLine is the command that resumes a study, to be pasted into a shell.
func commandLine(cmd *cobra.Command, name string, settings []string) string {
	line := []string{"gridsearch", "run", quoted(name)}
	for _, s := range settings {
		line = append(line, "--set", quoted(s))
	}
	// a study remembers where its data are, a file does not
	if data, err := cmd.Flags().GetString("data"); err == nil && cmd.Name() == "run" && data != "" &&
		isFile(name) {
		line = append(line, "--data", quoted(data))
	}
	if dir := studiesDir(cmd); dir != "studies" {
		line = append(line, "--dir", quoted(dir))
	}
	return strings.Join(line, " ")
}

// quoted is a word as a shell takes it for one.
func quoted(word string) string { return terminal.Quoted(word) }

// finish prints the table and renews the derived files.
func finish(cmd *cobra.Command, folder study.Folder, screen display) error {
	results, drawn, unwritten := derive(cmd.Context(), folder, folder)
	if unwritten != nil && results.Trials == nil {
		return unwritten
	}
	// The table is printed even if the derived files do not fit on the disk.
	err := tables.Write(cmd.OutOrStdout(), results, "table", false)
	if err = errors.Join(err, coordinator.ByMachine(unwritten)); err != nil {
		return err
	}
	if len(drawn.Drawn) > 0 {
		screen.note("figures are in " + folder.Path(figures.Folder))
	}
	screen.note("the report is " + folder.Path(htmlpage.FileName))
	lines := drawn.Boxes
	if drawn.Chosen && len(drawn.Failed) > 0 {
		lines = drawn.Lines()
	}
	for _, line := range lines {
		screen.note(line)
	}
	return nil
}
