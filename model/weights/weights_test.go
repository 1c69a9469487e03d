package weights

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridsearch/internal/random"
	"gridsearch/internal/safetensors"
	"gridsearch/model"
	"gridsearch/model/nn"
)

var update = flag.Bool("update", false, "write testdata/*/network.onnx anew; then run make "+
	"peers, which has it checked")

// families are the folders of testdata: networks of each library's classes, made by
// testdata/peers/golden.py.
var families = []string{"efficientnet", "mobilenet", "resnet", "same", "separable"}

// golden is the network of a folder of testdata.
func golden(t testing.TB, family string) model.Architecture {
	t.Helper()
	var a model.Architecture
	if err := json.Unmarshal(read(t, family+"/architecture.json"), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func file(t testing.TB, text []byte) *safetensors.File {
	t.Helper()
	f, err := safetensors.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// saved reads a golden network as a library has saved it.
func saved(t testing.TB, family, names string) Network {
	t.Helper()
	n, err := Import(read(t, family+"/"+names+".safetensors"), golden(t, family), "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// imported is the golden EfficientNet as torchvision has saved it.
func imported(t testing.TB) Network { return saved(t, "efficientnet", Torchvision) }

// TestLogitsOfPyTorch: files that torchvision and timm have saved give the logits that they
// compute.
func TestLogitsOfPyTorch(t *testing.T) {
	const tolerance = 1e-5 // float32 in another order
	for _, family := range families {
		g := map[string]safetensors.Tensor{}
		for _, tensor := range file(t, read(t, family+"/golden.safetensors")).Tensors {
			g[tensor.Name] = tensor
		}
		want, err := g["logits"].Float32s()
		if err != nil {
			t.Fatal(err)
		}
		for _, names := range Libraries(golden(t, family)) {
			logits, err := saved(t, family, names).Logits(g["images"], 1)
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want {
				if got := logits[i/5][i%5]; math.Abs(float64(got-w)) > tolerance*max(1, math.Abs(float64(w))) {
					t.Errorf("%s, %s: logit %d of image %d is %v, PyTorch's %v", family, names, i%5, i/5, got, w)
				}
			}
		}
	}
}

// TestExportIsWhatPyTorchSaves: a network that came from PyTorch goes back tensor for tensor, by
// the names of every library that has it.
func TestExportIsWhatPyTorchSaves(t *testing.T) {
	for _, family := range families {
		libraries := Libraries(golden(t, family))
		n := saved(t, family, libraries[0])
		for _, names := range libraries {
			text, err := n.Safetensors(names)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := file(t, text), file(t,
				read(t, family+"/"+names+".safetensors")); !reflect.DeepEqual(got.Tensors, want.Tensors) {
				t.Errorf("%s: other tensors than %s's", family, names)
			}
		}
	}
}

// TestONNX compares the bytes of the golden networks' files, which make peers has checked by
// onnx.checker and evaluated by ONNX Runtime.
func TestONNX(t *testing.T) {
	for _, family := range families {
		path := family + "/network.onnx"
		got, err := saved(t, family, Libraries(golden(t, family))[0]).ONNX()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile("testdata/"+path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, read(t, path)) {
			t.Errorf("the file is not testdata/%s: where the change is meant, go test "+
				"./model/weights -update and then make peers", path)
		}
	}
}

// TestLibraries: which library has the published networks.
func TestLibraries(t *testing.T) {
	for name, want := range map[string][]string{
		"efficientnet-b7": {Torchvision, Timm}, "mobilenet-v2": {Torchvision, Timm},
		"resnet-18": {Torchvision, Timm}, "resnet-152": {Torchvision, Timm},
		"efficientnet-lite4": {Timm}, "tinynet-e": {Torchvision, Timm}, "mobilenet-v1": {Timm},
	} {
		a, err := model.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Libraries(a); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		a.Stages = append(a.Stages, model.Stage{Block: model.Basic}, model.Stage{Block: model.Separable})
		if got := Libraries(a); got != nil {
			t.Errorf("%s with other blocks behind it: %v, want none", name, got)
		}
	}
}

// TestNamesOfPresets: every parameter and statistic of every published network has one name in
// either library.
func TestNamesOfPresets(t *testing.T) {
	for _, name := range model.Presets() {
		a, err := model.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		a = a.Scale(.3, .1, 1, model.Rounding{ChannelDivisor: 1})
		p, err := nn.NewParameters(a, 1, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, names := range Names {
			rest := values(p)
			wanted, err := wanted(a, names)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range wanted {
				size := 1
				for _, d := range w.shape {
					size *= d
				}
				if len(rest[w.ours]) != size {
					t.Errorf("%s: %s of %s has %d numbers, parameter %s has %d, or has another "+
						"name too", name, w.name, names, size, w.ours, len(rest[w.ours]))
				}
				delete(rest, w.ours)
			}
			for ours := range rest {
				t.Errorf("%s: %s has no name in %s", name, ours, names)
			}
		}
	}
}

// drawNetwork draws a small network of blocks of one kind or several, with random weights and
// running statistics.
func drawNetwork(t *rapid.T) Network {
	small := rapid.IntRange(1, 6)
	a := model.Architecture{Name: "drawn", InChannels: small.Draw(t, "in"), Pixels: 16,
		Classes: small.Draw(t, "classes"),
		Stem:    model.Stem{Channels: small.Draw(t, "stem"), Kernel: 3, Stride: 1},
		Head:    small.Draw(t, "head"), BatchNormEpsilon: 1e-3, BatchNormMomentum: .9}
	a.Padding = rapid.SampledFrom(model.Paddings).Draw(t, "padding")
	if a.Stem.Pool = rapid.Bool().Draw(t, "pool"); rapid.Bool().Draw(t, "headless") {
		a.Head = 0
	}
	block := rapid.SampledFrom(model.BlockKinds)
	first := block.Draw(t, "block")
	for range rapid.IntRange(1, 3).Draw(t, "stages") {
		s := model.Stage{Block: first, Expansion: 1, Channels: small.Draw(t, "channels"),
			Kernel: rapid.SampledFrom([]int{1, 3, 5}).Draw(t, "kernel"),
			Stride: rapid.IntRange(1, 2).Draw(t, "stride"), Repeats: rapid.IntRange(1, 3).Draw(t,
				"repeats"), Activation: rapid.SampledFrom(model.Activations).Draw(t, "activation")}
		if rapid.Bool().Draw(t, "mixed") {
			s.Block = block.Draw(t, "block")
		}
		switch s.Block {
		case model.MBConv:
			s.SERatio = rapid.SampledFrom([]float64{0, .25, 1}).Draw(t, "se")
			fallthrough
		case model.InvertedResidual, model.Bottleneck:
			s.Expansion = rapid.IntRange(1, 3).Draw(t, "expansion")
			s.Channels *= s.Expansion
		}
		a.Stages = append(a.Stages, s)
	}
	p, err := nn.NewParameters(a, rapid.Uint64().Draw(t, "seed"), false)
	if err != nil {
		t.Fatal(err)
	}
	stream := random.New(1, "statistics")
	for name, v := range values(p) {
		for i := range v {
			if strings.Contains(name, ".bn.") {
				v[i] = float32(stream.Uniform(.5, 1.5))
			}
		}
	}
	return Network{Architecture: a, Parameters: p, Mean: slices.Repeat([]float32{.5}, a.InChannels),
		Deviation: slices.Repeat([]float32{.25}, a.InChannels)}
}

// TestRoundTrip: what is written is read, by either library's names, and every parameter goes
// somewhere.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetwork(t)
		names := rapid.SampledFrom(Names).Draw(t, "names")
		text, err := n.Safetensors(names)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(values(got.Parameters), values(n.Parameters)) ||
			!reflect.DeepEqual(got.Architecture, n.Architecture) || !slices.Equal(got.Mean, n.Mean) {
			t.Fatal("another network is read")
		}
		if _, err := n.ONNX(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDifferences: everything that is wrong with a file is in one error.
func TestDifferences(t *testing.T) {
	f := file(t, read(t, "efficientnet/torchvision.safetensors"))
	f.Tensors = slices.DeleteFunc(f.Tensors, func(s safetensors.Tensor) bool {
		return s.Name == "classifier.1.weight" || s.Name == "features.0.1.running_var"
	})
	for i, s := range f.Tensors {
		switch s.Name {
		case "classifier.1.bias":
			f.Tensors[i] = safetensors.Float32s(s.Name, []int{2}, []float32{1, 2})
		case "features.0.1.bias":
			f.Tensors[i] = safetensors.Tensor{Name: s.Name, Type: "I32", Shape: s.Shape, Data: s.Data}
		}
	}
	f.Tensors = append(f.Tensors, safetensors.Int64("fc.weight", 1))
	text, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `the tensors are not those of the network by torchvision's names; nothing is loaded
classifier.1.bias has shape [2], the network wants [5]
features.0.1.bias is of dtype I32, the network wants floating point
missing: classifier.1.weight, features.0.1.running_var
not of the network: fc.weight`
	if n, err := Import(text, golden(t, "efficientnet"), ""); err == nil || err.Error() != want ||
		n.Parameters != nil {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestPrefix: a common prefix of all names is removed; if only some names have it, the error is one
// line.
func TestPrefix(t *testing.T) {
	for _, family := range families {
		for _, names := range Libraries(golden(t, family)) {
			f, want := file(t, read(t, family+"/"+names+".safetensors")),
				values(saved(t, family, names).Parameters)
			for _, prefix := range []string{"module.", "_orig_mod.", "model.", "module._orig_mod.",
				"net.0."} {
				changed := safetensors.File{Tensors: slices.Clone(f.Tensors)}
				for i := range changed.Tensors {
					changed.Tensors[i].Name = prefix + changed.Tensors[i].Name
				}
				text, err := changed.Encode()
				if err != nil {
					t.Fatal(err)
				}
				n, err := Import(text, golden(t, family), "")
				if err != nil || n.Prefix != prefix || !reflect.DeepEqual(values(n.Parameters), want) {
					t.Errorf("%s, %s behind %s: prefix %q, %.200v", family, names, prefix, n.Prefix, err)
				}
				changed.Tensors = append(changed.Tensors, safetensors.Int64("criterion.steps", 1))
				if text, err = changed.Encode(); err != nil {
					t.Fatal(err)
				}
				_, err = Import(text, golden(t, family), "")
				if err == nil || strings.Contains(err.Error(), "\n") ||
					!strings.Contains(err.Error(), `behind the prefix "`+prefix+
						`", and "criterion.steps" does not begin with it`) {
					t.Errorf("%s, %s behind %s with another tensor: %.200v", family, names, prefix, err)
				}
			}
		}
	}
}

// TestNotFinite: parameters, moments and logits that are infinite or NaN are refused.
func TestNotFinite(t *testing.T) {
	f, bad := file(t, read(t, "efficientnet/torchvision.safetensors")), float32(math.Inf(1))
	i := slices.IndexFunc(f.Tensors,
		func(s safetensors.Tensor) bool { return s.Name == "features.0.1.bias" })
	f.Tensors[i] = safetensors.Float32s("features.0.1.bias", f.Tensors[i].Shape,
		[]float32{0, 1, bad, 2})
	text, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := Import(text, golden(t, "efficientnet"), ""); err == nil ||
		!strings.Contains(err.Error(), "features.0.1.bias holds +Inf in float32") || n.Parameters != nil {
		t.Errorf("an infinite parameter gives %v", err)
	}
	for want, number := range map[string]float32{"holds -1: a variance is 0 or more": -1,
		"holds NaN in float32": float32(math.NaN())} {
		name := "features.0.1.running_var"
		f := file(t, read(t, "efficientnet/torchvision.safetensors"))
		i := slices.IndexFunc(f.Tensors, func(s safetensors.Tensor) bool { return s.Name == name })
		f.Tensors[i] = safetensors.Float32s(name, f.Tensors[i].Shape, []float32{1, 0, number, 2})
		text, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := Import(text, golden(t, "efficientnet"), ""); err == nil ||
			!strings.Contains(err.Error(), name+" "+want) || n.Parameters != nil {
			t.Errorf("a variance of %v gives %v", number, err)
		}
	}
	n := imported(t)
	if n.Mean, n.Deviation = []float32{0, bad, 0}, []float32{1, 1, 1}; n.CheckMoments() == nil {
		t.Error("an infinite mean is taken")
	}
	if n.Mean, n.Deviation = []float32{0, 0, 0}, []float32{1, 1, bad}; n.CheckMoments() == nil {
		t.Error("an infinite deviation is taken")
	}
	pixels := n.Architecture.Pixels
	images := make([]float32, 2*3*pixels*pixels)
	images[len(images)-1] = bad
	if _, err := n.Logits(safetensors.Float32s(ImagesName, []int{2, 3, pixels, pixels}, images),
		1); err == nil || !strings.Contains(err.Error(), "logits of image 1 are not finite") {
		t.Errorf("an infinite pixel gives %v", err)
	}
}

// TestBadMetadata: metadata that do not fit the file are refused before they cost memory.
func TestBadMetadata(t *testing.T) {
	good, err := Network{Architecture: golden(t, "efficientnet"),
		Parameters: imported(t).Parameters}.describe(Torchvision)
	if err != nil {
		t.Fatal(err)
	}
	for want, text := range map[string]string{
		"does not say which network it is":      "",
		`metadata "gridsearch": unexpected EOF`: "{",
		`unknown field "colour"`:                `{"colour":1}`,
		"have version 2, this program knows 1": strings.Replace(good,
			`"schema_version":1`, `"schema_version":2`, 1),
		`names "timn" are not known: did you mean "timm"?`: strings.Replace(good,
			`"torchvision"`, `"timn"`, 1),
		"the pixels must be 1 or more, not -1": strings.Replace(good,
			`"pixels":12`, `"pixels":-1`, 1),
		"describe a network of 10000 blocks, the file has 112 te": strings.Replace(good,
			`"repeats":1`, `"repeats":9994`, 1),
		"features.0.0.weight has shape [4 3 3 3], the network wa": strings.Replace(good,
			`"stem":{"channels":4`, `"stem":{"channels":1000000`, 1),
		"stage 2: the network is too large to be counted: expans": strings.Replace(good,
			`"expansion":4`, `"expansion":4611686018427387904`, 1),
		"mean and deviation have 1 and 0 numbers, the network's": strings.Replace(good, `"names"`,
			`"mean":[1],"names"`, 1),
		"the deviation of channel 2 must be positive and finite,": strings.Replace(good, `"names"`,
			`"mean":[1,1,1],"deviation":[1,1,-1],"names"`, 1),
	} {
		f := file(t, read(t, "efficientnet/torchvision.safetensors"))
		if f.Metadata = map[string]string{metadataKey: text}; text == "" {
			f.Metadata = nil
		}
		encoded, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(encoded); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
