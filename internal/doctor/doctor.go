// Package doctor describes a machine from the program's point of view, and what there would make a
// study slow or fail.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"gridsearch/dataset"
	"gridsearch/internal/environment"
	"gridsearch/internal/job"
	"gridsearch/internal/kernel"
	"gridsearch/internal/kernel/thread"
	"gridsearch/internal/machine"
)

// SchemaVersion is the version of Report.
const SchemaVersion = 1

// Report describes a machine. Sizes are bytes, 0 where they are not known.
type Report struct {
	SchemaVersion    int      `json:"schema_version"`
	CPU              string   `json:"cpu"`
	Cores            int      `json:"cores"`
	Kernels          string   `json:"kernels"`           // the set that computes
	KernelsAvailable []string `json:"kernels_available"` // the fastest first
	KernelChecks     []Check  `json:"kernel_checks"`     // of each of those
	// denormal numbers, which are slow, can be flushed to 0
	FlushToZero bool `json:"flush_to_zero"`
	kernel.Machine
	// images per second of two workers at once relative to one's
	TwoWorkers float64 `json:"two_workers"`
	Measured   bool    `json:"measured"` // the rates and two_workers; they are 0 where not
	// processor time that control groups allow, in cores; 0 is no limit, as below
	CoreLimit       float64   `json:"core_limit"`
	MemoryLimit     int64     `json:"memory_limit_bytes"`
	MemoryTotal     int64     `json:"memory_total_bytes"`
	MemoryAvailable int64     `json:"memory_available_bytes"` // within the limit
	DataSets        []DataSet `json:"datasets"`
	Studies         Studies   `json:"studies"`
	Go              string    `json:"go"`
	OS              string    `json:"os"`
	Arch            string    `json:"arch"`
	// git revision, with a plus for uncommitted changes; empty if not known
	Revision       string   `json:"revision"`
	NumericVersion int      `json:"numeric_version"`
	Warnings       []string `json:"warnings"`
}

// Check is the outcome of comparing a set of kernels with plain Go, in a process of its own.
type Check struct {
	Set     string `json:"set"`
	Problem string `json:"problem,omitempty"`
}

// DataSet says where a data set is, or why it is not there.
type DataSet struct {
	Name  string `json:"name"`
	Found bool   `json:"found"`
	// cache file of a data set that the program draws, empty without a cache directory
	Cache   string `json:"cache,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"` // of that file so far
	Problem string `json:"problem,omitempty"`
}

// Studies is the folder that holds studies.
type Studies struct {
	Dir      string `json:"dir"`
	Writable bool   `json:"writable"`
	Free     int64  `json:"free_bytes"`        // on its disk
	Problem  string `json:"problem,omitempty"` // why it cannot be written
}

// Examine examines this machine. The folder is that of the studies; it need not exist. check checks
// a set of kernels in a process of its own: this process then excludes those that fail.
func Examine(folder string, check func(set string) error) (*Report, error) {
	checks := checkKernels(check)
	set, err := kernel.Preferred()
	if err != nil {
		return nil, err
	}
	r := &Report{SchemaVersion: SchemaVersion, CPU: machine.CPU(), Cores: runtime.NumCPU(),
		Kernels: set.Name, FlushToZero: thread.FlushesDenormals,
		KernelChecks: checks, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Revision: environment.Revision(), NumericVersion: job.NumericVersion}
	for _, s := range kernel.Sets() {
		r.KernelsAvailable = append(r.KernelsAvailable, s.Name)
	}
	r.MemoryTotal, r.MemoryAvailable = machine.Memory()
	r.limit(machine.ControlGroups())
	r.DataSets = []DataSet{motifs(), fashionMNIST()}
	r.Studies = studies(folder)
	r.Warnings = r.warnings()
	return r, nil
}

func checkKernels(check func(set string) error) []Check {
	var checks []Check
	for _, s := range kernel.Sets() {
		c := Check{Set: s.Name}
		if err := check(s.Name); err != nil {
			c.Problem = err.Error()
			kernel.Reject(s.Name, c.Problem)
		}
		checks = append(checks, c)
	}
	return checks
}

// Measure adds the speed of one core and of two workers at once, in a few seconds. scaling measures
// the steps per second of two workers relative to one.
func (r *Report) Measure(scaling func() (float64, error)) error {
	set, err := kernel.Named(r.Kernels)
	if err != nil {
		return err
	}
	r.Machine = set.Measure()
	if r.TwoWorkers, err = scaling(); err != nil {
		return err
	}
	r.Measured = true
	r.Warnings = r.warnings()
	return nil
}

