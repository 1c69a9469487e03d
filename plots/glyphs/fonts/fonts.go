// Package fonts has the fonts of figures as faces whose text can be shaped: the figures' own, and
// embedded ones for characters that it lacks.
package fonts

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"sync"

	gofont "github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

//go:embed *.ttf.gz
var files embed.FS

// fallback is a font for characters that the figures' own font lacks. It is unpacked when a
// character of its ranges is first asked for.
type fallback struct {
	name   string
	ranges [][2]rune // where its characters are
	once   sync.Once
	face   *Face
}

// fallbacks are in the order in which they are asked.
var fallbacks = []*fallback{
	{name: "NotoSansThai", ranges: [][2]rune{{0x0e00, 0x0e7f}}},
	{name: "NotoSansDevanagari", ranges: [][2]rune{{0x0900, 0x097f}, {0x1cd0, 0x1cff},
		{0xa830, 0xa839}, {0xa8e0, 0xa8ff}}},
	{name: "NotoSansBengali", ranges: [][2]rune{{0x0980, 0x09ff}}},
	{name: "NotoSansGurmukhi", ranges: [][2]rune{{0x0a00, 0x0a7f}}},
	{name: "NotoSansGujarati", ranges: [][2]rune{{0x0a80, 0x0aff}}},
	{name: "NotoSansOriya", ranges: [][2]rune{{0x0b00, 0x0b7f}}},
	{name: "NotoSansTamil", ranges: [][2]rune{{0x0b80, 0x0bff}}},
	{name: "NotoSansTelugu", ranges: [][2]rune{{0x0c00, 0x0c7f}}},
	{name: "NotoSansKannada", ranges: [][2]rune{{0x0c80, 0x0cff}}},
	{name: "NotoSansMalayalam", ranges: [][2]rune{{0x0d00, 0x0d7f}}},
	{name: "NotoSansSinhala", ranges: [][2]rune{{0x0d80, 0x0dff}, {0x111e0, 0x111ff}}},
	{name: "NotoSerifTibetan", ranges: [][2]rune{{0x0f00, 0x0fff}}},
	{name: "NotoSansMyanmar", ranges: [][2]rune{{0x1000, 0x109f}, {0xa9e0, 0xa9ff},
		{0xaa60, 0xaa7f}}},
	{name: "NotoSansEthiopic", ranges: [][2]rune{{0x1200, 0x139f}, {0x2d80, 0x2ddf},
		{0xab00, 0xab2f}}},
	{name: "NotoSansCherokee", ranges: [][2]rune{{0x13a0, 0x13ff}, {0xab70, 0xabbf}}},
	{name: "NotoSansKhmer", ranges: [][2]rune{{0x1780, 0x17ff}, {0x19e0, 0x19ff}}},
	{name: "NotoSansMongolian", ranges: [][2]rune{{0x1800, 0x18af}}},
	{name: "NotoSansOlChiki", ranges: [][2]rune{{0x1c50, 0x1c7f}}},
	{name: "NotoSansSyriac", ranges: [][2]rune{{0x0700, 0x074f}, {0x0860, 0x086f}}},
	{name: "NotoSansThaana", ranges: [][2]rune{{0x0780, 0x07bf}}},
	{name: "NotoSansJavanese", ranges: [][2]rune{{0xa980, 0xa9df}}},
	{name: "NotoSansMeeteiMayek", ranges: [][2]rune{{0xaae0, 0xaaff}, {0xabc0, 0xabff}}},
	{name: "NotoSansAdlam", ranges: [][2]rune{{0x1e900, 0x1e95f}}},
	{name: "DroidSansFallback", ranges: [][2]rune{{0x1100, 0x11ff}, {0x2e80, 0xa4cf},
		{0xac00, 0xd7ff}, {0xf900, 0xfaff}, {0xfe10, 0xfe6f}, {0xff00, 0xffef},
		{0x20000, 0x3ffff}}},
	// last, as it has symbols of everything: Arabic, Armenian, Georgian, Lao, N'Ko, Tifinagh,
	// Canadian syllabics, arrows, mathematics, some faces
	{name: "DejaVuSans", ranges: [][2]rune{{0, 0x10ffff}}},
}

// find is the fallback's face if it has the character, nil otherwise.
func (f *fallback) find(r rune) *Face {
	for _, bounds := range f.ranges {
		if bounds[0] <= r && r <= bounds[1] {
			f.once.Do(f.unpack)
			if f.face.Has(r) {
				return f.face
			}
			return nil
		}
	}
	return nil
}

// Pick is the face that has a character: the figures' own if it can, nil if none can.
func Pick(r rune, own *Face) *Face {
	if own.Has(r) {
		return own
	}
	for _, f := range fallbacks {
		if face := f.find(r); face != nil {
			return face
		}
	}
	return nil
}

func (f *fallback) unpack() {
	packed, err := files.Open(f.name + ".ttf.gz")
	if err != nil {
		panic(err) // it is part of the program
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		panic(err)
	}
	data, err := io.ReadAll(unpacked)
	if err != nil {
		panic(err)
	}
	f.face = newFace(f.name, data)
}

// Face is a font whose text can be shaped. It is not safe for use by several callers.
type Face struct {
	Font  *gofont.Face
	Shape *harfbuzz.Font
	Em    vg.Length // units of its outlines in an em
	Own   bool      // the figures' own, which the canvas can draw by itself
}

func newFace(name string, data []byte) *Face {
	parsed, err := gofont.ParseTTF(bytes.NewReader(data))
	if err != nil {
		panic(fmt.Errorf("font %s: %w", name, err)) // it is part of the program
	}
	return &Face{Font: parsed, Shape: harfbuzz.NewFont(parsed), Em: vg.Length(parsed.Upem())}
}

// Has reports whether the font has a character.
func (f *Face) Has(r rune) bool {
	_, ok := f.Font.NominalGlyph(r)
	return ok
}

// owns are the figures' own fonts that text has been drawn with, by their names.
var owns sync.Map

// Own is a font of the figures as a face.
func Own(own font.Face) *Face {
	name := own.Name()
	if f, ok := owns.Load(name); ok {
		return f.(*Face)
	}
	var data bytes.Buffer
	if _, err := own.Face.WriteSourceTo(nil, &data); err != nil {
		panic(fmt.Errorf("font %s: %w", name, err)) // it is part of the program
	}
	f := newFace(name, data.Bytes())
	f.Own = true
	kept, _ := owns.LoadOrStore(name, f)
	return kept.(*Face)
}
