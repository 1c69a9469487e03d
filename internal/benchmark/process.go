package benchmark

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"

	"gridsearch/internal/program"
)

// request says what a process shall measure.
type request struct {
	Workload   Workload `json:"workload"`
	PeakGFLOPS float64  `json:"peak_gflops"` // of one core
}

// MeasureIn measures a workload in a process of its own, so that its peak memory is that of the
// workload. The command must call Serve. The process is killed when the context ends; its stderr
// goes to stderr.
func MeasureIn(ctx context.Context, command []string, w Workload, peakGFLOPS float64,
	stderr io.Writer) (Result, error) {
	var r Result
	child := program.Command(ctx, command)
	child.Stderr = stderr
	in, err := child.StdinPipe()
	if err != nil {
		return r, err
	}
	defer in.Close() // not before the answer: its end tells the process that the caller is gone
	text, err := json.Marshal(request{w, peakGFLOPS})
	if err != nil {
		return r, err
	}
	var out strings.Builder
	child.Stdout = &out
	if err := child.Start(); err != nil {
		return r, fmt.Errorf("start the process of %s: %w", w.Name(), err)
	}
	_, _ = in.Write(text) // a process that is gone says why below
	if err := child.Wait(); err != nil {
		return r, fmt.Errorf("the process of %s ended without a result: %w", w.Name(), err)
	}
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		return r, fmt.Errorf("the process of %s gave no result: %w", w.Name(), err)
	}
	return r, nil
}

// Serve answers MeasureIn's one request. After the request the end of the input means that the
// caller is gone: abandoned is called then.
func Serve(in io.Reader, out io.Writer, abandoned func()) error {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read what to measure: %w", err)
	}
	if err := r.Workload.Check(); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		abandoned()
	}()
	// As in a run: one thread more than those that compute.
	runtime.GOMAXPROCS(r.Workload.Threads + 1)
	result, err := Measure(r.Workload, r.PeakGFLOPS)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}
