package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"gridsearch/internal/crash"
	"gridsearch/internal/report"
	"gridsearch/internal/report/figures"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/serve"
	"gridsearch/internal/study"
)

func newServe() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "serve STUDY|FOLDER",
		Short: "Show studies in a browser, live",
		Long: "Serve answers a browser with pages that renew themselves: how far a study is, what trains\n" +
			"now with its curves, figures that fill up, the best trial so far with its uncertainty,\n" +
			"machines, failures with their cause. A folder shows all its studies. It reads and changes\n" +
			"nothing, so it may run before, while and after a study runs, and across a restart.\n" +
			"Only this machine can ask, unless --addr names an address that others reach: they need no\n" +
			"password then. Ctrl-C ends it; no study minds.",
		Args: exactly("a study or a folder of studies"),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := sourceOf(cmd, args[0])
			if err != nil {
				return err
			}
			listener, err := listen(address)
			if err != nil {
				return err
			}
			stop, _, release := stopSignals(cmd.Context())
			defer release()
			for _, line := range whereabouts(listener) {
				fmt.Fprintln(cmd.ErrOrStderr(), line)
			}
			if err := pages(cmd, source, address).Serve(stop, listener); err != nil {
				return err
			}
			return context.Cause(stop)
		},
	}
	cmd.Flags().StringVar(&address, "addr", serve.DefaultAddress,
		"HOST:PORT to answer on; port 0 is any free one")
	return cmd
}

// sourceOf is a study, or else a folder of studies.
func sourceOf(cmd *cobra.Command, name string) (serve.Source, error) {
	folder, none := findStudy(cmd, name)
	if none == nil {
		return serve.Source{One: folder}, nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return serve.Source{Dir: name}, nil
	}
	return serve.Source{}, usageError{fmt.Errorf("%q is neither a study under %s nor a folder of "+
		"studies", name, studiesDir(cmd))}
}

// listen takes an address; one that cannot be had is the command line's mistake.
func listen(address string) (net.Listener, error) {
	listener, err := serve.Listen(address)
	if err != nil {
		return nil, usageError{err}
	}
	return listener, nil
}

// whereabouts say where the pages are, and who can read them.
func whereabouts(listener net.Listener) []string {
	lines := []string{"the live page is at " + serve.URL(listener)}
	if serve.Public(listener) {
		lines = append(lines, "warning: other machines can read it too, without a password")
	}
	return lines
}

// pages is the server of studies.
func pages(cmd *cobra.Command, source serve.Source, address string) *serve.Server {
	host, _, _ := net.SplitHostPort(address) // it listens there already
	return serve.New(source, serve.Options{Host: host, Draw: drawn,
		Command: func(name string, folder study.Folder) string {
			line := "gridsearch " + name + " "
			if dir := studiesDir(cmd); filepath.Dir(string(folder)) != filepath.Clean(dir) {
				return line + quoted(string(folder))
			} else if dir != "studies" {
				line += "--dir " + quoted(dir) + " "
			}
			return line + quoted(filepath.Base(string(folder)))
		},
		Say: func(r report.Results) (answer, certainty []string) {
			return tables.Answer(r), tables.Certainty(r)
		}})
}

// drawn are the figures of a live page, of those that the results allow.
func drawn(s *study.Study, r report.Results) (list []serve.Picture, undrawn []string) {
	pictures, outcome := figures.Pictures(s, r, figures.Sources{},
		[]string{"triangle", "accuracy-cost"})
	for _, p := range pictures {
		svg, err := p.SVG()
		if err != nil {
			return list, []string{fmt.Sprintf("figure %s: %v", p.Name, err)}
		}
		list = append(list, serve.Picture{Name: p.Name, Caption: p.Caption, See: p.See,
			Wide: p.Wide(), SVG: svg})
	}
	for _, f := range outcome.Failed {
		undrawn = append(undrawn, f.Name+" is not drawn: "+f.Why)
	}
	return list, undrawn
}

// beside serves the page of a study while it runs in this process. What goes wrong there is not the
// study's: it is told, and nothing else. release ends it.
func beside(cmd *cobra.Command, folder study.Folder, address string, listener net.Listener,
	note func(string)) (release func()) {
	if listener == nil {
		return func() {}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(cmd.Context()))
	over := make(chan struct{})
	server := pages(cmd, serve.Source{One: folder}, address)
	go func() {
		defer close(over)
		if err := crash.Guard(func() error { return server.Serve(ctx, listener) }); err != nil {
			note("warning: the live page has ended: " + err.Error())
		}
	}()
	return func() {
		stop()
		<-over
	}
}
