package study

import "testing"

// TestLargest: a class is worth a word that has much more than its share, and not where that is by
// chance.
func TestLargest(t *testing.T) {
	thousand := make([]int, 1000)
	thousand[7], thousand[8] = 1, 1
	for _, c := range []struct {
		validation []int
		share      float64 // 0 for no word
	}{{[]int{30, 10}, .75}, {[]int{10, 14}, 0}, {[]int{4, 1}, 0}, {[]int{5, 1}, 5. / 6}, {thousand, 0},
		{[]int{0, 0}, 0}} {
		s := shares{make([]string, len(c.validation)), nil, c.validation}
		if l := s.largest(); (l == nil) != (c.share == 0) || l != nil && l.Share != c.share {
			t.Errorf("%v: %+v", c.validation[:2], l)
		}
	}
}
