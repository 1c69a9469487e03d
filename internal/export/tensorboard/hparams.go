package tensorboard

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"gridsearch/internal/export"
	"gridsearch/internal/protobuf"
)

// Fields of HParamsPluginData, with the tags that their summaries have.
const (
	experimentField = 2
	startField      = 3
	endField        = 4

	experimentTag = "_hparams_/experiment"
	startTag      = "_hparams_/session_start_info"
	endTag        = "_hparams_/session_end_info"
)

// Enumerations of api.proto.
const (
	statusSuccess = 1
	statusFailure = 2
	typeString    = 1
	typeFloat64   = 3
	ofTraining    = 1
	ofValidation  = 2
)

// hparam is what one hyperparameter of a run is: a text or a number, nil where there is none.
type hparam struct {
	name, description string
	text              func(export.Run) string
	number            func(export.Run) *float64
}

// hparams are those of a run: all that its seeds have in common.
var hparams = []hparam{
	{name: "trial", description: "the network",
		text: func(r export.Run) string { return r.Trial }},
	{name: "control", description: "names of the controls or families that the network is of",
		text: func(r export.Run) string { return value(r.Control) }},
	{name: "stage", description: "part of the study",
		text: func(r export.Run) string { return r.Stage }},
	{name: "condition", description: "how the recipe differs from the study's",
		text: func(r export.Run) string { return r.Condition }},
	{name: "alpha", description: "the least of the points that build the network",
		number: func(r export.Run) *float64 { return r.AlphaLow }},
	{name: "beta", description: "the least of the points that build the network",
		number: func(r export.Run) *float64 { return r.BetaLow }},
	{name: "gamma", description: "the least of the points that build the network",
		number: func(r export.Run) *float64 { return r.GammaLow }},
	{name: "phi", description: "the least of the points that build the network",
		number: func(r export.Run) *float64 { return r.PhiLow }},
	{name: "depth", description: "coefficient of the repeats",
		number: func(r export.Run) *float64 { return r.Depth }},
	{name: "width", description: "coefficient of the channels",
		number: func(r export.Run) *float64 { return r.Width }},
	{name: "resolution", description: "pixels on a side",
		number: func(r export.Run) *float64 { return float(r.Resolution) }},
	{name: "madds", description: "multiply-adds of one image",
		number: func(r export.Run) *float64 { return float(r.MAdds) }},
	{name: "madds_ratio", description: "multiply-adds, of the base network's",
		number: func(r export.Run) *float64 { return r.MAddsRatio }},
	{name: "params", description: "parameters",
		number: func(r export.Run) *float64 { return float(r.Params) }},
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func float(p *int64) *float64 {
	if p == nil {
		return nil
	}
	v := float64(*p)
	return &v
}

// word is a text as it is shown: never empty, as check boxes and axes would have no name for that,
// nor left out, as the parallel coordinates drop runs that lack a hyperparameter.
func (h hparam) word(r export.Run) string { return cmp.Or(h.text(r), "none") }

// encode is the value as google.protobuf.Value; empty for none.
func (h hparam) encode(r export.Run) (v protobuf.Message) {
	if h.text != nil {
		v.Text(3, h.word(r))
	} else if n := h.number(r); n != nil {
		v.Float64(2, *n)
	}
	return v
}

// metrics are the scalars that the tab shows beside the hyperparameters.
var metrics = []struct {
	tag, description string
	dataset          int
}{
	{"val/top1", "fraction of the validation images", ofValidation},
	{"val/top5", "fraction of the validation images", ofValidation},
	{"val/loss", "cross-entropy of the validation images without smoothing, in nats", ofValidation},
	{"train/loss", "mean training loss of the last epoch, in nats", ofTraining},
	{"train/top1", "fraction of the last epoch's training images", ofTraining},
}

// experiment is the summary that says what there is to see: every hyperparameter, and whether the
// runs differ in it, and every metric.
func experiment(name string, created time.Time, runs []export.Run) protobuf.Message {
	var e protobuf.Message
	e.Text(6, name)
	e.Text(1, "exported by gridsearch: the seeds of a network under one condition are a session group")
	e.Float64(3, seconds(created))
	for _, h := range hparams {
		var info protobuf.Message
		info.Text(1, h.name)
		info.Text(3, h.description)
		if h.text != nil {
			info.Int(4, typeString)
			info.Bytes(5, h.values(runs))
		} else {
			info.Int(4, typeFloat64)
			if interval := h.interval(runs); len(interval) > 0 {
				info.Bytes(6, interval)
			}
		}
		if h.differs(runs) {
			info.Int(7, 1)
		}
		e.Bytes(4, info)
	}
	for _, m := range metrics {
		var metric, info protobuf.Message
		metric.Text(2, m.tag)
		info.Bytes(1, metric)
		info.Text(4, m.description)
		info.Int(5, m.dataset)
		e.Bytes(5, info)
	}
	return plugin(experimentTag, experimentField, e)
}

func (h hparam) differs(runs []export.Run) bool {
	for _, r := range runs {
		if string(h.encode(r)) != string(h.encode(runs[0])) {
			return true
		}
	}
	return false
}

// values is the domain of a text: those that runs have, in order, as google.protobuf.ListValue.
// TensorBoard's filters offer the values of a domain and nothing else.
func (h hparam) values(runs []export.Run) (list protobuf.Message) {
	seen := map[string]bool{}
	for _, r := range runs {
		seen[h.word(r)] = true
	}
	for _, text := range slices.Sorted(maps.Keys(seen)) {
		var v protobuf.Message
		v.Text(3, text)
		list.Bytes(1, v)
	}
	return list
}

// interval is the domain of a number, the least and the greatest that runs have; empty where none
// has one.
func (h hparam) interval(runs []export.Run) (i protobuf.Message) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range runs {
		if v := h.number(r); v != nil {
			low, high = min(low, *v), max(high, *v)
		}
	}
	if low <= high {
		i.Float64(1, low)
		i.Float64(2, high)
	}
	return i
}

