package outlook

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gridsearch/internal/plural"
	"gridsearch/internal/terminal"
)

// Formats lists the formats that Write can write.
var Formats = []string{"table", "json"}

// Write prints an outlook in one of the Formats.
func (o Outlook) Write(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(o)
	}
	t := terminal.NewTable(w)
	t.MayLack("by 3 s.d.", "by 2 s.d.", "runs", "tied, ahead by 1 s.d.")
	fmt.Fprintln(t, "seeds\truns\tlead of a lone winner\ttied, ahead by 1 s.d.\tby 2 s.d.\tby "+
		"3 s.d.")
	for _, r := range o.Rows {
		fmt.Fprintln(t, strings.Join(o.cells(r), "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n%s\n%s\n", o.Sentence, o.noise(), o.simulated())
	return err
}

func (o Outlook) cells(r Row) []string {
	seeds := strconv.Itoa(r.Seeds)
	if r.Planned {
		seeds += " (planned)"
	}
	cells := []string{seeds, strconv.Itoa(r.Runs), r.lead()}
	for _, l := range r.Leads {
		cells = append(cells, fmt.Sprintf("%d of %d, alone in %.0f "+
			"%%", l.Tied, o.Trials, 100*l.Lone))
	}
	return cells
}

// lead is the smallest lead that is detected.
func (r Row) lead() string {
	switch {
	case len(r.Leads) == 0:
		return "none: one seed shows no noise"
	case r.Smallest == nil:
		return "none"
	}
	return fmt.Sprintf("%.2f points, %.1f s.d.", 100**r.Smallest, *r.SmallestSD)
}

// sentence says what the planned number of seeds can detect, and other numbers.
func (o Outlook) sentence() string {
	var planned string
	var others []string
	for _, r := range o.Rows {
		switch {
		case r.Planned:
			planned = o.plan(r)
		case r.Smallest != nil:
			others = append(others, fmt.Sprintf("%.2f points with %d "+
				"seeds", 100**r.Smallest, r.Seeds))
		}
	}
	if len(others) == 0 {
		return planned
	}
	return planned + "; it takes " + strings.Join(others, ", ")
}

func (o Outlook) plan(r Row) string {
	who := fmt.Sprintf("%s, %s x %s: ", o.Study, plural.Of(o.Trials, "trial"),
		plural.Of(r.Seeds, "seed"))
	switch {
	case len(r.Leads) == 0:
		return who + "no lead shows, because one seed shows no noise"
	case r.Smallest == nil:
		return who + "no lead that was tried makes a lone winner"
	}
	return who + fmt.Sprintf("a trial %.2f points ahead of all others (%.1f s.d. of a run) is "+
		"the lone "+
		"winner in %.0f %% of searches", 100**r.Smallest, *r.SmallestSD, 100*o.Goal)
}

// noise says which noise of a run was assumed.
func (o Outlook) noise() string {
	line := fmt.Sprintf("noise of one run: s.d. %.2f points, ", 100*o.Noise.SD)
	switch o.Noise.From {
	case Earlier:
		return line + "pooled over the trials of " + o.Noise.Study
	case Given:
		return line + "as given"
	}
	return line + "assumed: --noise POINTS gives another, --from STUDY that of an earlier study"
}

// simulated says how the numbers were computed.
func (o Outlook) simulated() string {
	return fmt.Sprintf("simulated: %d searches for each lead, one trial ahead of equals, all "+
		"with the "+
		"same noise; the tied set is that of results at %g %%, its size the median", o.Searches,
		100*o.Confidence)
}
