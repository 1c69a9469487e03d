package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"

	"gridsearch/internal/files"
)

// A checkpoint file is: the magic bytes, the length and text of a JSON header, every tensor as little-endian float32 in the order of state.tensors,
// and the SHA-256 of all that.

const (
	checkpointMagic = "gridsearch checkpoint 2\n"
	earlierMagic    = "gridsearch checkpoint 1\n" // without Made
)

// checkpointHeader is the part of a run's state that is no tensor.
type checkpointHeader struct {
	Job   string `json:"job"`  // identity of the job; a checkpoint of another one is not used
	Made  string `json:"made"` // what computed it, as computer says; likewise
	Step  int    `json:"step"`
	Curve Curve  `json:"curve"`
	Sums  sums   `json:"sums"`
}

// save writes the checkpoint beside the old one and then in its place: a kill leaves one of them whole.
func (s *state) save(path string) error {
	header, err := json.Marshal(checkpointHeader{s.job.identity(), computer(), s.step, s.curve, s.sums})
	if err != nil {
		return err
	}
	text := bytes.NewBufferString(checkpointMagic)
	_ = binary.Write(text, binary.LittleEndian, uint32(len(header))) // a buffer takes every write
	text.Write(header)
	for _, t := range s.tensors() {
		_ = binary.Write(text, binary.LittleEndian, t)
	}
	sum := sha256.Sum256(text.Bytes())
	text.Write(sum[:])
	return files.Replace(path, text.Bytes())
}

// load continues from a checkpoint. It changes nothing and returns an error if the file is torn or of another job.
func (s *state) load(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(text, []byte(earlierMagic)) {
		return fmt.Errorf("%s was written by an earlier version, which does not say with which "+
			"kernels", path)
	}
	body := len(text) - sha256.Size
	if body < len(checkpointMagic)+4 || string(text[:len(checkpointMagic)]) != checkpointMagic {
		return fmt.Errorf("%s is not a checkpoint", path)
	}
	if sum := sha256.Sum256(text[:body]); !bytes.Equal(sum[:], text[body:]) {
		return fmt.Errorf("%s is damaged: its checksum is wrong", path)
	}
	rest := text[len(checkpointMagic):body]
	length := int(binary.LittleEndian.Uint32(rest))
	var header checkpointHeader
	if length > len(rest)-4 || json.Unmarshal(rest[4:4+length], &header) != nil {
		return fmt.Errorf("%s has no readable header", path)
	}
	if header.Job != s.job.identity() {
		return fmt.Errorf("%s belongs to another training", path)
	}
	if here := computer(); header.Made != here {
		return fmt.Errorf("%s was written with %s, this is %s, and no run is trained by both",
			path, header.Made, here)
	}
	return s.take(header, rest[4+length:], path)
}

func (s *state) take(header checkpointHeader, data []byte, path string) error {
	size := 0
	for _, t := range s.tensors() {
		size += 4 * len(t)
	}
	if size != len(data) {
		return fmt.Errorf("%s holds %d bytes of tensors, this training has %d", path, len(data), size)
	}
	reader := bytes.NewReader(data)
	for _, t := range s.tensors() {
		if err := binary.Read(reader, binary.LittleEndian, t); err != nil {
			return err
		}
	}
	s.step, s.curve, s.sums = header.Step, header.Curve, header.Sums
	return nil
}

// tensors lists everything that training changes, in a fixed order.
func (s *state) tensors() [][]float32 {
	list := append(append([][]float32{}, s.optimizer.velocity...), s.optimizer.square...)
	all := s.params.List
	stats := s.params.Statistics
	if s.average != nil {
		all, stats = append(all[:len(all):len(all)], s.average.to.List...), append(stats[:len(stats):len(stats)], s.average.to.Statistics...)
	}
	for _, p := range all {
		list = append(list, p.Value)
	}
	for _, st := range stats {
		list = append(list, st.Mean, st.Variance)
	}
	return list
}
