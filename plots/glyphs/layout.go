package glyphs

import (
	"sync"
	"unicode"

	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"gridsearch/plots/glyphs/fonts"
	"gridsearch/plots/glyphs/order"
)

// run is a part of a line that is drawn in one way.
type run struct {
	text  []rune
	face  *fonts.Face // nil for a character that no font has
	level int         // see order.Levels
	width vg.Length   // in ems of the font

	glyphs []glyph // in the order from left to right; nil for text that the canvas draws by itself
}

// glyph is a glyph of a run's face, its origin in ems from the run's start.
type glyph struct {
	id   harfbuzz.GID
	x, y vg.Length
}

// shaping protects the faces, whose caches are not safe for use by several callers.
var shaping sync.Mutex

// layout divides a clean line into runs, in the order in which they stand from left to right.
func layout(line string, own font.Face) []run {
	shaping.Lock()
	defer shaping.Unlock()
	letters := []rune(line)
	faces := chooseFaces(letters, fonts.Own(own))
	level := order.Levels(letters)
	var runs []run
	for start := 0; start < len(letters); {
		end := start + 1
		for end < len(letters) && level[end] == level[start] && faces[start] != nil &&
			faces[end] == faces[start] && !turns(letters[start:end], letters[end], faces[start]) {
			end++
		}
		runs = append(runs, shape(letters, start, end, faces[start], level[start], own))
		start = end
	}
	reorder(runs)
	return runs
}

// chooseFaces finds the face of each character. Marks take that of their letter, and the letter one
// that has both, as far as there is one.
func chooseFaces(letters []rune, own *fonts.Face) []*fonts.Face {
	faces := make([]*fonts.Face, len(letters))
	for i, r := range letters {
		switch {
		case ignorable(r) && i > 0 && faces[i-1] != nil:
			faces[i] = faces[i-1]
		case ignorable(r):
			faces[i] = own // nothing is drawn
		case unicode.Is(unicode.Zs, r) && fonts.Pick(r, own) == nil:
			letters[i], faces[i] = ' ', own
		case unicode.Is(unicode.M, r) && i > 0 && faces[i-1] != nil:
			chooseForMark(letters, faces, i, own)
		default:
			faces[i] = fonts.Pick(r, own)
		}
	}
	return faces
}

// chooseForMark finds the face of the mark at i and the letter before it, whose face is known.
func chooseForMark(letters []rune, faces []*fonts.Face, i int, own *fonts.Face) {
	if faces[i-1].Has(letters[i]) {
		faces[i] = faces[i-1]
		return
	}
	faces[i] = fonts.Pick(letters[i], own)
	start := i - 1
	for start > 0 && (unicode.Is(unicode.M, letters[start]) || ignorable(letters[start])) {
		start--
	}
	for _, r := range letters[start:i] {
		if faces[i] == nil || !ignorable(r) && !faces[i].Has(r) {
			return
		}
	}
	for k := start; k < i; k++ {
		faces[k] = faces[i]
	}
}

// turns reports whether a character is of another script than the letters before it, and so shaped
// by other rules. The figures' own font has the same rules for all scripts from left to right.
func turns(before []rune, r rune, f *fonts.Face) bool {
	next := language.LookupScript(r)
	return !f.Own && next.Strong() && scriptOf(before).Strong() && next != scriptOf(before)
}

// scriptOf is the script of a text's first character that has one.
func scriptOf(letters []rune) language.Script {
	for _, r := range letters {
		if s := language.LookupScript(r); s.Strong() {
			return s
		}
	}
	return language.Common
}

// shape makes a run of letters[start:end].
func shape(letters []rune, start, end int, f *fonts.Face, level int, own font.Face) run {
	r := run{text: letters[start:end], face: f, level: level}
	switch {
	case f == nil:
		r.width = boxWidth(r.text[0])
		return r
	case f.Own && level%2 == 0 && straight(r.text):
		r.width = own.Width(string(r.text)) / own.Font.Size
		return r
	}
	b := harfbuzz.NewBuffer()
	b.AddRunes(letters, start, end-start)
	b.Props = harfbuzz.SegmentProperties{Script: scriptOf(r.text), Direction: harfbuzz.LeftToRight}
	if level%2 == 1 {
		b.Props.Direction = harfbuzz.RightToLeft
	}
	b.Shape(f.Shape, nil)
	r.glyphs = []glyph{}
	for i, info := range b.Info {
		at := b.Pos[i]
		r.glyphs = append(r.glyphs, glyph{info.Glyph, r.width + vg.Length(at.XOffset)/f.Em,
			vg.Length(at.YOffset) / f.Em})
		r.width += vg.Length(at.XAdvance) / f.Em
	}
	return r
}

// straight reports whether text of the figures' own font needs no shaping: letters side by side
// from left to right.
func straight(letters []rune) bool {
	for _, r := range letters {
		if unicode.Is(unicode.M, r) || ignorable(r) || unicode.In(r, unicode.Hebrew) {
			return false
		}
	}
	return true
}

// reorder puts runs from the order of reading into that from left to right (rule L2 of Unicode Standard Annex 9).
func reorder(runs []run) {
	highest := 0
	for _, r := range runs {
		highest = max(highest, r.level)
	}
	for level := highest; level > 0; level-- {
		for start := 0; start < len(runs); start++ {
			end := start
			for end < len(runs) && runs[end].level >= level {
				end++
			}
			for i, k := start, end-1; i < k; i, k = i+1, k-1 {
				runs[i], runs[k] = runs[k], runs[i]
			}
			start = max(start, end)
		}
	}
}
