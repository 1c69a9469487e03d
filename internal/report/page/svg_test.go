package page

import (
	"strings"
	"testing"
)

// TestInline: a figure becomes an element of the page with an alternative text, ids of its own and
// numbers that are as long as one can see; what acts or is fetched from elsewhere is left out.
func TestInline(t *testing.T) {
	const figure = `<?xml version="1.0"?>
<!-- made -->
<svg width="100pt" height="50pt" viewBox="0 0 100 50" xmlns="http://www.w3.org/2000/svg" onload="x()">
<defs><clipPath id="a"><rect width="3.14159"/></clipPath></defs>
<path d="M1.23456,2L-0.0001,7.999Z" clip-path="url(#a)" style="font-style:normal;fill:url(#a);
 stroke-width:0.5"/>
<use xlink:href="#a"/><image href="https://example.org/x.png"/><image href="data:image/png;base64,AA"/>
<text x="1">5 &lt; 6 &amp; "7"</text>
</svg>`
	const want = `<svg role="img" aria-label="the &#34;figure&#34;" viewBox="0 0 100 50">` +
		`<defs><clipPath id="f-a"><rect width="3.14"></rect></clipPath></defs>` +
		`<path d="M1.23,2L0,8Z" clip-path="url(#f-a)" style="fill:url(#f-a); stroke-width:0.5">` +
		`</path><use href="#f-a"></use><image></image>` +
		`<image href="data:image/png;base64,AA"></image>` +
		`<text x="1">5 &lt; 6 &amp; &#34;7&#34;</text></svg>`
	got, width, err := inline([]byte(figure), "f", `the "figure"`)
	if err != nil || got != want || width != 100 {
		t.Errorf("width %v, %v, got\n%s\nwant\n%s", width, err, got, want)
	}
}

// TestInlineForeign: elements that no figure has do not come onto a page, nor does what is no XML.
func TestInlineForeign(t *testing.T) {
	for svg, want := range map[string]string{
		`<svg><script>x()</script></svg>`:            "an element <script>",
		`<svg><foreignObject></foreignObject></svg>`: "an element <foreignObject>",
		`<svg><g`: "syntax error",
	} {
		if _, _, err := inline([]byte(svg), "f", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", svg, err, want)
		}
	}
	if got, _, err := inline([]byte("<svg><text>a\x01\xffb</text></svg>"), "f", ""); err != nil ||
		!strings.Contains(got, "<text>a\ufffd\ufffdb</text>") {
		t.Errorf("characters that XML has not: %q, %v", got, err)
	}
}
