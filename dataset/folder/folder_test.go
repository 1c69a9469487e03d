package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// isImage stands for the image formats that are read.
func isImage(name string) bool {
	return slices.Contains([]string{".jpg", ".png"}, strings.ToLower(filepath.Ext(name)))
}

// advice stands for what is known of other formats.
func advice(name string) string {
	if strings.EqualFold(filepath.Ext(name), ".heic") {
		return "HEIC: convert it to JPEG"
	}
	return ""
}

// draw makes files, folders (whose names end in a slash) and links ("place -> target") in a folder.
func draw(t testing.TB, root string, things ...string) {
	t.Helper()
	for _, thing := range things {
		thing, target, link := strings.Cut(thing, " -> ")
		path := filepath.Join(root, thing)
		folder := filepath.Dir(path)
		if strings.HasSuffix(thing, "/") {
			folder = path
		}
		err := os.MkdirAll(folder, 0o755)
		switch {
		case err != nil || folder == path:
		case link:
			if err = os.Symlink(target, path); err != nil && runtime.GOOS == "windows" {
				t.Skip(err)
			}
		default:
			err = os.WriteFile(path, nil, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// shown is a listing as text: layout, classes, files with their classes by part, what is left out.
func shown(l *Listing) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%q\n", l.Layout, l.Classes)
	for _, note := range l.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	for i, part := range [][]File{l.Train, l.Validation, l.Test} {
		if len(part) == 0 {
			continue
		}
		b.WriteString([]string{"train", "val", "test"}[i])
		for _, f := range part {
			fmt.Fprintf(&b, " %s=%d", f.Path, f.Class)
		}
		b.WriteByte('\n')
	}
	for _, s := range l.Skipped {
		fmt.Fprintf(&b, "%d %s: %s\n", s.Count, s.Reason, strings.Join(s.Examples, " "))
	}
	return b.String()
}

func list(root, list string) (*Listing, error) {
	return List(context.Background(), root, Options{List: list, IsImage: isImage, Advice: advice})
}

// lines are the lines of a text, without the tabs before them.
func lines(text string) string {
	return strings.ReplaceAll(strings.TrimLeft(text, "\n\t"), "\t", "")
}

// trainingPart is the end of a note on classes with the names of parts.
const trainingPart = "a training part holds a folder for each class"

// TestFolders: what is read from folders.
func TestFolders(t *testing.T) {
	for _, c := range []struct {
		name   string
		things string
		want   string
	}{
		{"classes", "dog/b.png dog/a.PNG cat/x/y.jpg cat/x.jpg cat/y.jpg", `
			a folder for each class
			["cat" "dog"]
			train cat/x.jpg=0 cat/x/y.jpg=0 cat/y.jpg=0 dog/a.PNG=1 dog/b.png=1
			`},
		{"one class", "cat/a.png", `
			a folder for each class
			["cat"]
			train cat/a.png=0
			`},
		{"one class with folders in it", "cat/a.png cat/x/b.png cat/y/c.png", `
			a folder for each class
			["cat"]
			train cat/a.png=0 cat/x/b.png=0 cat/y/c.png=0
			`},
		{"parts", "TRAIN/cat/1.png TRAIN/dog/2.png Valid/dog/3.png tst/cat/4.png", `
			parts TRAIN, Valid and tst, a folder for each class
			["cat" "dog"]
			train TRAIN/cat/1.png=0 TRAIN/dog/2.png=1
			val Valid/dog/3.png=1
			test tst/cat/4.png=0
			`},
		{"other names", "trn/cat/1.png trn/dog/2.png dev/dog/3.png Testing/cat/4.png", `
			parts trn, dev and Testing, a folder for each class
			["cat" "dog"]
			train trn/cat/1.png=0 trn/dog/2.png=1
			val dev/dog/3.png=1
			test Testing/cat/4.png=0
			`},
		{"training part alone", "training/cat/1.png training/dog/2.png", `
			part training, a folder for each class
			["cat" "dog"]
			train training/cat/1.png=0 training/dog/2.png=1
			`},
		{"empty parts", "train/cat/1.png train/dog/2.png val/cat/ test/ validation/x.txt", `
			part train, a folder for each class
			["cat" "dog"]
			train train/cat/1.png=0 train/dog/2.png=1
			1 no image by its name: validation/x.txt
			`},
		{"an empty second training part", "train/cat/1.png train/dog/2.png Training/", `
			part train, a folder for each class
			["cat" "dog"]
			train train/cat/1.png=0 train/dog/2.png=1
			`},
		{"one class in the training part", "train/cat/1.png eval/cat/2.png", `
			parts train and eval, a folder for each class
			["cat"]
			train train/cat/1.png=0
			val eval/cat/2.png=0
			`},
		{"a class with the name of a part", "train/test/1.png", `
			part train, a folder for each class
			["test"]
			train train/test/1.png=0
			`},
		{"stray images", "a.png docs/b.png train/c.png train/cat/1.png train/dog/2.png val/d.png", `
			parts train and val, a folder for each class
			["cat" "dog"]
			train train/cat/1.png=0 train/dog/2.png=1
			2 images outside the parts: a.png docs/b.png
			2 images outside the folders of the classes: train/c.png val/d.png
			`},
		{"stray images beside classes", "a.png b.png c.png d.png cat/1.png dog/2.png", `
			a folder for each class
			["cat" "dog"]
			train cat/1.png=0 dog/2.png=1
			4 images outside the folders of the classes: a.png b.png c.png
			`},
		{"vehicles", "bus/1.png car/1.png train/1.png test/1.png", `
			a folder for each class
			["bus" "car" "test" "train"]
			note: taken for classes, not for parts: "test", "train"; ` + trainingPart + `
			train bus/1.png=0 car/1.png=1 test/1.png=2 train/1.png=3
			`},
		{"vehicles with one deeper folder", "bus/1.png train/1.png train/night/2.png", `
			a folder for each class
			["bus" "train"]
			note: taken for classes, not for parts: "train"; ` + trainingPart + `
			train bus/1.png=0 train/1.png=1 train/night/2.png=1
			`},
		{"parts with another word", "training_set/training_set/a/1.png training_set/training_set/b/2.png " +
			"test_set/test_set/a/3.png", `
			parts training_set/training_set and test_set/test_set, a folder for each class
			["a" "b"]
			train training_set/training_set/a/1.png=0 training_set/training_set/b/2.png=1
			test test_set/test_set/a/3.png=0
			`},
		{"parts with another word beside others", "seg_train/a/1.png seg_train/b/2.png " +
			"seg_test/a/3.png seg_pred/4.png x_test/a/5.png", `
			parts seg_train and seg_test, a folder for each class
			["a" "b"]
			train seg_train/a/1.png=0 seg_train/b/2.png=1
			test seg_test/a/3.png=0
			2 images outside the parts: seg_pred/4.png x_test/a/5.png
			`},
		{"a test part with another word and without labels", "Train-Images/a/1.png " +
			"Train-Images/b/2.png Test-Images/3.png", `
			parts Train-Images and Test-Images, a folder for each class
			["a" "b"]
			train Train-Images/a/1.png=0 Train-Images/b/2.png=1
			test Test-Images/3.png=-1
			`},
		{"classes with words for parts", "freight_train/day/1.png freight_train/night/2.png " +
			"test_tube/1.png steam_train/1.png", `
			a folder for each class
			["freight_train" "steam_train" "test_tube"]
			train freight_train/day/1.png=0 freight_train/night/2.png=0 steam_train/1.png=1 ` +
			`test_tube/1.png=2
			`},
		{"parts with another word, and without classes", "train_images/1.png test_images/2.png", `
			a folder for each class
			["test_images" "train_images"]
			note: taken for classes, not for parts: "test_images", "train_images"; ` +
			trainingPart + `
			train test_images/2.png=0 train_images/1.png=1
			`},
		{"a training part with images beside two classes", "x/1.png train/1.png train/a/2.png " +
			"train/b/2.png", `
			part train, a folder for each class
			["a" "b"]
			train train/a/2.png=0 train/b/2.png=1
			1 images outside the parts: x/1.png
			1 images outside the folders of the classes: train/1.png
			`},
		{"wrapped once", "readme.txt archive/train/a/1.png archive/train/b/2.png " +
			"archive/test/a/3.png", `
			in archive: parts train and test, a folder for each class
			["a" "b"]
			train archive/train/a/1.png=0 archive/train/b/2.png=1
			test archive/test/a/3.png=0
			1 no image by its name: readme.txt
			`},
		{"wrapped three times", "x.png a/__MACOSX/x a/b/c/cat/1.png a/b/c/dog/2.png", `
			in a/b/c: a folder for each class
			["cat" "dog"]
			train a/b/c/cat/1.png=0 a/b/c/dog/2.png=1
			1 macOS metadata (._*, __MACOSX): a/__MACOSX
			1 images outside the folders of the classes: x.png
			`},
		{"wrapped four times", "a/b/c/d/cat/1.png a/b/c/d/dog/2.png", `
			a folder for each class
			["a"]
			train a/b/c/d/cat/1.png=0 a/b/c/d/dog/2.png=0
			`},
		{"one class with an empty folder in it", "a/b/1.png a/c/", `
			a folder for each class
			["a"]
			train a/b/1.png=0
			`},
		{"deep in one class", "a/b/1.png", `
			a folder for each class
			["a"]
			train a/b/1.png=0
			`},
		{"one class and its parts by name", "cat/a.png cat/test/b.png", `
			a folder for each class
			["cat"]
			train cat/a.png=0 cat/test/b.png=0
			`},
		{"parts in folders of their names", "train/train/a/1.png train/train/b/2.png " +
			"test/test/3.png", `
			parts train/train and test/test, a folder for each class
			["a" "b"]
			train train/train/a/1.png=0 train/train/b/2.png=1
			test test/test/3.png=-1
			`},
		{"test part without labels", "train/a/1.png train/b/2.png test/3.png", `
			parts train and test, a folder for each class
			["a" "b"]
			train train/a/1.png=0 train/b/2.png=1
			test test/3.png=-1
			`},
		{"test part of one unknown folder", "train/a/1.png train/b/2.png test/Unknown/3.png", `
			parts train and test, a folder for each class
			["a" "b"]
			train train/a/1.png=0 train/b/2.png=1
			test test/Unknown/3.png=-1
			`},
		{"test part of a class called images", "train/a/1.png train/images/2.png " +
			"test/images/3.png", `
			parts train and test, a folder for each class
			["a" "images"]
			train train/a/1.png=0 train/images/2.png=1
			test test/images/3.png=1
			`},
		{"classes without training images", "train/a/1.png train/b/2.png test/c/3.png " +
			"test/a/4.png test/unknown/5.png val/c/6.png", `
			parts train, val and test, a folder for each class
			["a" "b"]
			train train/a/1.png=0 train/b/2.png=1
			test test/c/3.png=-1 test/unknown/5.png=-1 test/a/4.png=0
			3 class without training images: val/c/6.png test/c/3.png test/unknown/5.png
			`},
		{"foreign entries", "cat/1.png dog/2.png cat/._1.png .git/x.png " +
			"cat/.ipynb_checkpoints/1.png cat/@eaDir/1.png dog/Thumbs.db DESKTOP.INI " +
			"#recycle/1.png $RECYCLE.BIN/2.png lost+found/ dog/.DS_Store __MACOSX/cat/._1.png cat/x/.y.png", `
			a folder for each class
			["cat" "dog"]
			train cat/1.png=0 dog/2.png=1
			4 hidden: .git cat/.ipynb_checkpoints cat/x/.y.png
			2 macOS metadata (._*, __MACOSX): __MACOSX cat/._1.png
			2 thumbnails (@eaDir, Thumbs.db): cat/@eaDir dog/Thumbs.db
			4 files of a system or a tool (desktop.ini, $RECYCLE.BIN, ...): ` +
			`#recycle $RECYCLE.BIN DESKTOP.INI
			`},
		{"other files", "cat/1.png dog/2.png cat/a.HEIC cat/b.heic cat/png dog/x.png.txt", `
			a folder for each class
			["cat" "dog"]
			train cat/1.png=0 dog/2.png=1
			2 no image by its name: cat/png dog/x.png.txt
			2 HEIC: convert it to JPEG: cat/a.HEIC cat/b.heic
			`},
		{"accents in two forms", "train/caf\u00e9/1.png train/cafe\u0301/2.png train/a/3.png " +
			"val/cafe\u0301/4.png", `
			parts train and val, a folder for each class
			["a" "caf` + "\u00e9" + `"]
			train train/a/3.png=0 train/cafe` + "\u0301" + `/2.png=1 ` +
			"train/caf\u00e9/1.png=1" + `
			val val/cafe` + "\u0301" + `/4.png=1
			`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "darwin" && strings.Contains(c.things, "\u0301") {
				t.Skip("names in two forms are one")
			}
			root := t.TempDir()
			draw(t, root, strings.Fields(c.things)...)
			l, err := list(root, "")
			if err != nil {
				t.Fatal(err)
			}
			if got, want := shown(l), lines(c.want); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestFolderErrors: what is wrong with folders is said with names.
func TestFolderErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		things string
		want   []string
	}{
		{"nothing", "", []string{"holds no image", "train/CLASS/*.jpg"}},
		{"no image", "cat/.a.png cat/x.heic", []string{"holds no image",
			"(left out: 1 hidden, such as cat/.a.png, 1 HEIC: convert it to JPEG, such as " +
				"cat/x.heic)"}},
		{"images alone", "a.png labels.csv", []string{"no folder for each class",
			"labels are missing", `path,label`, "labels.csv"}},
		{"images and an empty folder", "a.png cat/", []string{"labels are missing"}},
		{"parts without classes", "train/1.png test/2.png train.csv", []string{`"train"`,
			"labels are missing", "columns path,label", `train.csv"?`}},
		{"training part without classes", "train/1.png", []string{"labels are missing"}},
		{"test part with classes", "train/1.png test/a/2.png test/b/2.png", []string{`"train"`,
			"labels are missing"}},
		{"the same with another folder", "x/1.png train/1.png test/a/2.png test/b/2.png", []string{
			`"train"`, "labels are missing"}},
		{"other parts without classes", "val/1.png test/2.png", []string{`"test", "val"`,
			"no training part"}},
		{"wrapped parts without classes", "z/train/1.png z/val/2.png", []string{`"z/train"`,
			"labels are missing"}},
		{"parts in folders of their names", "train/train/1.png test/test/2.png", []string{
			`"train/train"`, "labels are missing"}},
		{"no training part", "val/a/1.png test/a/2.png", []string{`"test", "val"`,
			"no training part"}},
		{"a test part beside classes", "a/1.png b/2.png test/a/1.png test/b/1.png", []string{
			`"test"`, "no training part"}},
		{"a part twice", "train/a/1.png Training/a/1.png", []string{`"Training", "train"`,
			"the same part"}},
		{"a part twice with another word", "a_train/a/1.png a_test/a/1.png b_train/a/1.png " +
			"b_test/a/1.png", []string{`"a_train", "b_train"`, "the same part"}},
		{"another part twice", "train/a/1.png val/a/1.png dev/1.png", []string{`"dev", "val"`,
			"the same part"}},
		{"empty classes", "a/1.png b/x/ c/x.txt d/1.png", []string{`"b", "c"`, "no image is in",
			"remove the folder"}},
		{"empty classes of the training part", "train/a/1.png train/b/.x val/b/1.png", []string{
			`"train/b"`}},
		{"many empty classes", "a/1.png x0/ x1/ x2/ x3/ x4/ x5/ x6/ x7/ x8/ x9/ xa/ xb/", []string{
			`"x9" and 2 more`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			draw(t, root, strings.Fields(c.things)...)
			l, err := list(root, "")
			if err == nil {
				t.Fatalf("no error: %s", shown(l))
			}
			for _, want := range append(c.want, fmt.Sprintf("%q", root)[1:]) {
				if want = strings.TrimSuffix(want, `"`); !strings.Contains(err.Error(), want) {
					t.Errorf("no %s in: %v", want, err)
				}
			}
		})
	}
}

// TestRoots: what is no folder is an error that names it.
func TestRoots(t *testing.T) {
	root := t.TempDir()
	draw(t, root, "a.zip", "list.csv")
	for path, want := range map[string]string{
		"": "no folder", "none": "none", "a.zip": "unpack", "list.csv/x": "list.csv",
	} {
		if path != "" {
			path = filepath.Join(root, path)
		}
		if l, err := list(path, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", path, l, err)
		}
	}
	if _, err := list(filepath.Join(root, "a.zip"), "list.csv"); err == nil {
		t.Error("a file holds a list")
	}
	if _, err := List(context.Background(), root, Options{}); err == nil {
		t.Error("images are told without IsImage")
	}
	if _, err := list(filepath.Join(root, "none"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not that of the system", err)
	}
}

// TestLinks: links are followed, to folders in which they are not.
func TestLinks(t *testing.T) {
	base := t.TempDir()
	root := filepath.Join(base, "data")
	draw(t, base, "elsewhere/1.png", "elsewhere/sub/2.png", "elsewhere/up -> ../data",
		"elsewhere/self -> .", "data/bird -> ../elsewhere", "data/fowl -> ../elsewhere",
		"data/cat/1.png", "data/cat/2.png -> 1.png", "data/cat/blob.png -> ../../elsewhere/1.png",
		"data/cat/none.png -> nowhere", "data/loop -> loop", "data/.hidden -> nowhere",
		"data/cat/note.png -> ../../note.txt", "note.txt")
	l, err := list(root, "")
	if err != nil {
		t.Fatal(err)
	}
	want := lines(`
		a folder for each class
		["bird" "cat" "fowl"]
		train bird/1.png=0 bird/sub/2.png=0 cat/1.png=1 cat/2.png=1 cat/blob.png=1 ` +
		`cat/note.png=1 fowl/1.png=2 fowl/sub/2.png=2
		1 hidden: .hidden
		2 broken links: cat/none.png loop
		4 links to a folder that they are in: bird/self bird/up fowl/self
		`)
	if got := shown(l); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	linked := filepath.Join(base, "linked")
	draw(t, base, "linked -> data")
	again, err := list(linked, "")
	if err != nil || shown(again) != want {
		t.Errorf("through a link: %v", err)
	}
}

// TestFiles: sizes, times, and what is opened.
func TestFiles(t *testing.T) {
	root := t.TempDir()
	draw(t, root, "cat/1.png", "dog/2.png", "dog/3.png -> ../cat/1.png")
	write(t, root, "cat/1.png", "content")
	l, err := list(root+string(filepath.Separator), "")
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int64{7, 0, 7} {
		f := l.Train[i]
		info, err := os.Stat(filepath.Join(root, filepath.FromSlash(f.Path)))
		if err != nil {
			t.Fatal(err)
		}
		if f.Size != size || f.ModTime != info.ModTime().UnixNano() {
			t.Errorf("%s: %d bytes, %d", f.Path, f.Size, f.ModTime)
		}
		file, err := l.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 9)
		if n, _ := file.Read(text); n != int(size) {
			t.Errorf("%s: read %q", f.Path, text[:n])
		}
		file.Close()
	}
	if file, err := l.Open(File{Path: "cat"}); err == nil || !errors.Is(err, errIrregular) {
		t.Errorf("a folder is opened: %v, %v", file, err)
	}
	if _, err := l.Open(File{Path: "cat/\x1b[2J.png"}); !errors.Is(err, fs.ErrNotExist) ||
		strings.Contains(err.Error(), "\x1b") {
		t.Errorf("no file: %q", err)
	}
}

// TestLongNames: the longest names that there are.
func TestLongNames(t *testing.T) {
	class := strings.Repeat("a", 255)
	root := t.TempDir()
	draw(t, root, class+"/"+strings.Repeat("b", 251)+".png", "z/1.png")
	l, err := list(root, "")
	if err != nil {
		t.Fatal(err)
	}
	if l.Classes[0] != class || len(l.Train) != 2 {
		t.Error(shown(l))
	}
	draw(t, root, strings.Repeat("e", 255)+"/")
	if _, err := list(root, ""); err == nil || !strings.Contains(err.Error(),
		`"`+strings.Repeat("e", 255)+`"`) {
		t.Errorf("a long empty class: %v", err)
	}
}

// countdown is a context that is cancelled when it has been asked a number of times.
type countdown struct {
	context.Context
	cancel context.CancelCauseFunc
	left   int
}

var errStopped = errors.New("stopped")

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		c.cancel(errStopped)
	}
	return c.Context.Err()
}

// TestCancelled: a listing ends wherever its context is cancelled, with the cause.
func TestCancelled(t *testing.T) {
	root := t.TempDir()
	for i := range 1100 {
		draw(t, root, fmt.Sprintf("%d/%d.png", i%3, i))
	}
	text := []string{"path,label"}
	for i := range 1100 {
		text = append(text, fmt.Sprintf("%d/%d.png,%d", i%3, i, i%3))
	}
	write(t, root, "list.csv", strings.Join(text, "\n"))
	for _, name := range []string{"", "list.csv"} {
		asked := 0
		for done := false; !done; asked++ {
			ctx, cancel := context.WithCancelCause(context.Background())
			l, err := List(&countdown{ctx, cancel, asked}, root,
				Options{List: name, IsImage: isImage})
			done = err == nil
			if done && len(l.Train) != 1100 || !done && err != errStopped {
				t.Fatalf("asked %d times: %v, %v", asked, l, err)
			}
			cancel(nil)
		}
		if asked < 5 {
			t.Errorf("list %q: asked %d times", name, asked)
		}
	}
}
