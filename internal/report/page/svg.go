package page

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxSVG is the most that one figure may be, in bytes; a larger one is embedded as a bitmap, so
// that a page opens at once however many trials a study has.
const maxSVG = 400_000

// drawing is a figure on the page.
type drawing struct {
	Number int
	Picture
	Caption string // as a sentence
	Image   template.HTML
	Wide    bool // of several panels

	Least, Most int // width in pixels: what can be read on a phone, and what is not too large
}

// widest is the width of a figure that has a half of the page, in points.
const widest = 480

// draw makes a picture part of the page.
func draw(p Picture) (d drawing, err error) {
	d.Picture, d.Caption = p, sentences([]string{p.Caption})[0]
	text, width, err := inline(p.SVG, p.Name, "Figure: "+p.Caption)
	if err != nil {
		return d, fmt.Errorf("figure %s: %w", p.Name, err)
	}
	d.Wide, d.Least, d.Most = width > widest, int(.75*width), int(1.7*width)
	if len(text) <= maxSVG {
		d.Image = template.HTML(text)
		return d, nil
	}
	bitmap, err := p.PNG()
	if err != nil {
		return d, fmt.Errorf("figure %s: %w", p.Name, err)
	}
	d.Image = template.HTML(`<img alt="` + html.EscapeString("Figure: "+p.Caption) +
		`" src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(bitmap) + `">`)
	return d, nil
}

// elements are those that a figure may have. Nothing else comes onto the page, whatever draws.
var elements = []string{"svg", "g", "defs", "clipPath", "path", "line", "polyline", "polygon",
	"rect", "circle", "ellipse", "text", "tspan", "image", "use", "linearGradient",
	"radialGradient", "stop", "title", "desc"}

// inline is an SVG document as part of a page: one element with an alternative text, its ids made
// the figure's own, numbers to a hundredth of a point, and without what is the default anyway. The
// width is that of its view box.
func inline(svg []byte, name, alternative string) (text string, width float64, err error) {
	var b strings.Builder
	decoder := xml.NewDecoder(strings.NewReader(legible(svg)))
	for depth := 0; ; {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return b.String(), width, nil
		}
		if err != nil {
			return "", 0, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if !slices.Contains(elements, t.Name.Local) {
				return "", 0, fmt.Errorf("it has an element <%s>, which no figure of a report may have",
					t.Name.Local)
			}
			if depth++; depth == 1 {
				width, t.Attr = top(t.Attr)
				fmt.Fprintf(&b, `<svg role="img" aria-label="%s"`, html.EscapeString(alternative))
			} else {
				fmt.Fprintf(&b, "<%s", t.Name.Local)
			}
			for _, a := range t.Attr {
				attribute(&b, a, name)
			}
			b.WriteString(">")
		case xml.EndElement:
			depth--
			fmt.Fprintf(&b, "</%s>", t.Name.Local)
		case xml.CharData:
			if s := string(t); strings.TrimSpace(s) != "" {
				b.WriteString(html.EscapeString(shown(s)))
			}
		}
	}
}

// legible is a document whose characters XML may have: a name of a file may have others.
func legible(svg []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == '\ufffe' || r == '\uffff' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(string(svg), string(utf8.RuneError)))
}

// top is the view box of the outermost element, which alone is kept, and its width.
func top(all []xml.Attr) (width float64, kept []xml.Attr) {
	for _, a := range all {
		if a.Name.Local == "viewBox" {
			if fields := strings.Fields(a.Value); len(fields) == 4 {
				width, _ = strconv.ParseFloat(fields[2], 64)
			}
			kept = append(kept, a)
		}
	}
	return width, kept
}

var (
	decimals  = regexp.MustCompile(`-?[0-9]*\.[0-9]+(e-?[0-9]+)?`)
	reference = regexp.MustCompile(`url\(#`)
	usual     = regexp.MustCompile(`(font-(variant|weight|style):normal;?|\s+)`)
)

// attribute writes an attribute. One that could act, or fetch something, is left out.
func attribute(b *strings.Builder, a xml.Attr, figure string) {
	key, value := a.Name.Local, a.Value
	switch {
	case strings.HasPrefix(strings.ToLower(key), "on"), a.Name.Space == "xmlns", key == "xmlns":
		return
	case key == "href":
		id, own := strings.CutPrefix(value, "#")
		switch {
		case own:
			value = "#" + figure + "-" + id
		case !strings.HasPrefix(value, "data:image/png;base64,"):
			return
		}
	case key == "id":
		value = figure + "-" + value
	case key == "style":
		value = strings.TrimSuffix(usual.ReplaceAllStringFunc(value, func(s string) string {
			if strings.TrimSpace(s) == "" {
				return " "
			}
			return ""
		}), ";")
	}
	if key != "href" && key != "id" {
		value = decimals.ReplaceAllStringFunc(value, rounded)
		value = reference.ReplaceAllString(value, "url(#"+figure+"-")
	}
	fmt.Fprintf(b, ` %s="%s"`, key, html.EscapeString(value))
}

// rounded is a number to two decimals.
func rounded(number string) string {
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	if v = math.Round(v*100) / 100; v == 0 {
		return "0" // of -0.001 too
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
