package glyphs

import (
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"flag"
	"image"
	"image/color"
	imagedraw "image/draw"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"gonum.org/v1/plot/cmpimg"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden images anew")

// names are flowers and people in the scripts that they are written in.
var names = []string{
	"Latin: Ångström, Đặng, Žižek", "Greek: λουλούδι", "Cyrillic: цветок, ґ, Қазақ",
	"Chinese: 花的图像, 龍", "Japanese: 花の画像、カタカナ", "Korean: 꽃의 이미지",
	"Arabic: صور الزهور 12", "Persian: گل\u200cها, Urdu: پھول", "Hebrew: פרח שָׁלוֹם (7)",
	"Thai: ดอกไม้ที่นี่", "Lao: ດອກໄມ້", "Devanagari: फूलों की तस्वीर, क्षत्रिय",
	"Bengali: ফুলের ছবি", "Gurmukhi: ਫੁੱਲ", "Gujarati: ફૂલ", "Tamil: பூக்கள்", "Telugu: పువ్వులు",
	"Kannada: ಹೂವುಗಳು", "Malayalam: പൂക്കൾ", "Sinhala: මල්", "Khmer: ផ្កា", "Myanmar: ပန်းများ",
	"Tibetan: མེ་ཏོག", "Amharic: አበባ", "Armenian: ծաղիկ", "Georgian: ყვავილი", "Mongolian: ᠴᠡᠴᠡᠭ",
	"Cherokee: ᎠᏥᎸᏍᎩ", "Tifinagh: ⴰⵊⴷⵊⵉⴳ", "decomposed: Ä é 한",
	"not there: 🦊 𓀀 👩\u200d🔬 ☀\ufe0f \ue000", "controls: a\tb\x1b[0m\u202eabc",
}

func styleOf(size vg.Length) text.Style {
	return text.Style{Color: color.Black, Handler: Handler{},
		Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size)}
}

// sheet draws the names as two columns of lines, with their boxes.
func sheet(c vg.CanvasSizer) {
	canvas := draw.New(c)
	style := styleOf(9)
	rows := (len(names) + 1) / 2
	for i, name := range names {
		at := vg.Point{X: 10 + 200*vg.Length(i/rows), Y: canvas.Max.Y - 20 - 18*vg.Length(i%rows)}
		box := style.Rectangle(name)
		canvas.FillPolygon(color.Gray{230}, []vg.Point{at.Add(box.Min), {X: at.X + box.Max.X,
			Y: at.Y + box.Min.Y}, at.Add(box.Max), {X: at.X + box.Min.X, Y: at.Y + box.Max.Y}})
		canvas.FillText(style, at, name)
	}
	turned := styleOf(11)
	turned.Rotation, turned.XAlign, turned.YAlign = math.Pi/2, text.XCenter, text.YTop
	canvas.FillText(turned, vg.Point{X: 405, Y: canvas.Max.Y / 2}, "花の画像\nзображення ג 🦊")
}

const sheetWidth, sheetHeight = 440, 310

func compare(t *testing.T, name string, drawn []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, drawn, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := cmpimg.EqualApprox("png", drawn, want, .1); err != nil || !same {
		t.Errorf("%s is another picture (%v); -update writes it anew", name, err)
	}
}

func TestSheet(t *testing.T) {
	c := vgimg.NewWith(vgimg.UseWH(sheetWidth, sheetHeight), vgimg.UseDPI(150))
	sheet(c)
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	compare(t, "sheet.png", b.Bytes())
}

// dark says how much ink a text leaves in a PNG.
func dark(txt string) int {
	c := vgimg.NewWith(vgimg.UseWH(60, 30), vgimg.UseDPI(72))
	canvas := draw.New(c)
	canvas.FillText(styleOf(12), vg.Point{X: 10, Y: 8}, txt)
	ink := 0
	img := c.Image()
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, _, _, _ := img.At(x, y).RGBA()
			ink += int(0xffff - r)
		}
	}
	return ink
}

// printable are characters that a reader expects to see.
func printable(r rune) bool {
	// Unicode has characters that are letters by their class and have no picture: fillers of
	// Hangul, the empty pattern of Braille, and the inherent vowels of Khmer.
	blank := unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == 0x2800 ||
		r == 0x16fe4 || r == 0x13441 || r == 0x13442
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Zs, r) && !ignorable(r) && !blank
}

