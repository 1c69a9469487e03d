package predictions

import (
	"bytes"
	"reflect"
	"testing"

	"gridsearch/search/images"
)

// TestEncode: a file survives one class and many, labels at both ends.
func TestEncode(t *testing.T) {
	for _, classes := range []int{1, 2, 300} {
		p := File{Key: "k", Trial: "d=1 <w>", Seed: 3, Names: make([]string, classes)}
		p.Predictions = images.Predictions{Labels: []int32{0, int32(classes - 1)},
			Logits: make([]float32, 2*classes), Classes: classes}
		p.Logits[0] = -1.5
		text, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(text); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%d classes: %+v (%v), want %+v", classes, got, err, p)
		}
	}
}

// FuzzDecode: nothing that a file holds ends the program, and what is read is written back as it
// was.
func FuzzDecode(f *testing.F) {
	for _, classes := range []int{1, 3} {
		p := File{Key: "k", Names: make([]string, classes)}
		p.Predictions = images.Predictions{Labels: []int32{0}, Logits: make([]float32, classes),
			Classes: classes}
		text, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)-4])
		f.Add(bytes.Replace(text, []byte(`"shape":[1]`), []byte(`"shape":[0]`), 1))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Decode(text)
		if err != nil {
			return
		}
		again, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(again); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v is read as %+v (%v)", p, got, err)
		}
	})
}