// start is the summary of a session's beginning. What TensorBoard calls a session is a run; a
// session group has the seeds of a network under one condition and in one stage.
func start(r export.Run, at time.Time) protobuf.Message {
	var s protobuf.Message
	for _, h := range hparams {
		if v := h.encode(r); len(v) > 0 {
			var pair protobuf.Message
			pair.Text(1, h.name)
			pair.Bytes(2, v)
			s.Bytes(1, pair)
		}
	}
	s.Text(4, group(r))
	s.Float64(5, seconds(at))
	return plugin(startTag, startField, s)
}

// end is the summary of a session's end.
func end(r export.Run, at time.Time) protobuf.Message {
	var s protobuf.Message
	s.Int(1, statusFailure)
	if r.Top1 != nil {
		s = nil
		s.Int(1, statusSuccess)
	}
	s.Float64(2, seconds(at))
	return plugin(endTag, endField, s)
}

// plugin is a Summary.Value for the plugin hparams: what it says is in the metadata, the tensor is
// an empty one.
func plugin(tag string, field int, content protobuf.Message) (v protobuf.Message) {
	var data, pluginData, metadata, dimension, shape, tensor protobuf.Message
	data.Bytes(field, content)
	pluginData.Text(1, "hparams")
	pluginData.Bytes(2, data)
	metadata.Bytes(1, pluginData)
	const tensorClass, floatType = 2, 1
	metadata.Int(4, tensorClass)
	dimension.Int(1, 0)
	shape.Bytes(2, dimension)
	tensor.Int(1, floatType)
	tensor.Bytes(2, shape)
	v.Text(1, tag)
	v.Bytes(9, metadata)
	v.Bytes(8, tensor)
	return v
}
