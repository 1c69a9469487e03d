package terminal

import "strings"

// Unicode reports whether people see characters beyond ASCII on a system of that name (runtime.GOOS):
// on Windows always, elsewhere where the locale is of UTF-8, by the first of LC_ALL, LC_CTYPE and
// LANG that the environment has.
func Unicode(environment func(string) string, system string) bool {
	if system == "windows" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := environment(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}
