package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gridsearch/internal/plural"
	"gridsearch/internal/safetensors"
	"gridsearch/model"
	"gridsearch/model/nn"
)

// metadataKey is the metadata key under which a parameter file describes its network.
const metadataKey = "gridsearch"

// description is the metadata of a parameter file.
type description struct {
	SchemaVersion int                `json:"schema_version"`
	Names         string             `json:"names"`
	Architecture  model.Architecture `json:"architecture"`
	Mean          []float32          `json:"mean,omitempty"`
	Deviation     []float32          `json:"deviation,omitempty"`
}

const schemaVersion = 1

// Safetensors writes a parameter file with the names of Torchvision or Timm.
func (n Network) Safetensors(names string) ([]byte, error) {
	list, values, err := n.named(names)
	if err != nil {
		return nil, err
	}
	text, err := n.describe(names)
	if err != nil {
		return nil, err
	}
	// the second by a custom of PyTorch's users
	file := safetensors.File{Metadata: map[string]string{metadataKey: text, "format": "pt"}}
	for _, l := range list {
		for _, t := range l.tensors() {
			file.Tensors = append(file.Tensors, safetensors.Float32s(t.name, t.shape,
				t.export(values[t.ours])))
		}
		if l.norm != "" {
			file.Tensors = append(file.Tensors, safetensors.Int64(l.norm+batches, 0))
		}
	}
	return file.Encode()
}

func (n Network) describe(names string) (string, error) {
	text, err := json.Marshal(description{schemaVersion, names, n.Architecture, n.Mean, n.Deviation})
	return string(text), err
}

// Decode reads a parameter file. The error names every tensor that is missing, unknown or of the
// wrong shape; then nothing is read.
func Decode(text []byte) (Network, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return Network{}, err
	}
	said, ok := file.Metadata[metadataKey]
	if !ok {
		return Network{}, ErrNoNetwork
	}
	d := description{}
	decoder := json.NewDecoder(bytes.NewReader([]byte(said)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return Network{}, fmt.Errorf("metadata %q: %w", metadataKey, err)
	}
	if d.SchemaVersion != schemaVersion {
		return Network{}, fmt.Errorf("metadata %q have version %d, this program knows %d: use "+
			"the gridsearch that wrote the file", metadataKey, d.SchemaVersion, schemaVersion)
	}
	if err := d.Architecture.Validate(); err != nil {
		return Network{}, fmt.Errorf("metadata %q: %w", metadataKey, err)
	}
	// before a list of what misses is made, of a length that the metadata choose
	if blocks := len(d.Architecture.Blocks()); blocks > len(file.Tensors) {
		return Network{}, fmt.Errorf("metadata %q describe a network of %d blocks, the file has "+
			"%d tensors", metadataKey, blocks, len(file.Tensors))
	}
	n, err := build(file, d.Architecture, d.Names)
	n.Mean, n.Deviation = d.Mean, d.Deviation
	if err == nil {
		err = n.CheckMoments()
	}
	return n, err
}

// ErrNoNetwork is the error for a safetensors file that does not say which network it is: use
// Import.
var ErrNoNetwork = errors.New("the file does not say which network it is")

// Import reads a safetensors file of an architecture that the caller knows, with the names of
// Torchvision or Timm, or with "" whichever fits better. Errors are those of Decode.
func Import(text []byte, arch model.Architecture, names string) (Network, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return Network{}, err
	}
	if err := arch.Validate(); err != nil {
		return Network{}, err
	}
	if names == "" {
		if names, err = guess(file, arch); err != nil {
			return Network{}, err
		}
	}
	return build(file, arch, names)
}

// guess returns the naming scheme, Torchvision or Timm, that matches the most tensors of a file.
func guess(file *safetensors.File, arch model.Architecture) (string, error) {
	best, most := "", -1
	for _, names := range Names {
		wanted, err := wanted(arch, names)
		if err != nil {
			return "", err
		}
		_, known := prefix(file, wanted)
		if known > most {
			best, most = names, known
		}
	}
	return best, nil
}

