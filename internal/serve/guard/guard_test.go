package guard

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// answer is what a request with these headers gets.
func answer(given, method, host string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost/", nil)
	r.Host = host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler(given, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})).ServeHTTP(w, r)
	return w
}

func TestHosts(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const pass, no = http.StatusNoContent, http.StatusMisdirectedRequest
	for _, c := range []struct {
		given, host string
		want        int
	}{
		{"127.0.0.1", "localhost:8017", pass},
		{"127.0.0.1", "127.0.0.1", pass},
		{"127.0.0.1", "LocalHost:1", pass},
		{"127.0.0.1", "[::1]:8017", pass},
		{"127.0.0.1", "evil.example:8017", no},
		{"127.0.0.1", "localhost.evil.example", no},
		{"127.0.0.1", "192.168.1.2:8017", no},
		{"127.0.0.1", "", no},
		{"127.0.0.1", ":8017", no},
		{"", "", no},
		{"studio.example", "Studio.example:80", pass},
		{"studio.example", "other.example", no},
		{"0.0.0.0", "192.168.1.2:8017", pass},
		{"0.0.0.0", "[fe80::1]:8017", pass},
		{"0.0.0.0", machine + ":8017", pass},
		{"::", "evil.example", no},
	} {
		if got := answer(c.given, "GET", c.host).Code; got != c.want {
			t.Errorf("%q asked for as %q: %d, want %d", c.given, c.host, got, c.want)
		}
	}
}

func TestOrigins(t *testing.T) {
	const pass, no = http.StatusNoContent, http.StatusForbidden
	for _, c := range []struct {
		headers []string
		want    int
	}{
		{[]string{"Origin", "http://localhost:8017"}, pass},
		{[]string{"Origin", "http://localhost:9"}, no},
		{[]string{"Origin", "http://evil.example"}, no},
		{[]string{"Origin", "null"}, no},
		{[]string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, pass},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, pass},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, no},
	} {
		if got := answer("127.0.0.1", "GET", "localhost:8017", c.headers...).Code; got != c.want {
			t.Errorf("%q: %d, want %d", c.headers, got, c.want)
		}
	}
}

func TestMethods(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"} {
		w := answer("127.0.0.1", method, "localhost")
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, allowed %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	if got := answer("127.0.0.1", "HEAD", "localhost").Code; got != http.StatusNoContent {
		t.Errorf("HEAD: %d", got)
	}
}

// TestHeaders: refusals have them too.
func TestHeaders(t *testing.T) {
	for _, host := range []string{"localhost", "evil.example"} {
		h := answer("127.0.0.1", "GET", host).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s has %s: %q, want %q", host, name, got, want)
			}
		}
	}
}