// limit applies the limits of control groups, where they are below what the machine has.
func (r *Report) limit(l machine.Limits) {
	if l.Cores > 0 && l.Cores < float64(r.Cores) {
		r.CoreLimit = l.Cores
	}
	if l.Memory > 0 && (r.MemoryTotal == 0 || l.Memory < r.MemoryTotal) {
		r.MemoryLimit, r.MemoryAvailable = l.Memory, min(r.MemoryAvailable, l.MemoryFree)
	}
}

// motifs are always available: they are drawn if the cache lacks them.
func motifs() DataSet {
	d := DataSet{Name: "motifs", Found: true, Cache: dataset.MotifsCache()}
	if d.Cache == "" {
		d.Problem = "this user has no cache folder: every process draws the pictures anew"
		return d
	}
	if info, err := os.Stat(d.Cache); err == nil {
		d.Bytes = info.Size()
	}
	return d
}

func fashionMNIST() DataSet {
	d := DataSet{Name: "fashion-mnist"}
	if _, err := dataset.Open(context.Background(), dataset.Spec{Name: d.Name}, nil); err != nil {
		d.Problem = err.Error()
		return d
	}
	d.Found = true
	return d
}

// studies examines the folder, or its nearest parent that exists, in which it could be made.
func studies(folder string) Studies {
	s := Studies{Dir: folder}
	path, err := filepath.Abs(folder)
	if err != nil {
		s.Problem = err.Error()
		return s
	}
	for {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			break
		}
		path = filepath.Dir(path)
	}
	s.Free = machine.DiskFree(path)
	file, err := os.CreateTemp(path, ".gridsearch-*")
	if err != nil {
		s.Problem = err.Error()
		return s
	}
	s.Writable = true
	file.Close()
	os.Remove(file.Name())
	return s
}

// little is memory, or space on a disk, that may not be enough for a study: 2 GiB.
const little = 2 << 30

// poor is the least speed of two workers on two cores, relative to one, without a warning.
const poor = 1.6

// warnings lists what would make a study slow or fail.
func (r *Report) warnings() []string {
	list := []string{}
	add := func(holds bool, format string, values ...any) {
		if holds {
			list = append(list, fmt.Sprintf(format, values...))
		}
	}
	for _, c := range r.KernelChecks {
		add(c.Problem != "", "kernels %s fail their check and are left out: %s", c.Set, c.Problem)
	}
	if plain := PlainKernels(r.Kernels, r.fastest()); plain != "" {
		list = append(list, plain)
	}
	add(r.CoreLimit > 0, "control groups allow the time of %.3g of %d cores: set "+
		"execution.workers to %d, or the workers wait for each other", r.CoreLimit, r.Cores,
		max(1, int(r.CoreLimit)))
	add(r.Measured && r.Cores > 1 && r.TwoWorkers < poor,
		"two workers at once are %.2f times as fast as one: something else uses the cores, or "+
			"they share one", r.TwoWorkers)
	add(r.MemoryTotal > 0 && r.MemoryAvailable < little,
		"%s of memory are available: large networks or many workers may not fit", Size(r.MemoryAvailable))
	add(!r.Studies.Writable, "studies cannot be written in %s: %s", r.Studies.Dir, r.Studies.Problem)
	add(r.Studies.Writable && r.Studies.Free > 0 && r.Studies.Free < little,
		"%s are free on the disk of %s: checkpoints may not fit", Size(r.Studies.Free), r.Studies.Dir)
	for _, d := range r.DataSets {
		add(d.Found && d.Problem != "", "%s: %s", d.Name, d.Problem)
	}
	return list
}

// fastest is the first set that has not failed its check.
func (r *Report) fastest() string {
	for _, set := range r.KernelsAvailable {
		if !slices.ContainsFunc(r.KernelChecks, func(c Check) bool {
			return c.Set == set &&
				c.Problem != ""
		}) {
			return set
		}
	}
	return kernel.Generic
}

// PlainKernels is the warning that a set is the one in plain Go, given the fastest set of the
// processor, which may be the same; empty for other sets.
func PlainKernels(set, fastest string) string {
	if set != kernel.Generic {
		return ""
	}
	reason := "this processor, or this build, has no others"
	if fastest != kernel.Generic {
		reason = fmt.Sprintf("this processor runs %s, but %s asks for %s", fastest, kernel.Variable, set)
	}
	return fmt.Sprintf("plain Go kernels: about %d times slower than %s; %s",
		kernel.GenericSlowdown, kernel.AVX2, reason)
}

// Size prints bytes as GiB or MiB, 0 as unknown.
func Size(bytes int64) string {
	switch {
	case bytes == 0:
		return "unknown"
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
