package forecast

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"gridsearch/dataset"
	"gridsearch/internal/images"
	"gridsearch/internal/machine"
	"gridsearch/internal/study"
)

// Reading is what it takes to read the photographs of a plan, once for all its runs. Numbers of the
// machine that are not known are 0.
type Reading struct {
	images.Outlay
	Seconds    float64 // to decode what there is to decode, on all cores
	Folder     string  // of the packs; empty where they lie in the memory of each process
	DiskFree   int64   // bytes on the folder's disk
	MemoryFree int64   // bytes
}

// sampled and sampleTime limit how many images are decoded to know how long one takes.
const (
	sampled    = 16
	sampleTime = time.Second
)

// Read says what reading the photographs of a plan takes: a few are decoded for it. It is nil for
// other data. The error is the cause of an ended context.
func Read(ctx context.Context, p *study.Prepared) (*Reading, error) {
	outlay, source := p.Outlay()
	if outlay == nil {
		return nil, nil
	}
	r := &Reading{Outlay: *outlay, MemoryFree: memoryFree()}
	if r.Write == 0 || dataset.Unkept() == nil {
		r.Folder = dataset.PackFolder()
	}
	if r.Folder != "" {
		r.DiskFree = machine.DiskFree(existing(r.Folder))
	}
	if r.Decode > 0 {
		one, err := secondsOf(ctx, source)
		if err != nil {
			return nil, err
		}
		r.Seconds = one * float64(r.Decode) / float64(runtime.GOMAXPROCS(0))
	}
	return r, nil
}

// secondsOf decodes a few training images, from the first to the last, and says how long one takes.
func secondsOf(ctx context.Context, source dataset.Source) (float64, error) {
	total, done := len(source.Labels(dataset.Train)), 0
	began := time.Now()
	for k := 0; k < min(sampled, total) && (k == 0 || time.Since(began) < sampleTime); k++ {
		_, _ = source.Load(ctx, dataset.Train, []int{k * total / sampled % total}) // or a damaged one
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		done++
	}
	return time.Since(began).Seconds() / float64(max(done, 1)), nil
}

// existing is the folder itself, or the first above it that there is.
func existing(folder string) string {
	for {
		above := filepath.Dir(folder)
		if _, err := os.Stat(folder); err == nil || above == folder {
			return folder
		}
		folder = above
	}
}

// memoryFree is the memory that this process and its workers can have.
func memoryFree() int64 {
	_, free := machine.Memory()
	if l := machine.ControlGroups(); l.Memory > 0 {
		free = min(free, l.MemoryFree)
	}
	return free
}
