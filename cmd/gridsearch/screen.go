package main

import (
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gridsearch/internal/terminal"
)

// sizeOf is the size of a terminal in cells; 80 by 24 where it does not say, or out is none.
func sizeOf(out io.Writer) (columns, lines int) {
	if file, ok := out.(*os.File); ok {
		if columns, lines, err := term.GetSize(int(file.Fd())); err == nil && columns > 1 {
			return columns, lines
		}
	}
	return 80, 24
}

// cellsOf is the width of a terminal; 0 for what is none.
func cellsOf(out io.Writer) int {
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		columns, _ := sizeOf(out)
		return columns
	}
	return 0
}

// hasTerminal reports whether out is a terminal on which lines can be redrawn, and which file it is.
func hasTerminal(out io.Writer) (*os.File, bool) {
	file, ok := out.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd())) && hasCursor(os.Getenv("TERM"), runtime.GOOS)
}

// stdoutKey is the key of the standard output in a command's context.
type stdoutKey struct{}

// terminalOf is hasTerminal of a command's standard output.
func terminalOf(cmd *cobra.Command) (*os.File, bool) {
	out, _ := cmd.Context().Value(stdoutKey{}).(io.Writer)
	return hasTerminal(out)
}

// hasCursor reports whether a terminal, by its TERM, supports cursor movement. On Windows TERM is
// not set.
func hasCursor(name, system string) bool {
	return name != "dumb" && (name != "" || system == "windows")
}

// hasUnicode reports whether people here see characters beyond ASCII.
func hasUnicode() bool { return terminal.Unicode(os.Getenv, runtime.GOOS) }

// areaOn is the lines on a terminal that are drawn anew in place.
func areaOn(out *os.File) *terminal.Area {
	return &terminal.Area{Out: out, Size: func() (int, int) { return sizeOf(out) },
		Rewraps: terminal.Rewraps(os.Getenv)}
}
