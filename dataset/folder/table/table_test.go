package table

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// read is what a list says, a line each, or its mistakes.
func read(text string) (string, error) {
	var b strings.Builder
	m := &Mistakes{File: "l.csv"}
	err := Read(context.Background(), strings.NewReader(text), m, func(r Row) {
		fmt.Fprintf(&b, "%d:%d %q %q %d\n", r.Line, r.Column, r.Path, r.Label, r.Part)
	})
	if err == nil {
		err = m.Err()
	}
	return b.String(), err
}

// TestRead: what may be written, and what it says.
func TestRead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"two columns", "path,label\na.png,cat\nb.png,dog\n", `
			2:1 "a.png" "cat" 0
			3:1 "b.png" "dog" 0
			`},
		{"any order, others between", "x,Split, LABEL,id,File\n1,Val,cat,7,a.png\n,,dog,,b.png", `
			2:13 "a.png" "cat" 1
			3:8 "b.png" "dog" 0
			`},
		{"all parts", "image_path,category,subset\na,b,train\na,b,TRAINING\na,b,trn\na,b,val\n" +
			"a,b,Valid\na,b,validation\na,b,dev\na,b,eval\na,b,test\na,b,testing\na,,TST\na,b,\n", `
			2:1 "a" "b" 0
			3:1 "a" "b" 0
			4:1 "a" "b" 0
			5:1 "a" "b" 1
			6:1 "a" "b" 1
			7:1 "a" "b" 1
			8:1 "a" "b" 1
			9:1 "a" "b" 1
			10:1 "a" "b" 2
			11:1 "a" "b" 2
			12:1 "a" "" 2
			13:1 "a" "b" 0
			`},
		{"semicolons", "filename;class;set\na,b.png;x,y;dev", `
			2:1 "a,b.png" "x,y" 1
			`},
		{"tabs", "label\timage\tpart\n\u00e9\u00e9\t a .png \ttest\n", `
			2:5 "a .png" "éé" 2
			`},
		{"byte order mark, carriage returns, empty lines", "\ufeff\r\npath,label\r\n" +
			"\r\n,\r\na,b\r\n", `
			5:1 "a" "b" 0
			`},
		{"quotes", "\"path\",\"label\"\n\"a,\"\"b\"\".png\" , \" c \"\n\"\"\"\",d\n\\\",e\"\n", `
			2:1 "a,\"b\".png" " c " 0
			3:1 "\"" "d" 0
			4:1 "\\\"" "e\"" 0
			`},
		{"the longest line", "path,label\n" + strings.Repeat("a", longestLine-2) + ",b\r\n",
			fmt.Sprintf("2:1 %q \"b\" 0\n", strings.Repeat("a", longestLine-2))},
	} {
		got, err := read(c.text)
		if want := strings.ReplaceAll(strings.TrimLeft(c.want, "\n\t"), "\t", ""); got != want ||
			err != nil {
			t.Errorf("%s: got\n%.999swant\n%.999s%v", c.name, got, want, err)
		}
	}
}

