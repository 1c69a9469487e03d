// Package environment describes this machine and program, for the record of each run.
package environment

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/machine"
	"gridsearch/internal/program"
)

// KernelSet names the kernels that this process prefers, and trains with if they pass their check;
// rounding differs between sets. It is empty if the environment variable names kernels that this
// machine does not have: no network can be built then, and the command line has reported it.
func KernelSet() string {
	set, err := kernel.Preferred()
	if err != nil {
		return ""
	}
	return set.Name
}

// Here describes the machine and the program. It is read once per process.
var Here = sync.OnceValue(func() job.Environment {
	revision, dirty := gitRevision(gitWithin)
	return job.Environment{
		GoVersion:      runtime.Version(),
		OS:             runtime.GOOS,
		Arch:           runtime.GOARCH,
		CPU:            machine.CPU(),
		Cores:          runtime.NumCPU(),
		KernelSet:      KernelSet(),
		KernelsOut:     kernel.Rejected(),
		Revision:       revision,
		Dirty:          dirty,
		BinaryHash:     program.Hash(),
		Modules:        moduleVersions(),
		NumericVersion: job.NumericVersion,
	}
})

// Revision is the git revision of this program, with a plus for uncommitted changes; empty if it is
// not known.
func Revision() string {
	e := Here()
	if e.Dirty {
		return e.Revision + "+"
	}
	return e.Revision
}

// gitWithin is the timeout of git, which on a hanging disk would never return.
const gitWithin = 5 * time.Second

// gitRevision asks git for the revision of the working directory, and falls back to the build
// information.
func gitRevision(within time.Duration) (revision string, dirty bool) {
	if head, err := git(within, "rev-parse", "HEAD"); err == nil {
		status, err := git(within, "status", "--porcelain", "--untracked-files=no")
		return strings.TrimSpace(string(head)), err != nil || len(status) > 0
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", false
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			revision = setting.Value
		case "vcs.modified":
			dirty = setting.Value == "true"
		}
	}
	return revision, dirty
}

// git returns git's output if it ends in time. A process that cannot even be killed is abandoned.
func git(within time.Duration, args ...string) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	ctx, stop := context.WithTimeout(context.Background(), within)
	defer stop()
	answered := make(chan answer, 1)
	go func() {
		command := exec.CommandContext(ctx, "git", args...)
		command.WaitDelay = within // for a child of its that keeps the output open
		text, err := command.Output()
		answered <- answer{text, err}
	}()
	select {
	case a := <-answered:
		return a.text, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Place identifies where a worker of this program would crash again, as JSON: the program on this
// machine, with the kernels that are chosen.
func Place(host string) string {
	text, err := json.Marshal(map[string]string{"host": host, "cpu": machine.CPU(),
		"kernels": os.Getenv(kernel.Variable), "program": program.Hash()})
	if err != nil { // of strings: impossible
		panic(err)
	}
	return string(text)
}

func moduleVersions() map[string]string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			versions[module.Path] = module.Version
		}
	}
	return versions
}
