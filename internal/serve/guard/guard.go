// Package guard refuses what no page of a server that is read alone asks for.
package guard

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// policy lets a page load its own script and style, pictures of this server, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler refuses other methods than reading, names that a foreign name server leads here (DNS
// rebinding), and requests of other sites; what it lets pass cannot be embedded elsewhere. given is
// the host that the server listens on.
func Handler(given string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		origin := r.Header.Get("Origin")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "this server is read, and nothing else", http.StatusMethodNotAllowed)
		case !known(given, r.Host):
			http.Error(w, "this server has another name: use localhost, or the address that it was "+
				"given", http.StatusMisdirectedRequest)
		case origin != "" && origin != "http://"+r.Host,
			r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate":
			http.Error(w, "another site may not read this", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// known says whether a Host header is one of ours. A server for all addresses is known by each of
// them and by the machine's name: only names can be led astray.
func known(given, host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	switch host {
	case "localhost", "127.0.0.1", "::1":
		return true
	case "":
		return false
	}
	if all, err := netip.ParseAddr(given); err == nil && all.IsUnspecified() {
		_, err := netip.ParseAddr(host)
		name, _ := os.Hostname()
		return err == nil || host == strings.ToLower(name)
	}
	return host == strings.ToLower(given)
}
