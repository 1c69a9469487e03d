package weights

import (
	"fmt"
	"strings"

	"gridsearch/internal/safetensors"
)

// Programs put a prefix before all names when they wrap a network: "module." by PyTorch's
// DataParallel, "_orig_mod." by torch.compile, "model." by Lightning, or several.

// prefix is what precedes a network's names in a file, and how many tensors have a name of the
// network after it: the prefix with the most of them, the shortest of several.
func prefix(file *safetensors.File, wanted map[string]tensor) (prefix string, named int) {
	count := map[string]int{}
	for _, t := range file.Tensors {
		for at := 0; at < len(t.Name); {
			if _, ok := wanted[t.Name[at:]]; ok {
				count[t.Name[:at]]++
			}
			next := strings.IndexByte(t.Name[at:], '.')
			if next < 0 {
				break
			}
			at += next + 1
		}
	}
	named = count[""]
	for p, n := range count {
		if n > named || n == named && (len(p) < len(prefix) || len(p) == len(prefix) && p < prefix) {
			prefix, named = p, n
		}
	}
	return prefix, named
}

// without is a file with the prefix removed from its names. If some tensors have another prefix the
// error is one line, instead of a list of all names.
func without(file *safetensors.File, prefix string, named int) (*safetensors.File, error) {
	if prefix == "" {
		return file, nil
	}
	short := &safetensors.File{Metadata: file.Metadata}
	for _, t := range file.Tensors {
		name, ok := strings.CutPrefix(t.Name, prefix)
		if !ok {
			return nil, fmt.Errorf("%d of its %d tensors have the network's names behind the "+
				"prefix %.80q, and %.80q does not begin "+
				"with it: take the others out of the file; nothing is loaded", named,
				len(file.Tensors), prefix, t.Name)
		}
		t.Name = name
		short.Tensors = append(short.Tensors, t)
	}
	return short, nil
}
