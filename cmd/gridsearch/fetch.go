package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gridsearch/dataset"
	"gridsearch/dataset/fetch"
	"gridsearch/internal/cache"
	"gridsearch/internal/fault"
	"gridsearch/internal/si"
	"gridsearch/internal/terminal"
)

// fetching is what the flags of dataset ask to download.
type fetching struct {
	asked  bool
	mirror string
}

func (f *fetching) addTo(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.asked, "fetch", false, "download the data set, or what is missing of "+
		"it, into --path or the user's cache: "+strings.Join(fetch.Names(), ", "))
	cmd.Flags().StringVar(&f.mirror, "mirror", "",
		"address of a folder of the published files, for --fetch: http://... or https://...")
}

// run downloads a data set, if that is asked for.
func (f *fetching) run(cmd *cobra.Command, name, path string) error {
	if !f.asked && f.mirror == "" {
		return nil
	}
	if !f.asked {
		return usageError{errors.New("--mirror says where --fetch downloads from: give both")}
	}
	set, ok := fetch.Named(name)
	if !ok {
		return usageError{fmt.Errorf("--fetch downloads %s, not %q",
			strings.Join(fetch.Names(), ", "), name)}
	}
	base, err := f.base(set)
	if err != nil {
		return usageError{err}
	}
	into, folders := string(cache.User(name)), dataset.Folders(name)
	if path != "" {
		into, folders = path, []string{path}
	}
	if into == "" {
		return usageError{errors.New("this user has no cache directory: name a folder with --path")}
	}
	stop, _, release := stopSignals(cmd.Context())
	defer release()
	out := cmd.ErrOrStderr()
	if there := fetch.Find(stop, set, folders); there != "" {
		fmt.Fprintf(out, "%s is in %s already, with the published checksums: nothing is "+
			"downloaded\n", name, there)
		return nil
	}
	return download(stop, out, set, base, into)
}

// base is the address of the folder of a set's files.
func (f *fetching) base(set fetch.Set) (*url.URL, error) {
	if f.mirror == "" {
		return url.Parse(set.Base)
	}
	base, err := url.Parse(f.mirror)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" ||
		base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("--mirror %q is no address that names of files can be appended to: "+
			"it must be like https://host/folder/", f.mirror)
	}
	return base, nil
}

// download downloads into a folder, and shows on out how far it is.
func download(stop context.Context, out io.Writer, set fetch.Set, base *url.URL,
	into string) error {
	m := &meter{out: out}
	if file, ok := hasTerminal(out); ok {
		m.area = areaOn(file)
	}
	fetcher := fetch.New(func(p fetch.Progress) { m.show(p, time.Now()) }, m.say)
	err := fetcher.Fetch(stop, set, base, into)
	m.end()
	if err != nil {
		return advised(err, set, into)
	}
	m.say(fmt.Sprintf("%s is in %s now; %s", set.Name, into, set.Licence))
	return nil
}

// advised adds to an error what to do.
func advised(err error, set fetch.Set, into string) error {
	var network *fetch.NetworkError
	var content *fetch.ContentError
	var occupied *fetch.OccupiedError
	var signalled signalError
	switch {
	case errors.As(err, &signalled):
		return fmt.Errorf("%w; the same command goes on with what is here", err)
	case errors.As(err, &occupied):
		return usageError{fmt.Errorf("%w\nit is left as it is: move it away, or name another "+
			"folder with --path", err)}
	case errors.As(err, &network), errors.As(err, &content):
		return fmt.Errorf("%w\nrun the same command again, name another address with --mirror "+
			"URL, or download %s by hand into %s and run it then", err, names(set), into)
	}
	if f := fault.Of(err); f != nil {
		return usageError{fmt.Errorf("%w\nwhen that is mended, the same command goes on", f)}
	}
	return err
}

// names are those of a set's published files.
func names(set fetch.Set) string {
	var list []string
	for _, f := range set.Files {
		list = append(list, f.Name)
	}
	return strings.Join(list, ", ")
}

// meter shows how far a download is: on a terminal in one line that is redrawn, elsewhere in a line
// for a tenth of each file.
type meter struct {
	out   io.Writer
	area  *terminal.Area // of a terminal
	last  fetch.Progress // as shown
	began time.Time      // the transfer that it is of
	shown time.Time
}

func (m *meter) show(p fetch.Progress, now time.Time) {
	last := m.last
	begins := p.File != last.File || p.Begun != last.Begun || p.Done < last.Done
	if begins {
		m.began = now
	}
	step := 10*p.Done/p.Bytes > 10*last.Done/p.Bytes
	if m.area != nil {
		step = p.Done == p.Bytes || now.Sub(m.shown) >= redrawEvery
	}
	if !begins && !step {
		return
	}
	m.last, m.shown = p, now
	line := meterLine(p, now.Sub(m.began).Seconds())
	if m.area == nil {
		fmt.Fprintln(m.out, line)
		return
	}
	m.area.Draw([]string{line})
	if p.Done == p.Bytes {
		m.end()
	}
}

// say writes a line of its own.
func (m *meter) say(text string) {
	m.end()
	fmt.Fprintln(m.out, terminal.Printable(text))
}

// end ends the line that is redrawn.
func (m *meter) end() {
	if m.area != nil {
		m.area.Keep()
	}
}

// meterLine is the progress of a transfer after so many seconds.
func meterLine(p fetch.Progress, seconds float64) string {
	line := fmt.Sprintf("%s  %3d %% of %sB", p.File, 100*p.Done/p.Bytes, si.Text(float64(p.Bytes)))
	came := float64(p.Done - p.Begun)
	if came <= 0 || seconds <= 0 {
		return line
	}
	line += fmt.Sprintf("  %.2f MB/s", came/seconds/1e6)
	if p.Done == p.Bytes {
		return line + "  in " + si.Clock(seconds)
	}
	return line + "  ETA " + si.Clock(float64(p.Bytes-p.Done)*seconds/came)
}
