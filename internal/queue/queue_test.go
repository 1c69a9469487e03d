package queue_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"gridsearch/internal/queue"
	"gridsearch/internal/queue/conformance"
)

func TestMemory(t *testing.T) {
	conformance.Run(t, func(_ testing.TB, lease time.Duration) queue.Queue {
		return queue.NewMemory(lease)
	})
}

// full is a queue of so many waiting runs.
func full(tb testing.TB, n int) queue.Queue {
	q := queue.NewMemory(0)
	items := make([]queue.Item, n)
	for i := range items {
		items[i].Key = fmt.Sprintf("%016d", i)
	}
	if err := q.Push(tb.Context(), items...); err != nil {
		tb.Fatal(err)
	}
	return q
}

// again leases the next run and puts it back.
func again(tb testing.TB, q queue.Queue) {
	lease, err := q.Lease(tb.Context())
	if err == nil {
		err = lease.Retry(tb.Context())
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// TestRetryDoesNotCopy: a run that is tried again costs the same whatever waits.
func TestRetryDoesNotCopy(t *testing.T) {
	const times, bytes = 100, 2_000
	q := full(t, 20_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		again(t, q)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / times; each > bytes {
		t.Errorf("trying a run again allocates %d bytes with 20,000 waiting, want at most %d", each,
			bytes)
	}
}

// BenchmarkRetry takes the next run and puts it back, with few and with many behind it.
func BenchmarkRetry(b *testing.B) {
	for _, n := range []int{20, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := full(b, n)
			b.ReportAllocs()
			for b.Loop() {
				again(b, q)
			}
		})
	}
}

// BenchmarkPush fills a queue with 20,000 runs; the bytes are those of all.
func BenchmarkPush(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		full(b, 20_000)
	}
}
