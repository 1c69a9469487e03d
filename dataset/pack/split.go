package pack

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"gridsearch/internal/files"
	"gridsearch/internal/safetensors"
)

// Split is which images a study trains and validates on.
type Split struct {
	Train, Validation               string  // IDs of packs, possibly one
	TrainIndices, ValidationIndices []int32 // of images in these
	Checksum                        string  // as Sum gives it
}

// Sum is the checksum of a split's content in hexadecimal digits: SHA-256 over number, size and
// channels of the training images, over digest and label of each, and over the same of the
// validation images. Neither the packs' names nor the places of images in them are in it. It panics
// where a pack lacks an image.
func (s Split) Sum(train, validation *Pack) string {
	hash := sha256.New()
	for _, part := range s.parts(train, validation) {
		var text []byte
		for _, v := range []int{len(part.indices), part.pack.Pixels, part.pack.Channels} {
			text = binary.LittleEndian.AppendUint64(text, uint64(v))
		}
		for _, i := range part.indices {
			text = append(text, part.pack.Digests[i][:]...)
			text = binary.LittleEndian.AppendUint32(text, uint32(part.pack.Labels[i]))
		}
		hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// part is one of the two parts of a split.
type part struct {
	pack    *Pack
	indices []int32
}

func (s Split) parts(train, validation *Pack) [2]part {
	return [2]part{{train, s.TrainIndices}, {validation, s.ValidationIndices}}
}

// encode writes the file: a safetensors file with the tensors train and validation, int32. As in
// packs, the index in its metadata is the SHA-256 of the file with zeros in the index's place.
func (s Split) encode() ([]byte, error) {
	if err := cmp.Or(checkName(s.Train), checkName(s.Validation)); err != nil {
		return nil, err
	}
	text, err := s.withIndex(noSum)
	if err != nil {
		return nil, err
	}
	return s.withIndex(fmt.Sprintf("%x", sha256.Sum256(text)))
}

func (s Split) withIndex(index string) ([]byte, error) {
	return safetensors.File{
		Metadata: map[string]string{"version": version, "train": s.Train,
			"validation": s.Validation, "checksum": s.Checksum, "index": index},
		Tensors: []safetensors.Tensor{
			safetensors.Int32s("train", []int{len(s.TrainIndices)}, s.TrainIndices),
			safetensors.Int32s("validation", []int{len(s.ValidationIndices)}, s.ValidationIndices),
		}}.Encode()
}

// SaveSplit writes DIR/CHECKSUM.split. Unusable tells the errors of a folder that cannot be
// written.
func SaveSplit(dir string, s Split) error {
	path, err := place(dir, s.Checksum, splitEnd)
	if err != nil {
		return err
	}
	text, err := s.encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files.Clean(dir)
	return files.Replace(path, text)
}

// OpenSplit reads a split and opens its packs, which are one and the same *Pack where they have one
// ID. It proves that checksum is the Sum of what it returns. The error is fs.ErrNotExist where the
// split or a pack is not there, and a *Damaged, with its path, where one is not what was written.
func OpenSplit(dir, checksum string) (s Split, train, validation *Pack, err error) {
	path, err := place(dir, checksum, splitEnd)
	if err != nil {
		return s, nil, nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return s, nil, nil, err
	}
	if s, err = decodeSplit(text, checksum); err != nil {
		return s, nil, nil, &Damaged{path, err}
	}
	if train, err = Open(dir, s.Train); err != nil {
		return s, nil, nil, err
	}
	validation = train
	if s.Validation != s.Train {
		if validation, err = Open(dir, s.Validation); err != nil {
			train.Close()
			return s, nil, nil, err
		}
	}
	if err := s.verify(train, validation); err != nil {
		train.Close()
		validation.Close()
		return s, nil, nil, &Damaged{path, err}
	}
	return s, train, validation, nil
}

// decodeSplit reads the text of a split whose packs are not known yet.
func decodeSplit(text []byte, checksum string) (s Split, err error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return s, err
	}
	s = Split{Train: file.Metadata["train"], Validation: file.Metadata["validation"],
		Checksum: file.Metadata["checksum"]}
	if s.Checksum != checksum {
		return s, fmt.Errorf("it is split %.80q under another's name", s.Checksum)
	}
	for name, indices := range map[string]*[]int32{"train": &s.TrainIndices,
		"validation": &s.ValidationIndices} {
		tensor, err := file.Tensor(name)
		if err == nil {
			*indices, err = tensor.Int32s()
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
	}
	again, err := s.encode()
	if err == nil && !bytes.Equal(again, text) {
		err = errors.New("it does not match its SHA-256")
	}
	return s, err
}

// verify proves that the checksum is that of the images.
func (s Split) verify(train, validation *Pack) error {
	for _, part := range s.parts(train, validation) {
		for place, i := range part.indices {
			if i < 0 || int(i) >= part.pack.N {
				return fmt.Errorf("index %d is %d, pack %s has %d images", place, i, part.pack.ID,
					part.pack.N)
			}
		}
	}
	if sum := s.Sum(train, validation); sum != s.Checksum {
		return fmt.Errorf("the images that it names have the checksum %s", sum)
	}
	return nil
}
