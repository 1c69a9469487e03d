package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gridsearch/dataset"
	"gridsearch/dataset/pack"
	"gridsearch/internal/plural"
	"gridsearch/internal/si"
	"gridsearch/internal/terminal"
)

// mostNames is how many names a line of a survey has, and how many unreadable files of a part are
// named.
const mostNames = 20

// mostCopies is how many of the files with the same content a line names, and how many such groups.
const mostCopies = 5

// shorten joins names, and says how many more there are where those are too many.
func shorten(names []string, between string, most int) string {
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s%sand %d more", strings.Join(names[:most], between), between, more)
	}
	return strings.Join(names, between)
}

// writeSurvey prints what an image folder holds.
func writeSurvey(out io.Writer, photos *dataset.Photographs, s *dataset.Survey) error {
	fmt.Fprintf(out, "read as: %s\n\n", s.Layout)
	t := terminal.NewTable(out)
	t.MayLack("grey", "median", "unlabelled")
	fmt.Fprint(t, "part\timages\tclasses\tshorter side\tmedian\tgrey\tunlabelled\tunreadable")
	for _, p := range s.Parts {
		sides, median := sidesText(p)
		fmt.Fprintf(t, "\n%s\t%d\t%d\t%s\t%s\t%d\t%d\t%d", p.Part, p.Images, p.Classes(), sides,
			median, p.Grey, p.Unlabelled, len(p.Unreadable))
	}
	fmt.Fprintln(t)
	if err := t.Flush(); err != nil {
		return err
	}
	for _, p := range s.Parts {
		if p.Count != nil {
			fmt.Fprintf(out, "\n%s: %s", p.Part, shares(photos.Info().Classes, p.Count))
		}
	}
	fmt.Fprintln(out)
	for _, p := range s.Parts {
		for i, file := range p.Unreadable {
			if i == mostNames {
				fmt.Fprintf(out, "unreadable: %d more of the %s part\n", len(p.Unreadable)-i, p.Part)
				break
			}
			fmt.Fprintf(out, "unreadable: %s\n", file)
		}
	}
	for _, skipped := range s.Skipped {
		fmt.Fprintln(out, dataset.Skipped(skipped))
	}
	if photos.LimitedBySmall() {
		fmt.Fprintln(out, photos.Smallest())
	}
	writeCopies(out, s)
	return nil
}

// sidesText is the range of the shorter sides of a part's images, and their median.
func sidesText(p dataset.PartSurvey) (sides, median string) {
	s := p.Sides
	switch {
	case s.Greatest == 0: // no image that a study could use
		return "-", "-"
	case s.Least == s.Greatest:
		sides = fmt.Sprintf("%d px", s.Least)
	default:
		sides = fmt.Sprintf("%d..%d px", s.Least, s.Greatest)
	}
	return sides, fmt.Sprintf("%d px", s.Median)
}

// shares are the numbers of images of the classes, with their shares.
func shares(classes []string, count []int) string {
	total := 0
	for _, n := range count {
		total += n
	}
	var list []string
	for i, n := range count {
		list = append(list, fmt.Sprintf("%s %d (%.1f %%)", dataset.Quote(classes[i]), n,
			100*float64(n)/float64(max(1, total))))
	}
	return shorten(list, ", ", mostNames)
}

// writeCopies prints which files are copies of others.
func writeCopies(out io.Writer, s *dataset.Survey) {
	if s.Copies == 0 {
		return
	}
	fmt.Fprintf(out, "copies: %s of another file\n", plural.Verb(s.Copies, "1 file is a copy",
		fmt.Sprintf("%d files are copies", s.Copies)))
	for _, kind := range []struct {
		what   string
		groups [][]string
	}{{"in two parts", s.AcrossParts}, {"in two classes", s.AcrossClasses}} {
		var list []string
		for _, group := range kind.groups {
			list = append(list, shorten(group, " = ", mostCopies))
		}
		if len(list) > 0 {
			fmt.Fprintf(out, "  %d %s: %s\n", len(list), kind.what, shorten(list, "; ", mostCopies))
		}
	}
}

// kept lists or removes what the cache directory has of a data set.
func (d *describing) kept(out io.Writer) error {
	switch {
	case d.spec.Name == "motifs":
		return d.keptMotifs(out)
	case d.spec.Name != dataset.ImageFolder:
		_, err := fmt.Fprintf(out, "nothing is kept of %s: its files are read every time\n", d.spec.Name)
		return err
	}
	dir := dataset.PackFolder()
	if dir == "" {
		_, err := fmt.Fprintln(out, "nothing is kept: this user has no cache directory "+
			"(XDG_CACHE_HOME or HOME say where it is)")
		return err
	}
	if d.prune {
		files, bytes, err := pack.Prune(dir)
		fmt.Fprintf(out, "removed %s of %sB from %s\n", plural.Of(files, "file"),
			si.Text(float64(bytes)), dir)
		return err
	}
	list, err := pack.List(dir)
	if err != nil {
		return err
	}
	t, total := terminal.NewTable(out), int64(0)
	fmt.Fprint(t, "pack\timages\tpixels\tchannels\tbytes\tlast used")
	for _, e := range list {
		total += e.Bytes
		fmt.Fprintf(t, "\n%.12s\t%d\t%d\t%d\t%sB\t%s", e.ID, e.N, e.Pixels, e.Channels,
			si.Text(float64(e.Bytes)), e.Used.Format(time.DateOnly))
	}
	fmt.Fprintln(t)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s of %sB in %s\n", plural.Of(len(list), "pack"),
		si.Text(float64(total)), dir)
	return err
}

// keptMotifs is kept for the drawn pictures.
func (d *describing) keptMotifs(out io.Writer) error {
	path := dataset.MotifsCache()
	info, err := os.Stat(path)
	if err != nil {
		_, err = fmt.Fprintln(out, "nothing is kept of motifs")
		return err
	}
	what := "is kept in"
	if d.prune {
		what = "removed from"
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "%sB of drawn pictures: %s %s\n", si.Text(float64(info.Size())), what, path)
	return err
}
