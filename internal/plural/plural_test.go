package plural

import "testing"

func TestOf(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{{0, "run", "0 runs"}, {1, "run", "1 run"}, {2, "run", "2 runs"}, {1, "class", "1 class"},
		{2, "class", "2 classes"}} {
		if got := Of(c.n, c.noun); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if Verb(1, "is", "are") != "is" || Verb(0, "is", "are") != "are" {
		t.Error("a verb has the other form")
	}
}

func TestList(t *testing.T) {
	for want, names := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"},
		"a, b and c": {"a", "b", "c"}} {
		if got := List(names); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestSentence: a name with coefficients stays as it is, as it is no word.
func TestSentence(t *testing.T) {
	for line, want := range map[string]string{"5 keep": "5 keep.", "étude": "Étude.", "why?": "Why?",
		"d=1 w=2 is best": "d=1 w=2 is best.", "it ends.": "It ends.", "": "."} {
		if got := Sentence(line); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
