package values

import (
	"regexp"
	"strconv"
	"strings"
)

// longest is the number of characters of a name in a figure; what is longer loses its middle.
const longest = 28

// Short gives the names of trials a form that fits into a figure: coefficients have as few decimals
// as tell all of them apart, two at least, and long names lose their middle. Names stay distinct.
func Short(names []string) map[string]string {
	for decimals := 2; decimals < 12; decimals++ {
		if short, ok := shortened(names, func(name string) string {
			return ellipsis(rounded(name, decimals))
		}); ok {
			return short
		}
	}
	if short, ok := shortened(names, ellipsis); ok {
		return short
	}
	short, _ := shortened(names, func(name string) string { return name })
	return short
}

// shortened says whether names stay distinct.
func shortened(names []string, how func(string) string) (short map[string]string, ok bool) {
	short = map[string]string{}
	from := map[string]string{}
	for _, name := range names {
		s := how(name)
		if other, there := from[s]; there && other != name {
			return nil, false
		}
		from[s], short[name] = name, s
	}
	return short, true
}

// coefficient is a number with more decimals than a figure needs.
var coefficient = regexp.MustCompile(`\d+\.\d{3,}`)

func rounded(name string, decimals int) string {
	return coefficient.ReplaceAllStringFunc(name, func(number string) string {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil { // out of range
			return number
		}
		text := strconv.FormatFloat(v, 'f', decimals, 64)
		return strings.TrimRight(strings.TrimRight(text, "0"), ".")
	})
}

func ellipsis(name string) string {
	runes := []rune(name)
	if len(runes) <= longest {
		return name
	}
	half := (longest - 1) / 2
	return string(runes[:half]) + "…" + string(runes[len(runes)-half:])
}

// Called is the short form of a trial's name among those of all.
func (v Values) Called(trial string) string {
	names := make([]string, len(v.Trials))
	for i, t := range v.Trials {
		names[i] = t.Name
	}
	if short, ok := Short(names)[trial]; ok {
		return short
	}
	return trial
}
