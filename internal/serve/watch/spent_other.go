//go:build !unix

package watch

import "time"

// processorTime is not known here: what a reading takes is the time that passes.
func processorTime() time.Duration { return 0 }