// wanted lists the tensors of a network by name.
func wanted(arch model.Architecture, names string) (map[string]tensor, error) {
	list, err := layers(arch, names)
	all := map[string]tensor{}
	for _, l := range list {
		for _, t := range l.tensors() {
			all[t.name] = t
		}
	}
	return all, err
}

// build reads the network from a file. Parameters are allocated only after the file is known to
// have the numbers for them, so that no metadata can make the program allocate more memory than the
// file has.
func build(file *safetensors.File, arch model.Architecture, names string) (Network, error) {
	wanted, err := wanted(arch, names)
	if err != nil {
		return Network{}, err
	}
	before, named := prefix(file, wanted)
	if file, err = without(file, before, named); err != nil {
		return Network{}, err
	}
	if err := compare(file, wanted, names); err != nil {
		return Network{}, err
	}
	n := Network{Architecture: arch, Prefix: before}
	if n.Parameters, err = nn.NewParameters(arch, 0, false); err != nil {
		return Network{}, err
	}
	values := values(n.Parameters)
	for _, t := range file.Tensors {
		if strings.HasSuffix(t.Name, batches) {
			continue
		}
		numbers, err := t.Float32s()
		if err != nil {
			return Network{}, fmt.Errorf("%s: %w", t.Name, err)
		}
		w := wanted[t.Name]
		if err := w.check(numbers); err != nil {
			return Network{}, err
		}
		w.load(values[w.ours], numbers)
	}
	return n, nil
}

// check reports whether numbers are possible for the tensor: finite, and a variance not negative.
func (t tensor) check(numbers []float32) error {
	for _, v := range numbers {
		switch {
		case !finite(v):
			return fmt.Errorf("%s holds %v in float32: the numbers of a network are finite; "+
				"nothing is loaded", t.name, v)
		case v < 0 && t.variance():
			return fmt.Errorf("%s holds %v: a variance is 0 or more, and the network would give NaN; "+
				"nothing is loaded", t.name, v)
		}
	}
	return nil
}

// compare lists every difference between a file's tensors and the network's.
func compare(file *safetensors.File, wanted map[string]tensor, names string) error {
	var lines, extra []string
	have := map[string]bool{}
	for _, t := range file.Tensors {
		w, ok := wanted[t.Name]
		have[t.Name] = true
		switch {
		case strings.HasSuffix(t.Name, batches):
		case !ok:
			extra = append(extra, t.Name)
		case !slices.Equal(w.shape, t.Shape):
			lines = append(lines, fmt.Sprintf("%s has shape %v, the network wants %v", t.Name,
				t.Shape, w.shape))
		case !t.IsFloat():
			lines = append(lines, fmt.Sprintf("%s is of dtype %s, the network wants floating point",
				t.Name, t.Type))
		}
	}
	var missing []string
	for name := range wanted {
		if !have[name] {
			missing = append(missing, name)
		}
	}
	for what, list := range map[string][]string{"missing: ": missing, "not of the network: ": extra} {
		if len(list) > 0 {
			slices.Sort(list)
			lines = append(lines, what+strings.Join(list, ", "))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	slices.Sort(lines)
	return fmt.Errorf("the tensors are not those of the network by %s's names; nothing is "+
		"loaded\n%s", names, strings.Join(lines, "\n"))
}

// CheckMoments reports whether mean and deviation are possible for the network's images.
func (n Network) CheckMoments() error {
	if n.Mean == nil && n.Deviation == nil {
		return nil
	}
	if c := n.Architecture.InChannels; len(n.Mean) != c || len(n.Deviation) != c {
		return fmt.Errorf("mean and deviation have %d and %d numbers, the network's images have %s",
			len(n.Mean), len(n.Deviation), plural.Of(c, "channel"))
	}
	for i, d := range n.Deviation {
		if !finite(n.Mean[i]) {
			return fmt.Errorf("the mean of channel %d must be finite, not %v", i, n.Mean[i])
		}
		if !(d > 0) || !finite(d) {
			return fmt.Errorf("the deviation of channel %d must be positive and finite, not %v", i, d)
		}
	}
	return nil
}

func finite(v float32) bool    { return v-v == 0 }
func notFinite(v float32) bool { return !finite(v) }
