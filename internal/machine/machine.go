// Package machine asks the operating system what this machine is. What a system does not tell is 0.
package machine

import (
	"bufio"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// CPU names the processor, as the kernel of the operating system does.
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
	// Virtual machines call unlike processors by one name; family and model tell them apart.
	return fields["model name"] + " (family " + fields["cpu family"] + ", model " +
		fields["model"] + ")"
}

// Memory is the memory of the machine and the part of it that programs can still have, in bytes.
func Memory() (total, available int64) {
	fields := procFile("/proc/meminfo")
	return kibibytes(fields["MemTotal"]), kibibytes(fields["MemAvailable"])
}

// PeakMemory is the largest resident memory of this process so far, in bytes.
func PeakMemory() int64 {
	// getrusage counts the process that started this one too: a child has its parent's peak until
	// it exceeds that.
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
