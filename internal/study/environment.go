package study

import (
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"gridsearch/internal/kernel"
	"gridsearch/internal/machine"
	"gridsearch/internal/program"
	"gridsearch/internal/store"
)

// KernelSet names the kernels that this process prefers, and trains with if they pass their check;
// rounding differs between sets. It is empty where the environment asks for kernels that are not
// here: no network can be built then, and the command line has said so.
func KernelSet() string {
	set, err := kernel.Preferred()
	if err != nil {
		return ""
	}
	return set.Name
}

// environment describes the machine and the program, as it is recorded with each run. It is read once per process.
var environment = sync.OnceValue(func() store.Environment {
	revision, dirty := gitRevision()
	return store.Environment{
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
		NumericVersion: NumericVersion,
	}
})

// Revision is the git revision that this program runs from, with a plus where files have changed since; empty if it is not known.
func Revision() string {
	e := environment()
	if e.Dirty {
		return e.Revision + "+"
	}
	return e.Revision
}

// gitRevision asks git for the revision of the working directory, and the build information where there is no git.
func gitRevision() (revision string, dirty bool) {
	if head, err := exec.Command("git", "rev-parse", "HEAD").Output(); err == nil {
		status, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output()
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

func moduleVersions() map[string]string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			versions[module.Path] = module.Version
		}
	}
	return versions
}
