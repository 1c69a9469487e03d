package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/spf13/cobra"
)

//go:generate go test -run TestCommandsPage . -update

var update = flag.Bool("update", false, "write docs/commands.md anew")

// TestCommandsPage holds docs/commands.md to what the program says of itself; -update writes it.
func TestCommandsPage(t *testing.T) {
	const path = "../../docs/commands.md"
	page := commandsPage()
	if *update {
		if err := os.WriteFile(path, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, want) {
		t.Error("docs/commands.md is not what the program says: run go generate ./...")
	}
}

func commandsPage() []byte {
	var page bytes.Buffer
	fmt.Fprint(&page, "# Commands\n\nWhat each command says of itself (`gridsearch COMMAND "+
		"--help`). Data go to standard output, messages and progress to standard error.\n\n"+
		"Exit codes: 0 done; 1 internal error, latencies that could not be measured, or a download "+
		"that failed; 2 usage, experiment file or data; 3 finished, or stopped as asked, with failed runs, or stopped by "+
		"a fault of the machine;\n"+
		"4 the study on disk has begun runs that are in no stage of the file, or --data names "+
		"other images than its own; 5 another process "+
		"works on the study; 129, 130 and 143 stopped (terminal closed, Ctrl-C, SIGTERM), to be continued by the same "+
		"command.\n`go run` turns every code into 1: scripts use the built binary.\n")
	root := newRoot()
	root.InitDefaultHelpFlag()
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" && c.Name() != "completion" {
			describe(&page, c)
		}
	}
	return page.Bytes()
}

func describe(page *bytes.Buffer, c *cobra.Command) {
	c.InitDefaultHelpFlag()
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(page, "\n## %s\n\n%s\n\n```\n%s\n\n%s```\n", c.CommandPath(), text, c.UseLine(),
		c.LocalFlags().FlagUsages())
	for _, sub := range c.Commands() {
		describe(page, sub)
	}
}