// TestInk: no character that can be printed vanishes.
func TestInk(t *testing.T) {
	step := rune(1)
	for r := rune(0); r <= unicode.MaxRune; r += step {
		if r > 0x700 { // a sample, that the test is quick
			step = 37
		}
		if printable(r) && dark(string(r)) == 0 {
			t.Errorf("%U leaves nothing", r)
		}
	}
}

// anyText are strings of characters of all planes, of bytes, and of names.
func anyText() *rapid.Generator[string] {
	letter := rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("aé花ش7 (\u202e\u200d\u0301क्ि\n\x00🦊")))
	return rapid.OneOf(rapid.StringOf(letter), rapid.SampledFrom(names),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
}

// check holds what is true of every string in every format.
func check(t interface {
	Errorf(string, ...any)
	Fatal(...any)
}, txt string) {
	style := styleOf(9)
	ink := false
	for _, r := range clean(txt) {
		ink = ink || printable(r) && !unicode.Is(unicode.M, r)
	}
	if w := style.Width(txt); math.IsNaN(float64(w)) || math.IsInf(float64(w), 0) || w < 0 ||
		ink && w == 0 {
		t.Errorf("%q has a width of %v", txt, w)
	}
	if fit := Fit(style, txt, 60); style.Width(fit) > 60 {
		t.Errorf("%q is %v wide when it fits in 60: %q", txt, style.Width(fit), fit)
	}
	for _, turn := range []float64{0, 1} {
		style.Rotation = turn
		c := NewSVG(100, 50)
		canvas := draw.Crop(draw.New(c), 1, -1, 1, -1) // as in a figure: canvases in each other
		canvas.FillText(style, vg.Point{X: 10, Y: 10}, txt)
		var picture bytes.Buffer
		if _, err := c.WriteTo(&picture); err != nil {
			t.Fatal(err)
		}
		if got, want := textOf(t, picture.Bytes()), strings.TrimRight(clean(txt), "\n"); got != want {
			t.Errorf("%q is %q in SVG, want %q", txt, got, want)
		}
		for _, c := range []vg.CanvasWriterTo{NewPDF(100, 50),
			vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(100, 50), vgimg.UseDPI(72))}} {
			canvas := draw.New(c)
			canvas.FillText(style, vg.Point{X: 10, Y: 10}, txt)
			if _, err := c.WriteTo(io.Discard); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// textOf is the text of an SVG, line by line.
func textOf(t interface{ Fatal(...any) }, picture []byte) string {
	d := xml.NewDecoder(bytes.NewReader(picture))
	var lines []string
	inside := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return strings.Join(lines, "\n")
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if inside = token.Name.Local == "text"; inside {
				lines = append(lines, "")
			}
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if inside {
				lines[len(lines)-1] += string(token)
			}
		}
	}
}

func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { check(t, anyText().Draw(t, "text")) })
}

func FuzzHandler(f *testing.F) {
	for _, name := range names {
		f.Add(name)
	}
	f.Add("<script>alert('&')</script>\"\xff\r\n\ufffe")
	f.Fuzz(func(t *testing.T, txt string) {
		if len(txt) < 500 { // beyond, all time goes into drawing
			check(t, txt)
		}
	})
}

// TestAsBefore: what the figures' own font has is drawn by text.Plain, to the bit.
func TestAsBefore(t *testing.T) {
	for _, txt := range []string{"d=1 w=1.2 px=24", "32 × 32 × 16", "φ = 2\n±0.4 %", "Ångström", ""} {
		var pictures [2]image.Image
		for i, handler := range []text.Handler{Handler{}, own} {
			c := vgimg.NewWith(vgimg.UseWH(120, 40), vgimg.UseDPI(150))
			canvas := draw.New(c)
			style := styleOf(9)
			style.Handler, style.XAlign, style.Rotation = handler, text.XCenter, .1
			canvas.FillText(style, vg.Point{X: 60, Y: 10}, txt)
			pictures[i] = c.Image()
			if style.Rectangle(txt) != plainRectangle(style, txt) {
				t.Errorf("%q has another size", txt)
			}
		}
		if !bytes.Equal(pictures[0].(*image.RGBA).Pix, pictures[1].(*image.RGBA).Pix) {
			t.Errorf("%q is drawn in another way", txt)
		}
	}
}