// TestMistakes: where a mistake is, and what it is.
func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"", `"l.csv" is empty: expected are a line path,label`},
		{"\n \n", `"l.csv" is empty`},
		{"\xff\xfep\x00", "is UTF-16: save it as UTF-8"},
		{"a.png,cat\n", `"l.csv":1:1: no column is called path (or file, filename, `},
		{"path\na\n", `"l.csv":1:1: no column is called label (or class, category)`},
		{"path,label,image\n", `"l.csv":1:12: the columns "path" and "image" are both the path`},
		{"path,label\ra,b", `"l.csv":1:11: a line ends in a carriage return alone`},
		{"path,\"label\n", `"l.csv":1:6: the quote that opens here is not closed`},
		{"path,label\na,b\nc", `"l.csv":3:1: the line has fields: 1, the header: 2; quote a field`},
		{"path,label\na,b,c", `"l.csv":2:1: the line has fields: 3, the header: 2;`},
		{"path,label\na,", `"l.csv":2:3: the label is missing`},
		{"path,label\na,d\xf6gs", `"l.csv":2:3: the label "d\xf6gs" is no UTF-8: save the list`},
		{"path,label,part\na,,val", `"l.csv":2:3: the label is missing`},
		{"label,path\n\u00e9,\n", `"l.csv":2:3: the path is missing`},
		{"label,path,set\na,b,tets\n",
			`"l.csv":2:5: no part is called "tets": they are train, val and test`},
		{"label,path,set\na,b,\x1b\u202e\n", `no part is called "\x1b\u202e"`},
		{"path,label\n\"a\"b,c\n", `"l.csv":2:1: text follows the closing quote`},
		{"path,label\n\u00e9,\"\u00e9\n", `"l.csv":2:3: the quote that opens here is not closed`},
		{"path,label\n" + strings.Repeat("a", longestLine-1) + ",b\n",
			`"l.csv":2: the line is longer`},
		{"path,label\n" + strings.Repeat("a", 2*longestLine), `"l.csv":2: the line is longer`},
		{"path,label\n" + strings.Repeat("a\n", 21), "\nand 11 more: there are 21 mistakes"},
	} {
		_, err := read(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.99q: %v, want %s", c.text, err, c.want)
		}
	}
	m := &Mistakes{File: "l.csv"}
	broken := iotest.ErrReader(errors.New("disk"))
	if err := Read(context.Background(), broken, m, nil); err == nil ||
		err.Error() != `"l.csv": disk` {
		t.Error(err)
	}
}

// repeated is a text without end.
type repeated string

func (r repeated) Read(to []byte) (n int, err error) {
	for n+len(r) <= len(to) {
		n += copy(to[n:], r)
	}
	return n, nil
}

// TestBounds: a list without end is not read for ever, and not beyond a cancelled context.
func TestBounds(t *testing.T) {
	endless := func() io.Reader {
		return io.MultiReader(strings.NewReader("path,label\n"),
			repeated(strings.Repeat("\n", 4096)))
	}
	m := &Mistakes{File: "l.csv"}
	err := Read(context.Background(), endless(), m, nil)
	if err == nil || !strings.Contains(err.Error(), "more than 10000000 lines") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	lines := 0
	err = Read(ctx, io.MultiReader(strings.NewReader("path,label\n"), repeated("a,b\n")), m,
		func(Row) {
			if lines++; lines == 1500 {
				cancel(io.ErrClosedPipe)
			}
		})
	if err != io.ErrClosedPipe || lines >= 2500 {
		t.Errorf("%v after %d lines", err, lines)
	}
}

// FuzzCSV: rows are as many as a list has lines at most, in their order, and, where no mistake is
// found, each has a path and the label that it needs; what encoding/csv reads of simple lists is
// the same.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"path,label\na.png,cat\n",
		"\ufefffile;class;split\r\n\"a\";b;val", "image\tcategory\n\"a\"\"b\"\tc\n\n",
		"path,label,set\na,,test\nb,,\n", "path,label\n\"a\nb\",c", "\xff\xfe", "path,label\r",
		"label,path\n x , y \n\",\",\"\"\"\"\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := &Mistakes{File: "l.csv"}
		var rows []Row
		err := Read(context.Background(), strings.NewReader(text), m, func(r Row) {
			rows = append(rows, r)
		})
		last := 1
		for _, r := range rows {
			if r.Path == "" || r.Label == "" && r.Part != Test || r.Line <= last || r.Column < 1 {
				t.Fatalf("%+v", r)
			}
			last = r.Line
		}
		if last > strings.Count(text, "\n")+1 {
			t.Fatalf("line %d", last)
		}
		if err != nil || m.Err() != nil {
			return
		}
		body, ok := strings.CutPrefix(text, "path,label\n")
		if ok && !strings.ContainsAny(body, " \r") {
			compare(t, body, rows)
		}
	})
}

// compare holds rows of two columns, separated by commas, to what encoding/csv reads.
func compare(t *testing.T, body string, rows []Row) {
	reader := csv.NewReader(strings.NewReader(body))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil {
		return // a quote inside a field without quotes, which is read here
	}
	i := 0
	for _, record := range records {
		if strings.Join(record, "") == "" {
			continue
		}
		if i >= len(rows) || rows[i].Path != record[0] || rows[i].Label != record[1] {
			t.Fatalf("%+v: %q", rows, record)
		}
		i++
	}
	if i != len(rows) {
		t.Fatalf("%+v: %q", rows, records)
	}
}
