package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"gridsearch/internal/files"
)

// A checkpoint file is: the magic bytes, the length and text of a JSON header, every tensor as
// little-endian float32 in the order of state.tensors, and the SHA-256 of all that.

const (
	checkpointMagic = "gridsearch checkpoint 2\n"
	earlierMagic    = "gridsearch checkpoint 1\n" // without Made
)

// checkpointHeader is the state of a run except its tensors.
type checkpointHeader struct {
	Job   string `json:"job"`  // identity of the job; a checkpoint of another one is not used
	Made  string `json:"made"` // what computed it, as computer says; likewise
	Step  int    `json:"step"`
	Curve Curve  `json:"curve"`
	Sums  sums   `json:"sums"`

	// names of the optimiser's tensors; earlier checkpoints have none
	State []string `json:"state,omitempty"`
}

// save writes the checkpoint to a new file and renames it over the old one, so that a crash leaves
// one of them complete.
func (s *state) save(path string) error {
	header, err := json.Marshal(checkpointHeader{s.job.identity(), computer(), s.step, s.curve,
		s.sums, s.optimizer.rule.names()})
	if err != nil {
		return err
	}
	return files.Replace(path, s.encode(header))
}

// encode is the content of a checkpoint.
func (s *state) encode(header []byte) []byte {
	text := bytes.NewBufferString(checkpointMagic)
	_ = binary.Write(text, binary.LittleEndian, uint32(len(header))) // a buffer takes every write
	text.Write(header)
	for _, t := range s.tensors() {
		_ = binary.Write(text, binary.LittleEndian, t)
	}
	sum := sha256.Sum256(text.Bytes())
	text.Write(sum[:])
	return text.Bytes()
}

// load continues from a checkpoint. If the file is damaged or belongs to another job, it returns an
// error and changes nothing.
func (s *state) load(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := s.decode(text); err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return nil
}

// decode is load with the content of the file.
func (s *state) decode(text []byte) error {
	if bytes.HasPrefix(text, []byte(earlierMagic)) {
		return errors.New("was written by an earlier version, which does not say with which kernels")
	}
	body := len(text) - sha256.Size
	if body < len(checkpointMagic)+4 || string(text[:len(checkpointMagic)]) != checkpointMagic {
		return errors.New("is not a checkpoint")
	}
	if sum := sha256.Sum256(text[:body]); !bytes.Equal(sum[:], text[body:]) {
		return errors.New("is damaged: its checksum is wrong")
	}
	rest := text[len(checkpointMagic):body]
	length := int(binary.LittleEndian.Uint32(rest))
	var header checkpointHeader
	if length > len(rest)-4 || json.Unmarshal(rest[4:4+length], &header) != nil {
		return errors.New("has no readable header")
	}
	if header.Job != s.job.identity() {
		return errors.New("belongs to another training")
	}
	if here := computer(); header.Made != here {
		return fmt.Errorf("was written with %s, this is %s, and no run is trained by both",
			header.Made, here)
	}
	if names := s.optimizer.rule.names(); header.State != nil && !slices.Equal(header.State, names) {
		return fmt.Errorf("has the optimiser's tensors %s, this program's have the names %s",
			strings.Join(header.State, ", "), strings.Join(names, ", "))
	}
	return s.take(header, rest[4+length:])
}

func (s *state) take(header checkpointHeader, data []byte) error {
	size := 0
	for _, t := range s.tensors() {
		size += 4 * len(t)
	}
	if size != len(data) {
		return fmt.Errorf("holds %d bytes of tensors, this training has %d", len(data), size)
	}
	if err := s.follows(header); err != nil {
		return fmt.Errorf("is no place of this training: %w", err)
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

// follows reports what a header says that no step of this training can have left: a checksum finds
// changes, not a file that was written wrong.
func (s *state) follows(h checkpointHeader) error {
	switch {
	case h.Step < 0 || h.Step > s.steps:
		return fmt.Errorf("it is after step %d of %d", h.Step, s.steps)
	case len(h.Curve) != h.Step/s.perEpoch:
		return fmt.Errorf("its curve has %d points after step %d, with %d steps an epoch",
			len(h.Curve), h.Step, s.perEpoch)
	case h.Sums.Steps != h.Step%s.perEpoch || h.Sums.Right < 0 ||
		h.Sums.Right > h.Sums.Steps*s.job.Recipe.BatchSize || diverged(h.Sums.Loss):
		return fmt.Errorf("it sums %d steps of its epoch, with %d images right, after step %d",
			h.Sums.Steps, h.Sums.Right, h.Step)
	}
	for i, p := range h.Curve {
		if p.Epoch != i+1 || p.Step != (i+1)*s.perEpoch || diverged(p.Loss) ||
			!(p.Top1 >= 0 && p.Top1 <= 1) {
			return fmt.Errorf("point %d of its curve is %+v", i+1, p)
		}
	}
	return nil
}

// tensors lists everything that training changes, in a fixed order.
func (s *state) tensors() [][]float32 {
	list := s.optimizer.tensors()
	all := s.params.List
	stats := s.params.Statistics
	if s.average != nil {
		all, stats = append(all[:len(all):len(all)], s.average.to.List...),
			append(stats[:len(stats):len(stats)], s.average.to.Statistics...)
	}
	for _, p := range all {
		list = append(list, p.Value)
	}
	for _, st := range stats {
		list = append(list, st.Mean, st.Variance)
	}
	return list
}
