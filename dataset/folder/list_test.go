package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t testing.TB, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLists: what a list says.
func TestLists(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "data")
	draw(t, base, "data/a/1.png", "data/a/2.png", "data/b/1.png", "data/.b/x", "data/e\u0301.png",
		"data/\u00e8.png", "other/3.png")
	for _, c := range []struct{ name, file, text, want string }{
		{"all columns", "list.csv", "path,label,split\na/1.png,cat,train\na/2.png,dog,TRN\n" +
			"b/1.png,cat,val\n./.b/x,,test\n", `
			listed by list.csv
			["cat" "dog"]
			train a/1.png=0 a/2.png=1
			val b/1.png=0
			test .b/x=-1
			`},
		{"in a folder", "a/list.csv", "class;file\ncat;1.png\ndog;..\\b\\1.png\n" +
			"owl;../../other/3.png", `
			listed by a/list.csv
			["cat" "dog" "owl"]
			train a/1.png=0 b/1.png=1 ../other/3.png=2
			`},
		{"absolute paths", "list.csv", "label,path\ncat," + root + "/a/../a/1.png\ndog," + base +
			"/other/3.png\n", `
			listed by list.csv
			["cat" "dog"]
			train a/1.png=0 ` + filepath.ToSlash(base) + `/other/3.png=1
			`},
		{"accents", "list.csv", "path,label\n\u00e9.png,\u00e9\ne\u0300.png,e\u0301\n", `
			listed by list.csv
			["` + "\u00e9" + `"]
			train e` + "\u0301" + `.png=0 ` + "\u00e8" + `.png=0
			`},
		{"classes without training images", "list.csv", "path,label,split\na/1.png,cat,\n" +
			"a/2.png,owl,val\nb/1.png,owl,test", `
			listed by list.csv
			["cat"]
			train a/1.png=0
			test b/1.png=-1
			2 class without training images: a/2.png b/1.png
			`},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, root, c.file, c.text)
			l, err := list(root, c.file)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := shown(l), lines(c.want); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for _, f := range append(append(l.Train, l.Validation...), l.Test...) {
				file, err := l.Open(f)
				if err != nil {
					t.Fatal(err)
				}
				file.Close()
			}
		})
	}
}

// TestListPlaces: a list may be the root itself, lie outside it, and the root be a link.
func TestListPlaces(t *testing.T) {
	base := t.TempDir()
	draw(t, base, "data/deep/a/1.png", "data/2.png", "linked -> data/deep")
	write(t, base, "data/deep/List.CSV", "path,label\na/1.png,cat\n../2.png,dog\n")
	whole := filepath.Join(base, "data", "deep", "List.CSV")
	for _, c := range []struct{ root, list, atRoot, first, last string }{
		{whole, "", "data/deep", "a/1.png", "../2.png"},
		{filepath.Join(base, "data"), "deep/List.CSV", "data", "deep/a/1.png", "2.png"},
		{filepath.Join(base, "data"), whole, "data", "deep/a/1.png", "2.png"},
		{filepath.Join(base, "linked"), "List.CSV", "linked", "a/1.png", "../2.png"},
		{filepath.Join(base, "data", "deep", "a"), whole, "data/deep/a",
			filepath.ToSlash(base) + "/data/deep/a/1.png", filepath.ToSlash(base) + "/data/2.png"},
	} {
		l, err := list(c.root, c.list)
		if err != nil {
			t.Errorf("%s: %v", c.root, err)
			continue
		}
		if l.Root != filepath.Join(base, filepath.FromSlash(c.atRoot)) ||
			l.Train[0].Path != c.first || l.Train[1].Path != c.last {
			t.Errorf("%s, %s: %s: %v", c.root, c.list, l.Root, l.Train)
		}
		if file, err := l.Open(l.Train[1]); err != nil {
			t.Error(err)
		} else {
			file.Close()
		}
	}
}

// TestListErrors: files that are missing, or named twice, are said with their lines.
func TestListErrors(t *testing.T) {
	root := t.TempDir()
	draw(t, root, "a/1.png", "2.png", "3.png", "4.heic")
	many := "path,label\n" + strings.Repeat("none.png,cat\n", 22)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"missing", "label,path\ncat,2.png\n\ncat, none.png\ndog,x\x1b.png", []string{
			`list.csv":4:6: `, `none.png": `, `list.csv":5:5: `, `x\x1b.png": `}},
		{"many missing", many, []string{`list.csv":11:1: `, "and 12 more: there are 22 mistakes"}},
		{"a folder", "path,label\na,cat", []string{":2:1: ", "not a regular file"}},
		{"twice", "path,label\n2.png,cat\n3.png,cat\n./2.png,dog", []string{":4:1: ",
			`"2.png" is on line 2 already`}},
		{"another format", "path,label\n4.heic,cat", []string{":2:1: ", `"4.heic": HEIC: convert`}},
		{"no training image", "path,label,split\n2.png,cat,val", []string{
			"lists no training image"}},
		{"a mistake", "path,label\n2.png,", []string{":2:7: ", "label is missing"}},
		{"no header", "2.png,cat", []string{":1:1: no column is called path"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, root, "list.csv", c.text)
			l, err := list(root, "list.csv")
			if err == nil {
				t.Fatalf("no error: %s", shown(l))
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %s in: %v", want, err)
				}
			}
			if strings.Count(err.Error(), "\n") > 10 {
				t.Errorf("too long: %v", err)
			}
		})
	}
	if _, err := list(root, "none.csv"); err == nil || !strings.Contains(err.Error(), "none.csv") {
		t.Error(err)
	}
}
