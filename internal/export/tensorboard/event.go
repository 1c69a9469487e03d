// Package tensorboard writes the runs of a study as event files, which TensorBoard reads: a folder
// a run with its curve and scores as scalars, and what the HParams tab needs.
//
// An event file is a sequence of TFRecords, each a protocol-buffer message Event. The numbers of the
// fields are those of event.proto, summary.proto and of hparams' api.proto and plugin_data.proto,
// which only ever add to them.
package tensorboard

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"gridsearch/internal/protobuf"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is the checksum of a TFRecord: CRC-32C, rotated and moved, so that a checksum over data
// that holds checksums stays a good one.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// appendRecord appends a TFRecord: length, its checksum, data, their checksum.
func appendRecord(file, data []byte) []byte {
	begin := len(file)
	file = binary.LittleEndian.AppendUint64(file, uint64(len(data)))
	file = binary.LittleEndian.AppendUint32(file, masked(file[begin:]))
	file = append(file, data...)
	return binary.LittleEndian.AppendUint32(file, masked(data))
}

// events is an event file while it is written.
type events []byte

// newEvents begins a file with its version.
func newEvents(at time.Time) events {
	e := event(at, 0)
	e.Text(3, "brain.Event:2")
	return appendRecord(nil, e)
}

// event is the beginning of an Event: its wall time and step.
func event(at time.Time, step int64) (e protobuf.Message) {
	e.Float64(1, seconds(at))
	e.Int(2, int(step))
	return e
}

// seconds is a time as seconds since 1970.
func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }

// summary appends an Event with values of a Summary.
func (f *events) summary(at time.Time, step int64, values ...protobuf.Message) {
	var s protobuf.Message
	for _, v := range values {
		s.Bytes(1, v)
	}
	e := event(at, step)
	e.Bytes(5, s)
	*f = appendRecord(*f, e)
}

// scalar is a Summary.Value of one number, in the form that every reader knows.
func scalar(tag string, value float64) (v protobuf.Message) {
	v.Text(1, tag)
	v.Float32(2, float32(value))
	return v
}
