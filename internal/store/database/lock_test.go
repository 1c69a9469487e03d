package database

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := Lock(path); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("a second lock gives %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
}

// TestHolder: asking who holds a lock keeps nobody from taking it, and never names those who ask.
func TestHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if pid := Holder(path); pid != 0 {
		t.Errorf("a lock that was never taken is held by %d", pid)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("asking makes the file")
	}
	over, asked := make(chan struct{}), sync.WaitGroup{}
	for range 4 {
		asked.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if pid := Holder(path); pid != 0 && pid != os.Getpid() {
					t.Errorf("the lock is held by %d", pid)
				}
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	for range 300 {
		lock, err := Lock(path)
		if err != nil {
			t.Fatal(err)
		}
		if pid := Holder(path); pid != os.Getpid() {
			t.Fatalf("a lock that is taken is held by %d", pid)
		}
		if err := lock.Release(); err != nil {
			t.Fatal(err)
		}
	}
	close(over)
	asked.Wait()
	if pid := Holder(path); pid != 0 {
		t.Errorf("a lock that was given back is held by %d", pid)
	}
}

// TestDied: a lock that was given back names nobody; one whose process has ended without that, it.
func TestDied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if pid := Died(path); pid != 0 {
		t.Errorf("without a lock %d has died", pid)
	}
	lock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if pid := Died(path); pid != 0 {
		t.Errorf("of a lock that was given back %d has died", pid)
	}
	if lock, err = Lock(path); err != nil {
		t.Fatal(err)
	}
	if err := lock.file.Close(); err != nil { // as the system does at the end of a process
		t.Fatal(err)
	}
	if pid := Died(path); pid != os.Getpid() || Holder(path) != 0 {
		t.Errorf("of a lock that was left %d has died, and %d holds it", pid, Holder(path))
	}
}

// TestLockIsSigned: a lock whose last holder died with a longer number, or whose file has other
// text, names its holder alone.
func TestLockIsSigned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("123456789012\n3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	text, err := os.ReadFile(path)
	if want := fmt.Sprintln(os.Getpid()); string(text) != want || err != nil {
		t.Errorf("the lock's file has %q (%v), want %q", text, err, want)
	}
}
