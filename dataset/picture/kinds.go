package picture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"gridsearch/dataset/picture/formats"
)

var extensions = []string{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".tif",
	".tiff", ".webp"}

// HasExtension says whether a file's name ends like that of an image which is read, in any case.
func HasExtension(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

// others are the endings of images that are not read: photographs, and what may be transparent.
var others = map[string][]string{
	"jpg": {".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".jpf", ".jpx", ".cr2",
		".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".dng", ".orf", ".raf", ".rw2",
		".pef", ".srw"},
	"png": {".psd", ".xcf", ".svg", ".svgz", ".ico", ".cur", ".tga", ".pcx", ".ppm", ".pgm",
		".pbm", ".pnm", ".exr", ".dds", ".eps", ".apng", ".dib", ".dcm"},
}

// Advice says what to do with an image that is not read, by the ending of its name; it is "" for
// names of images that are read, and of no image.
func Advice(name string) string {
	ending := filepath.Ext(name)
	for to, endings := range others {
		if slices.Contains(endings, strings.ToLower(ending)) {
			return "convert to JPEG or PNG, for example with `magick mogrify -format " + to +
				" *" + ending + "`"
		}
	}
	return ""
}

// begun is what a file is that begins with some bytes; ? stands for any byte. With an ending, it is
// an image that is not read.
var begun = []struct{ begins, what, ending string }{
	{"version https://git-lfs.github.com/spec/",
		"is a Git LFS pointer, not the file: run git lfs pull", ""},
	{"\x00\x00\x00\x0cJXL \r\n\x87\n", "is JPEG XL", ".jxl"},
	{"\xff\x0a", "is JPEG XL", ".jxl"},
	{"\x00\x00\x00\x0cjP  \r\n\x87\n", "is JPEG 2000", ".jp2"},
	{"\xff\x4f\xff\x51", "is JPEG 2000", ".j2k"},
	{"????ftypavi", "is AVIF", ".avif"},
	{"????ftyphei", "is HEIC", ".heic"},
	{"????ftyphev", "is HEIC", ".heic"},
	{"????ftypmif1", "is HEIF", ".heif"},
	{"????ftypmsf1", "is HEIF", ".heif"},
	{"????ftypcrx", "is a camera's raw file", ".cr3"},
	{"????ftyp", "is a film (MP4, QuickTime), not an image", ""},
	{"8BPS", "is a Photoshop file", ".psd"},
	{"\x00\x00\x01\x00", "is an icon", ".ico"},
	{"II+\x00", "is BigTIFF, which is not read: save it as TIFF or PNG", ""},
	{"MM\x00+", "is BigTIFF, which is not read: save it as TIFF or PNG", ""},
	{"\x00\x05\x16\x07", "is a macOS file of attributes (AppleDouble), not the image", ""},
	{"PK\x03\x04", "is a ZIP archive, not an image: unpack it", ""},
	{"\x1f\x8b", "is compressed with gzip: unpack it", ""},
	{"%PDF", "is a PDF document, not an image", ""},
	{"RIFF", "is a RIFF file (AVI, WAVE) without WebP, not an image", ""},
}

// marks are words near the beginning of text files, in lower case.
var marks = []struct{ word, what, ending string }{
	{"<svg", "is an SVG drawing", ".svg"},
	{"<!doctype html", "is an HTML page, not an image: download the image itself", ""},
	{"<html", "is an HTML page, not an image: download the image itself", ""},
	{"<?xml", "is XML, not an image", ""},
}

// unknown is the error of a file of no known format: what it is instead, if that can be told.
func unknown(r io.ReaderAt, size int64) error {
	if size == 0 {
		return errors.New("is an empty file")
	}
	start := make([]byte, min(size, 512))
	if n, err := r.ReadAt(start, 0); n < len(start) {
		return fmt.Errorf("reading its first bytes: %w", err)
	}
	for _, k := range begun {
		if formats.Begins(start, k.begins) {
			return unread(k.what, k.ending)
		}
	}
	text := bytes.TrimSpace(bytes.ToLower(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))))
	for _, k := range marks {
		if at := bytes.Index(text, []byte(k.word)); at == 0 || at > 0 && text[0] == '<' {
			return unread(k.what, k.ending)
		}
	}
	if isText(start) {
		return errors.New("is text, not an image")
	}
	return fmt.Errorf("is no JPEG, PNG, GIF, BMP, TIFF or WebP file: it begins with the "+
		"bytes % x", start[:min(len(start), 8)])
}

// isText says whether bytes are UTF-8 without zeros, but for a last character that may be cut.
func isText(b []byte) bool {
	for cut := range min(utf8.UTFMax, len(b)) {
		if utf8.Valid(b[:len(b)-cut]) {
			return !bytes.ContainsRune(b, 0)
		}
	}
	return false
}

func unread(what, ending string) error {
	if ending == "" {
		return errors.New(what)
	}
	return fmt.Errorf("%s, which is not read: %s", what, Advice("x"+ending))
}
