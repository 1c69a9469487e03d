package benchmark

import (
	"runtime"

	"gridsearch/internal/kernel"
	"gridsearch/internal/machine"
)

// SchemaVersion is the version of Document.
const SchemaVersion = 1

// Document is the outcome of bench, as its JSON has it.
type Document struct {
	SchemaVersion int    `json:"schema_version"`
	CPU           string `json:"cpu"`
	Cores         int    `json:"cores"`
	Kernels       string `json:"kernels"` // name of the set
	Go            string `json:"go"`
	kernel.Machine
	Workloads []Result `json:"workloads"`
}

// NewDocument measures the peak of one core, to compare workloads with. It takes about a quarter of
// a second.
func NewDocument() (*Document, error) {
	set, err := kernel.Chosen()
	if err != nil {
		return nil, err
	}
	return &Document{SchemaVersion: SchemaVersion, CPU: machine.CPU(), Cores: runtime.NumCPU(),
		Kernels: set.Name, Go: runtime.Version(),
		Machine: set.Measure(), Workloads: []Result{}}, nil
}
