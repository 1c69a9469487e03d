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
		{"b0", []string{"resnet-50", "efficientnet-b0"}, "efficientnet-b0"},
		{"rate", []string{"ema", "learning_rate", "decay_rate"}, "decay_rate"},
		{"", []string{"abc", "ab"}, "ab"},
		{"x", nil, ""},
	} {
		if got := Word(c.word, c.from); got != c.want {
			t.Errorf("Word(%q, %q) = %q, want %q", c.word, c.from, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	names := []string{"b0", "b1", "b2", "b3", "lite0", "v1", "v2"}
	for word, want := range map[string]string{"b9": `"b0", "b1" or "b2"`, "lite": `"lite0"`,
		"lite1": `"lite0"`, "v": `"v1" or "v2"`} {
		if got := Words(word, names); got != want {
			t.Errorf("Words(%q) = %s, want %s", word, got, want)
		}
	}
	if got := Words("x", nil); got != "" {
		t.Errorf("Words of nothing are %s", got)
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2},
		{"é", "e", 1}} {
		if got := editDistance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("distance of %q and %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
