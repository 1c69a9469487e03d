package doctor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/kernel"
	"gridsearch/internal/machine"
)

// healthy is a machine without a reason for a warning.
func healthy() *Report {
	return &Report{Cores: 2, Kernels: kernel.AVX2, KernelsAvailable: []string{kernel.AVX2,
		kernel.Generic}, TwoWorkers: 1.97, Measured: true, MemoryTotal: 16 << 30,
		MemoryAvailable: 8 << 30,
		Studies:         Studies{Dir: "studies", Writable: true, Free: 100 << 30},
		DataSets: []DataSet{{Name: "motifs", Found: true},
			{Name: "fashion-mnist", Problem: "not here"}}}
}

// TestWarnings changes one thing at a time. Unknown properties, and a data set that is not needed,
// are no reason for a warning.
func TestWarnings(t *testing.T) {
	for want, change := range map[string]func(*Report){
		"":                 func(*Report) {},
		"asks for generic": func(r *Report) { r.Kernels = kernel.Generic },
		"about 30 times slower than avx2; th": func(r *Report) {
			r.Kernels,
				r.KernelsAvailable = kernel.Generic, []string{kernel.Generic}
		},
		"two workers at once are 1.20 times": func(r *Report) { r.TwoWorkers = 1.2 },
		"the time of 1.5 of 2 cores: set execution.workers to 1": func(r *Report) {
			r.limit(machine.Limits{Cores: 1.5})
		},
		"921.6 MiB of memory are available": func(r *Report) {
			r.limit(machine.Limits{Memory: 4 << 30, MemoryFree: 9 << 30 / 10})
		},
		"1.0 GiB of memory are available": func(r *Report) { r.MemoryAvailable = 1 << 30 },
		"1.0 MiB are free on the disk":    func(r *Report) { r.Studies.Free = 1 << 20 },
		"cannot be written in studies: no": func(r *Report) {
			r.Studies.Writable, r.Studies.Problem,
				r.Studies.Free = false, "no", 1
		},
		"no others": func(r *Report) { // a set that fails its check is not the environment's choice
			r.Kernels, r.KernelChecks = kernel.Generic, []Check{{Set: kernel.AVX2, Problem: "no"}}
		},
		"kernels avx2 fail their check and are left out: no": func(r *Report) {
			r.KernelChecks = []Check{{Set: kernel.AVX2, Problem: "no"}, {Set: kernel.Generic}}
		},
		"motifs: no cache": func(r *Report) { r.DataSets[0].Problem = "no cache" },
	} {
		r := healthy()
		change(r)
		got := r.warnings()
		got = slices.DeleteFunc(got, func(w string) bool {
			return want == "no others" &&
				strings.HasPrefix(w, "kernels avx2")
		})
		if want == "" && len(got) > 0 || want != "" &&
			(len(got) != 1 || !strings.Contains(got[0], want)) {
			t.Errorf("want %q, got %q", want, got)
		}
	}
	r := healthy()
	r.Cores, r.TwoWorkers, r.MemoryTotal, r.MemoryAvailable, r.Studies.Free = 1, 1, 0, 0, 0
	if got := r.warnings(); len(got) > 0 {
		t.Errorf("one core and an unknown system give %q", got)
	}
}

// TestNoReasonForAWarning: what is not measured does not count as slow, and a limit above what the
// machine has is no limit.
func TestNoReasonForAWarning(t *testing.T) {
	r := healthy()
	r.Measured, r.TwoWorkers = false, 0
	r.limit(machine.Limits{Cores: 2, Memory: 64 << 30, MemoryFree: 1})
	if got := r.warnings(); len(got) > 0 || r.CoreLimit != 0 || r.MemoryLimit != 0 ||
		r.MemoryAvailable != healthy().MemoryAvailable {
		t.Errorf("got %q of %+v", got, r)
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "unknown", 1 << 19: "0.5 MiB", 1 << 30: "1.0 GiB",
		3 << 29: "1.5 GiB"} {
		if got := Size(bytes); got != want {
			t.Errorf("%d bytes are %s, want %s", bytes, got, want)
		}
	}
}

// TestStudies: a folder that can be made is as good as one that is there, and nothing is left
// behind.
func TestStudies(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "new", "studies")} {
		if s := studies(path); !s.Writable || s.Problem != "" || s.Dir != path {
			t.Errorf("%s is %+v", path, s)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if s := studies(filepath.Join(file, "studies")); s.Writable || s.Problem == "" {
		t.Errorf("a folder in a file is %+v", s)
	}
}

// TestReport checks the names in the JSON, which other programs read.
func TestReport(t *testing.T) {
	text, err := json.Marshal(healthy())
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	const want = "arch copy_gb_s core_limit cores cpu datasets flush_to_zero go kernel_checks " +
		"kernels kernels_available measured memory_available_bytes memory_limit_bytes " +
		"memory_total_bytes numeric_version os peak_gflops " +
		"read_gb_s revision schema_version studies two_workers warnings"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the names are %s", got)
	}
}
