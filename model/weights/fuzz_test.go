package weights

import (
	"testing"

	"gridsearch/internal/safetensors"
)

// FuzzMetadata: whatever the metadata of a file say, it is read whole or refused.
func FuzzMetadata(f *testing.F) {
	good, err := imported(f).describe(Torchvision)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(`{"schema_version":1,"names":"timm","architecture":{"Stages":[{"block":"mbconv","expansion":4611686018427387904}]}}`)
	f.Add("null")
	tensors := file(f, read(f, "efficientnet/torchvision.safetensors")).Tensors
	f.Fuzz(func(t *testing.T, said string) {
		text, err := safetensors.File{Metadata: map[string]string{metadataKey: said},
			Tensors: tensors}.Encode()
		if err != nil {
			return
		}
		n, err := Decode(text)
		if err == nil && (n.Parameters == nil || n.CheckMoments() != nil) {
			t.Errorf("%q gives a network without parameters", said)
		}
	})
}
