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
		{"rate", []string{"ema", "decay_rate", "learning_rate"}, "decay_rate"},
		{"x", nil, ""},
	} {
		if got := Word(c.word, c.from); got != c.want {
			t.Errorf("Word(%q, %q) = %q, want %q", c.word, c.from, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	names := []string{"b0", "b1", "b2", "b3", "lite0", "v1", "v2"}
	for word, want := range map[string]string{"b9": `"b0", "b1" or "b2"`, "lite": `"lite0"`, "lite1": `"lite0"`, "v": `"v1" or "v2"`} {
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
		a, b        string
		part, whole int
	}{{"", "", 0, 0}, {"", "abc", 0, 3}, {"abc", "", 3, 3}, {"kitten", "sitting", 2, 3}, {"flaw", "lawn", 1, 2}, {"é", "e", 1, 1}, {"bcd", "abcdef", 0, 3}} {
		if part, whole := editDistance([]rune(c.a), []rune(c.b)); part != c.part || whole != c.whole {
			t.Errorf("distances of %q and %q are %d and %d, want %d and %d", c.a, c.b, part, whole, c.part, c.whole)
		}
	}
}
