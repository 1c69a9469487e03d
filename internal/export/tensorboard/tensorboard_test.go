package tensorboard

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"gridsearch/internal/export"
	"gridsearch/internal/report/made"
	"gridsearch/internal/study"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestMasked: the checksum of RFC 3720's test vector, masked as TensorFlow's crc32c.h says.
func TestMasked(t *testing.T) {
	const sum = 0x8a9136aa // of 32 zero bytes
	var want uint32 = sum>>15 | sum<<17&math.MaxUint32
	want += 0xa282ead8
	if got := masked(make([]byte, 32)); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
}

// records cuts a file into the data of its records, and checks their checksums.
func records(t *testing.T, file []byte) (list [][]byte) {
	t.Helper()
	for len(file) > 0 {
		if len(file) < 16 {
			t.Fatalf("%d bytes are left behind the last record", len(file))
		}
		n := int(binary.LittleEndian.Uint64(file))
		if masked(file[:8]) != binary.LittleEndian.Uint32(file[8:]) {
			t.Fatal("the checksum of a length is wrong")
		}
		data := file[12 : 12+n]
		if masked(data) != binary.LittleEndian.Uint32(file[12+n:]) {
			t.Fatal("the checksum of a record is wrong")
		}
		list, file = append(list, data), file[16+n:]
	}
	return list
}

// dump is a message as text, a line a field; what reads as messages is taken for those.
func dump(out *bytes.Buffer, message []byte, indent string) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		message = message[n:]
		fmt.Fprintf(out, "%s%d: ", indent, key>>3)
		switch key & 7 {
		case 0:
			v, n := binary.Uvarint(message)
			fmt.Fprintln(out, v)
			message = message[n:]
		case 1:
			fmt.Fprintln(out, math.Float64frombits(binary.LittleEndian.Uint64(message)))
			message = message[8:]
		case 5:
			fmt.Fprintln(out, math.Float32frombits(binary.LittleEndian.Uint32(message)))
			message = message[4:]
		case 2:
			size, n := binary.Uvarint(message)
			value := message[n : n+int(size)]
			message = message[n+int(size):]
			switch {
			case isText(value):
				fmt.Fprintf(out, "%q\n", value)
			case isMessage(value):
				fmt.Fprintln(out)
				dump(out, value, indent+"  ")
			default:
				fmt.Fprintln(out, hex.EncodeToString(value))
			}
		}
	}
}

// isText says whether bytes are printable.
func isText(b []byte) bool {
	return utf8.Valid(b) && strings.IndexFunc(string(b), unicode.IsControl) < 0
}

// isMessage says whether bytes can be read as fields to their end.
func isMessage(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 || key>>3 > 20 {
			return false
		}
		b = b[n:]
		size := map[uint64]int{1: 8, 5: 4}[key&7]
		switch key & 7 {
		case 0, 2:
			v, n := binary.Uvarint(b)
			if n <= 0 || v > math.MaxInt32 {
				return false
			}
			if size = n; key&7 == 2 {
				size += int(v)
			}
		case 1, 5:
		default:
			return false
		}
		if size > len(b) {
			return false
		}
		b = b[size:]
	}
	return true
}

func content(t *testing.T, f export.File) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := f.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// TestGolden: the event files of a study that was trained, as text.
func TestGolden(t *testing.T) {
	s, err := study.Load(made.Recorded(t, "../../.."))
	if err != nil {
		t.Fatal(err)
	}
	all, err := export.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	list := Files(all)
	if len(list) != 8 {
		t.Errorf("%d files, want one of the study and one of each of 7 complete runs", len(list))
	}
	for i, f := range list {
		fmt.Fprintln(&got, f.Name)
		if i > 2 {
			continue // two runs show all that there is
		}
		for _, data := range records(t, content(t, f)) {
			fmt.Fprintln(&got, "  event")
			dump(&got, data, "    ")
		}
	}
	const path = "testdata/events.txt"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s", got.String())
	}
}

func number(v float64) *float64 { return &v }