func plainRectangle(style text.Style, txt string) vg.Rectangle {
	style.Handler = own
	return style.Rectangle(txt)
}

func TestMissing(t *testing.T) {
	for txt, want := range map[string]string{
		"b花 فé\n\x00": "", "🦊a🦊\ue000": "\ue000🦊", "👩\u200d🔬\ufe0f": "👩🔬", "\xff\u202e": "",
	} {
		if got := string(Missing(txt)); got != want {
			t.Errorf("%q lacks %q, want %q", txt, got, want)
		}
	}
	audit := &Audit{Width: 100, Height: 100}
	canvas := draw.Crop(draw.New(audit), 1, -1, 1, -1)
	for _, txt := range []string{"花", "🦊", "🦊"} {
		canvas.FillText(styleOf(9), vg.Point{}, txt)
	}
	if len(audit.Gaps) != 1 || audit.Gaps[0].Text != "🦊" || string(audit.Gaps[0].Missing) != "🦊" {
		t.Errorf("gaps: %+v", audit.Gaps)
	}
}

func TestFit(t *testing.T) {
	style := styleOf(9)
	long := strings.Repeat("width and depth ", 13)
	for _, c := range []struct {
		txt   string
		width vg.Length
		want  string
	}{
		{"short", 100, "short"},
		{long, 100, "width and d…and depth "},
		{long + "\nshort", 100, "width and d…and depth \nshort"},
		{"", 0, ""},
		{"abc", 0, "…"},
		{strings.Repeat("e\u0323\u0302\u0300", 9), 28, ""}, // marks stay at their letters
	} {
		got := Fit(style, c.txt, c.width)
		if c.want != "" && got != c.want {
			t.Errorf("%q in %v is %q, want %q", c.txt, c.width, got, c.want)
		}
		if again := Fit(style, got, c.width); again != got {
			t.Errorf("%q becomes %q when it is fitted again", got, again)
		}
	}
}

func TestClean(t *testing.T) {
	for txt, want := range map[string]string{
		"a\x00\x7f\u0085\tb\r\n": `a\x00\x7f\x85\tb\r` + "\n", "A\u0308": "Ä", "\xc3": `\xc3`,
		"\u2028\ufffe": `\u2028\ufffe`, "\ufffd": "\ufffd", "ᄒ\u1161\u11ab": "한",
	} {
		if got := clean(txt); got != want || clean(got) != got {
			t.Errorf("%q is cleaned to %q, want %q", txt, got, want)
		}
	}
}

// TestOrder: numbers beside a name from right to left stay where they were written.
func TestOrder(t *testing.T) {
	face := own.Fonts.Lookup(styleOf(9).Font, 9)
	read := func(txt string) (order string) {
		for _, r := range layout(txt, face) {
			part := slices.Clone(r.text)
			if r.level%2 == 1 {
				slices.Reverse(part)
			}
			for _, letter := range part {
				if !ignorable(letter) {
					order += string(letter)
				}
			}
		}
		return order
	}
	for txt, want := range map[string]string{
		"cat  35 %": "cat  35 %", "אבג  35 %": "35  גבא %", Isolate("אבג") + "  35 %": "גבא  35 %",
		"a אב גד 12 הו z": "a וה 12 דג בא z", "אב (גד)": ")דג( בא", // and mirrored when it is drawn
		"אב (ab) x": "בא (ab) x",
		"x ١٢ אב":   "x בא ١٢", "אב 1.5-2, x": "1.5-2 בא, x", "قط 3": "3 طق",
		"\u2067a אב\u2069 1": "בא a 1",
	} {
		if got := read(txt); got != want {
			t.Errorf("%q reads %q from the left, want %q", txt, got, want)
		}
	}
	if got := Isolate("花"); got != "花" {
		t.Errorf("a name from left to right becomes %q", got)
	}
}

