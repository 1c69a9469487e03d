package nearest

import "testing"

func TestWord(t *testing.T) {
	for _, c := range []struct {
		word string
		from []string
		want string
	}{
		{"epoch", []string{"batch_size", "epochs", "ema"}, "epochs"},
		{"lerning_rate", []string{"momentum", "learning_rate"}, "learning_rate"},
		{"kitten", []string{"sitting", "mitten"}, "mitten"},
		{"x", nil, ""},
	} {
		if got := Word(c.word, c.from); got != c.want {
			t.Errorf("Word(%q, %q) = %q, want %q", c.word, c.from, got, c.want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"é", "e", 1}} {
		if got := editDistance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("distance of %q and %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
