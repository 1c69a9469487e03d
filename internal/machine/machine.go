// Package machine asks the operating system about this machine. Unknown numbers are 0.
package machine

import (
	"bufio"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// CPU is the processor's name from the operating system's kernel.
func CPU() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer file.Close()
	fields := colons(file)
	if fields["model name"] == "" {
		return runtime.GOARCH
	}
	// Virtual machines give different processors the same name; family and model distinguish them.
	return fields["model name"] + " (family " + fields["cpu family"] + ", model " +
		fields["model"] + ")"
}

// Memory is the memory of the machine and the part of it that is available to programs, in bytes.
func Memory() (total, available int64) {
	fields := procFile("/proc/meminfo")
	return kibibytes(fields["MemTotal"]), kibibytes(fields["MemAvailable"])
}

// PeakMemory is the largest resident memory of this process so far, in bytes.
func PeakMemory() int64 {
	// getrusage includes the process before exec: a child has its parent's peak until it exceeds
	// that.
	if peak := kibibytes(procFile("/proc/self/status")["VmHWM"]); peak > 0 {
		return peak
	}
	return maxRSS()
}

func procFile(path string) map[string]string {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	return colons(file)
}

// colons reads lines of a name, a colon and a value, up to an empty line.
func colons(in io.Reader) map[string]string {
	fields := map[string]string{}
	for lines := bufio.NewScanner(in); lines.Scan() && lines.Text() != ""; {
		key, value, _ := strings.Cut(lines.Text(), ":")
		fields[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return fields
}

// kibibytes reads a value like "1234 kB" as bytes.
func kibibytes(value string) int64 {
	number, found := strings.CutSuffix(value, " kB")
	n, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil {
		return 0
	}
	return n * 1024
}
