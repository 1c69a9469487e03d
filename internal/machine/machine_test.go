package machine

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestColons(t *testing.T) {
	fields := colons(strings.NewReader("MemTotal:       16 kB\nflags\t: a b\nbare\n\nMemTotal: " +
		"17 kB\n"))
	if fields["MemTotal"] != "16 kB" || fields["flags"] != "a b" || len(fields) != 3 {
		t.Errorf("read %q", fields)
	}
	for value, want := range map[string]int64{"16 kB": 16384, "16": 0, "": 0, "x kB": 0} {
		if got := kibibytes(value); got != want {
			t.Errorf("%q is %d bytes, want %d", value, got, want)
		}
	}
}

// TestFacts checks that what Linux reports is plausible for any machine.
func TestFacts(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems tell less")
	}
	total, available := Memory()
	if total < 1<<20 || available < 1 || available > total {
		t.Errorf("%d of %d bytes are available", available, total)
	}
	if DiskFree(t.TempDir()) < 1 {
		t.Error("no space on the disk")
	}
	if DiskFree("/nowhere") != 0 {
		t.Error("a folder that does not exist has space")
	}
	if CPU() == "" {
		t.Error("the processor has no name")
	}
}

// TestPeakMemory: memory that has been touched counts, and stays counted.
func TestPeakMemory(t *testing.T) {
	if maxRSS() == 0 {
		t.Skip("not known on this system")
	}
	const size = 64 << 20
	before := PeakMemory()
	touched := make([]byte, size)
	for i := 0; i < size; i += os.Getpagesize() {
		touched[i] = 1
	}
	if after := PeakMemory(); after < size || after < before {
		t.Errorf("the peak is %d bytes before %d bytes are touched and %d after", before, size, after)
	}
	runtime.KeepAlive(touched)
}