// TestPDF: the same drawing is the same file, a page of the figure's size with its font in it.
func TestPDF(t *testing.T) {
	var files [3]bytes.Buffer
	for i := range files {
		c := NewPDF(sheetWidth, sheetHeight)
		sheet(c)
		if _, err := c.WriteTo(&files[i]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(files[i].Bytes(), files[0].Bytes()) {
			t.Error("the file differs from one time to the next")
		}
	}
	for _, want := range []string{"/MediaBox [0 0 440.00 310.00]", "/Count 1\n", "/FontFile2",
		"/CreationDate (D:19700101000000)"} {
		if !bytes.Contains(files[0].Bytes(), []byte(want)) {
			t.Errorf("the file has no %s", want)
		}
	}
	if path := os.Getenv("GLYPHS_PDF"); path != "" {
		if err := os.WriteFile(path, files[0].Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSVG: text has fonts that every viewer has, and its measured width.
func TestSVG(t *testing.T) {
	c := NewSVG(100, 50)
	canvas := draw.New(c)
	for _, txt := range []string{"a", "花花", `style="font-family:Liberation Sans;<text `} {
		canvas.FillText(styleOf(10), vg.Point{}, txt)
	}
	var picture bytes.Buffer
	if _, err := c.WriteTo(&picture); err != nil {
		t.Fatal(err)
	}
	for want, times := range map[string]int{`<text textLength="5.5615" `: 1,
		`<text textLength="20" `: 1, "textLength=": 3, "Arial,sans-serif;": 3,
		"&#34;font-family:Liberation Sans;&lt;text </text>": 1} {
		if got := strings.Count(picture.String(), want); got != times {
			t.Errorf("%s is there %d times, want %d:\n%s", want, got, times, picture.String())
		}
	}
}

// TestSVGImages: images are called what they are, PNG, or strict readers leave them out.
func TestSVGImages(t *testing.T) {
	c := NewSVG(10, 10)
	c.DrawImage(vg.Rectangle{Max: vg.Point{X: 10, Y: 10}}, image.NewGray(image.Rect(0, 0, 2, 2)))
	var text bytes.Buffer
	if _, err := c.WriteTo(&text); err != nil || !strings.Contains(text.String(),
		`"data:image/png;base64,iVBOR`) || strings.Contains(text.String(), "image/jpg") {
		t.Errorf("%v: %s", err, text.String())
	}
}

// TestPDFImages: images stand upright.
func TestPDFImages(t *testing.T) {
	img := image.NewGray(image.Rect(3, 4, 5, 8))
	img.Pix[0] = 255
	var files [2]bytes.Buffer
	for i, upright := range []bool{true, false} {
		c := NewPDF(40, 40)
		if in := (vg.Rectangle{Max: vg.Point{X: 20, Y: 40}}); upright {
			c.DrawImage(in, img)
		} else { // the first pixel in the last row, as the canvas below begins with it
			turned := image.NewNRGBA(image.Rect(0, 0, 2, 4))
			imagedraw.Draw(turned, turned.Rect, image.Black, image.Point{}, imagedraw.Src)
			turned.Set(0, 3, color.White)
			c.Canvas.DrawImage(in, turned)
		}
		if _, err := c.WriteTo(&files[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("an image is not turned")
	}
}

// TestPDFColors: a color that lets others through keeps its hue, and its opacity.
func TestPDFColors(t *testing.T) {
	var text bytes.Buffer
	c := NewPDF(40, 40)
	c.SetColor(color.NRGBA{0, 51, 255, 102})
	c.Fill(triangle(10))
	c.SetColor(nil)
	if _, err := c.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	_, stream, _ := bytes.Cut(text.Bytes(), []byte("stream\n"))
	page, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	content, _ := io.ReadAll(page)
	if !bytes.Contains(content, []byte("0.000 0.200 1.000 rg")) ||
		!bytes.Contains(text.Bytes(), []byte("/ca 0.400")) {
		t.Errorf("the page is %s of %s", content, text.String())
	}
}

// triangle is a path around half of a corner of the canvas.
func triangle(side vg.Length) (p vg.Path) {
	p.Move(vg.Point{})
	p.Line(vg.Point{X: side})
	p.Line(vg.Point{X: side, Y: side})
	p.Close()
	return p
}

// TestTogether: several figures may be drawn at a time.
func TestTogether(t *testing.T) {
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			sheet(vgimg.NewWith(vgimg.UseWH(sheetWidth, sheetHeight), vgimg.UseDPI(30)))
			Missing("🦊花")
		})
	}
	group.Wait()
}