// TestFolders: a run's folder has a name that every system takes, and no two runs share one; the
// seeds of a trial under one condition share a session group, and nothing else does.
func TestFolders(t *testing.T) {
	long := strings.Repeat("x", 300)
	folders, groups := map[string]bool{}, map[string]int{}
	var all export.Study
	for _, r := range []export.Run{
		{Trial: "d=1 w=1.4 px=16", Stage: "search"}, {Trial: "d=1 w=1.4 px=16", Stage: "search", Seed: 1},
		{Trial: "d=1 w=1.4 px=16", Stage: "confirm", Stream: "confirm", Seed: 1},
		{Trial: "d=1 w=1.4 px=16", Stage: "search", Condition: "epochs=8"},
		{Trial: "../../etc", Stage: "search"}, {Trial: `a\b:c*?"<>|`, Stage: "search"},
		{Trial: "a\x00\nb", Stage: "search"}, {Trial: "花", Stage: "search"},
		{Trial: long, Stage: "search"}, {Trial: "", Stage: ""},
	} {
		r.Key, r.Top1 = fmt.Sprintf("%016x", len(all.Runs)), number(.5)
		all.Runs = append(all.Runs, export.Entry{Run: r})
		groups[group(r)]++
	}
	for _, f := range Files(all)[1:] {
		name, file, _ := strings.Cut(f.Name, "/")
		if folders[name] || len(name) > 150 || strings.ContainsAny(f.Name, "\\:*?\"<>|\x00\n ") ||
			strings.Contains(file, "/") || strings.HasPrefix(name, ".") {
			t.Errorf("%q", f.Name)
		}
		folders[name] = true
	}
	if groups["d=1 w=1.4 px=16"] != 2 || len(groups) != 9 {
		t.Errorf("groups are %v", groups)
	}
}

// TestDomains: texts in order and each once, an empty one by a word; the least and the greatest
// number of those that there are, and nothing where there is none.
func TestDomains(t *testing.T) {
	base := "base"
	runs := []export.Run{{Trial: "b", Control: &base, Width: number(2)},
		{Trial: "b"}, {Trial: "a", Width: number(-1)}, {Trial: "c", Width: number(0)}}
	for name, want := range map[string]string{
		"trial":   "1: \n  3: \"a\"\n1: \n  3: \"b\"\n1: \n  3: \"c\"\n",
		"control": "1: \n  3: \"base\"\n1: \n  3: \"none\"\n",
		"width":   "1: -1\n2: 2\n",
		"depth":   "",
	} {
		i := slices.IndexFunc(hparams, func(h hparam) bool { return h.name == name })
		domain := hparams[i].interval
		if hparams[i].text != nil {
			domain = hparams[i].values
		}
		var got bytes.Buffer
		dump(&got, domain(runs), "")
		if got.String() != want {
			t.Errorf("%s: got\n%swant\n%s", name, got.String(), want)
		}
	}
}

// TestTimes: an event is not before the one in front of it, nor after the run's end.
func TestTimes(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	over, steps := began.Add(10*time.Second), int64(40)
	r := export.Run{Key: "k", Trial: "t", Stage: "search", Top1: number(.5), Steps: &steps,
		EvalSeconds: number(2), Started: &began, Ended: &over}
	e := export.Entry{Run: r, Curve: []export.Epoch{{Epoch: 1, Step: 10}, {Epoch: 2, Step: 40}}}
	var at []float64
	for _, data := range records(t, run(e)) {
		at = append(at, math.Float64frombits(binary.LittleEndian.Uint64(data[1:]))-seconds(began))
	}
	if want := "[0 0 2 8 10 10]"; fmt.Sprint(at) != want {
		t.Errorf("events are at %v, want %s", at, want)
	}
}

// TestFailed: a run that failed is a session that failed, without scalars; runs that have not ended
// have no folder.
func TestFailed(t *testing.T) {
	why := "the loss became NaN"
	list := Files(export.Study{Runs: []export.Entry{{Run: export.Run{Key: "a", Error: &why}},
		{Run: export.Run{Key: "b", State: "waiting"}}}})
	if len(list) != 2 {
		t.Fatalf("%d files", len(list))
	}
	events := records(t, content(t, list[1]))
	var last bytes.Buffer
	dump(&last, events[len(events)-1], "")
	if len(events) != 3 || !strings.Contains(last.String(), endTag) ||
		!strings.Contains(last.String(), "1: 2\n") {
		t.Errorf("%d events, the last\n%s", len(events), last.String())
	}
}
