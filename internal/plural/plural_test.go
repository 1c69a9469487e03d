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
