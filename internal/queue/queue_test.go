package queue

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// conform is what any Queue must do.
func conform(t *testing.T, make func() Queue) {
	ctx := context.Background()
	take := func(t *testing.T, q Queue, key string, attempt int) Lease {
		t.Helper()
		l, err := q.Lease(ctx)
		if err != nil || l.Key() != key || l.Attempt() != attempt {
			t.Fatalf("leased %v (%v), want %s, attempt %d", l, err, key, attempt)
		}
		return l
	}
	t.Run("order", func(t *testing.T) {
		q := make()
		q.Push("a", "b")
		q.Push("c")
		take(t, q, "a", 1).Done()
		take(t, q, "b", 1).Retry()
		take(t, q, "b", 2).Release()
		take(t, q, "b", 2).Done()
		take(t, q, "c", 1).Done()
		if _, err := q.Lease(ctx); !errors.Is(err, ErrEmpty) {
			t.Errorf("an empty queue gives %v", err)
		}
	})
	t.Run("waits for what may come back", func(t *testing.T) {
		q := make()
		q.Push("a")
		l := take(t, q, "a", 1)
		got := startLease(ctx, q)
		select {
		case <-got:
			t.Fatal("a lease ends while the only run is leased")
		case <-time.After(20 * time.Millisecond):
		}
		l.Retry()
		if r := <-got; r.err != nil || r.lease.Key() != "a" || r.lease.Attempt() != 2 {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("ends for all at once", func(t *testing.T) {
		q := make()
		q.Push("a")
		l := take(t, q, "a", 1)
		one, two := startLease(ctx, q), startLease(ctx, q)
		l.Done()
		for _, got := range []<-chan leased{one, two} {
			if r := <-got; !errors.Is(r.err, ErrEmpty) {
				t.Errorf("got %+v", r)
			}
		}
	})
	t.Run("context", func(t *testing.T) {
		q := make()
		q.Push("a")
		take(t, q, "a", 1)
		ctx, cancel := context.WithCancel(ctx)
		got := startLease(ctx, q)
		cancel()
		if r := <-got; !errors.Is(r.err, context.Canceled) {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("every run is done once", func(t *testing.T) { everyRunOnce(t, make) })
}

type leased struct {
	lease Lease
	err   error
}

func startLease(ctx context.Context, q Queue) <-chan leased {
	got := make(chan leased, 1)
	go func() {
		l, err := q.Lease(ctx)
		got <- leased{l, err}
	}()
	return got
}

// everyRunOnce has several workers finish, retry and release runs at random.
func everyRunOnce(t *testing.T, make func() Queue) {
	rapid.Check(t, func(t *rapid.T) {
		q := make()
		keys := rapid.SliceOfNDistinct(rapid.StringMatching("[a-z]{1,3}"), 1, 20,
			rapid.ID[string]).Draw(t, "keys")
		fates := rapid.SliceOfN(rapid.IntRange(0, 2), 7, 7).Draw(t, "fates")
		q.Push(keys...)
		var mutex sync.Mutex
		var done []string
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				for {
					l, err := q.Lease(context.Background())
					if err != nil {
						return
					}
					switch fate := fates[(len(l.Key())+l.Attempt())%len(fates)]; {
					case fate == 1 && l.Attempt() < 4:
						l.Retry()
					default:
						mutex.Lock()
						done = append(done, l.Key())
						mutex.Unlock()
						l.Done()
					}
				}
			})
		}
		wait.Wait()
		slices.Sort(done)
		slices.Sort(keys)
		if !slices.Equal(done, keys) {
			t.Fatalf("done are %q of %q", done, keys)
		}
	})
}

func TestMemory(t *testing.T) {
	conform(t, func() Queue { return NewMemory() })
}
