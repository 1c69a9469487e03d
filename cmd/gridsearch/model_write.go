package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"gridsearch/internal/plural"
	"gridsearch/internal/si"
	"gridsearch/internal/terminal"
	"gridsearch/model"
)

// modelDocument describes a network: `gridsearch model --format json` prints it. Counts are for one
// image.
type modelDocument struct {
	SchemaVersion int    `json:"schema_version"`
	Name          string `json:"name"`
	Resolution    int    `json:"resolution"` // pixels
	// coefficients against the smallest network of the family, to six decimals
	Width          float64       `json:"width"`
	Depth          float64       `json:"depth"`
	Classes        int           `json:"classes"`
	Params         int64         `json:"params"`
	MAdds          int64         `json:"madds"`
	Activations    int64         `json:"activations"`
	ParameterBytes int64         `json:"parameter_bytes"`
	TrainingBytes  int64         `json:"training_bytes"` // peak, an estimate
	Batch          int           `json:"batch"`          // images, for that peak
	Repeats        []int         `json:"repeats"`
	Channels       []int         `json:"channels"`
	Layers         []model.Layer `json:"layers"`
	network        model.Architecture
}

func newDocument(a model.Architecture, batch int) modelDocument {
	c := a.Cost()
	return modelDocument{SchemaVersion: 1, Name: a.Name, Resolution: a.Pixels,
		Width: sixDecimals(a.Width), Depth: sixDecimals(a.Depth), Classes: a.Classes,
		Params: c.Params, MAdds: c.MAdds, Activations: c.Activations,
		ParameterBytes: c.ParameterBytes(), TrainingBytes: a.TrainingBytes(batch), Batch: batch,
		Repeats: a.Repeats(), Channels: a.Channels(), Layers: a.Layers(), network: a}
}

func sixDecimals(v float64) float64 { return math.Round(1e6*v) / 1e6 }

// write prints the document as table, json or csv; layers asks for a row per layer instead of one
// per stage, or instead of the totals of a CSV.
func (d modelDocument) write(out io.Writer, format string, layers bool) error {
	switch {
	case format == "json":
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", " ")
		return encoder.Encode(d)
	case format == "csv" && layers:
		return csv.NewWriter(out).WriteAll(d.layerRows())
	case format == "csv":
		return csv.NewWriter(out).WriteAll(d.totals())
	}
	fmt.Fprintf(out, "%s: %d px, width %v, depth %v, %s\n", d.Name, d.Resolution, d.Width, d.Depth,
		plural.Of(d.Classes, "class"))
	columns(out, [][]string{
		{"parameters", fmt.Sprint(d.Params), si.Text(float64(d.ParameterBytes)) + "B"},
		{"multiply-adds", fmt.Sprint(d.MAdds), si.Text(float64(d.MAdds))},
		{"activations", fmt.Sprint(d.Activations), si.Text(float64(d.Activations))},
		{"training memory", fmt.Sprint(d.TrainingBytes), fmt.Sprintf("about %sB at batch %d",
			si.Text(float64(d.TrainingBytes)), d.Batch)},
	})
	fmt.Fprintln(out)
	if layers {
		return columns(out, d.layerRows())
	}
	return columns(out, d.stageRows())
}

// columns prints rows with aligned columns.
func columns(out io.Writer, rows [][]string) error {
	t := terminal.NewTable(out)
	t.MayLack("groups", "in_height", "in_width", "out_width", "params", "se ratio", "expansion", "activation",
		"stride", "kernel")
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

func (d modelDocument) totals() [][]string {
	return [][]string{
		{"name", "resolution", "width", "depth", "classes", "params", "madds", "activations",
			"parameter_bytes", "training_bytes", "batch", "repeats", "channels"},
		cells(d.Name, d.Resolution, d.Width, d.Depth, d.Classes, d.Params, d.MAdds, d.Activations,
			d.ParameterBytes, d.TrainingBytes, d.Batch, join(d.Repeats), join(d.Channels)),
	}
}

func (d modelDocument) layerRows() [][]string {
	rows := [][]string{{"name", "type", "in_channels", "out_channels", "kernel", "stride", "groups",
		"in_height", "in_width", "out_height", "out_width", "params", "madds"}}
	for _, l := range d.Layers {
		rows = append(rows, cells(l.Name, l.Type, l.InChannels, l.OutChannels, l.Kernel, l.Stride,
			l.Groups, l.InHeight, l.InWidth, l.OutHeight, l.OutWidth, l.Params, l.MAdds))
	}
	return rows
}

// stageRows are the stages as in the paper's Table 1, with the stem and its pooling first and the
// head last.
func (d modelDocument) stageRows() [][]string {
	rows := [][]string{{"stage", "block", "kernel", "stride", "expansion", "se ratio", "activation",
		"input", "channels", "repeats", "multiply-adds"}}
	madds := map[int]int64{}
	for _, l := range d.Layers {
		madds[l.Stage] += l.MAdds
	}
	for _, b := range d.network.Blocks() {
		if b.Repeat > 0 {
			continue
		}
		stage, expansion, ratio, repeats, cost := b.Name, "", "", 1, si.Text(float64(madds[b.Stage]))
		if b.Stage > 0 && b.Stage <= len(d.network.Stages) {
			s := d.network.Stages[b.Stage-1]
			stage, expansion, ratio, repeats = fmt.Sprint(b.Stage), fmt.Sprint(s.Expansion),
				fmt.Sprint(s.SERatio), s.Repeats
		}
		if b.Kind == model.KindPool {
			cost = "" // that of the stem, whose layers are of no stage either
		}
		rows = append(rows, cells(stage, b.Kind, b.Kernel, b.Stride, expansion, ratio, b.Activation,
			fmt.Sprintf("%dx%d", b.InSize, b.InSize), b.Out, repeats, cost))
	}
	return rows
}

func cells(values ...any) []string {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = fmt.Sprint(v)
	}
	return row
}
