package motifs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"testing"

	"gridsearch/internal/random"
)

// TestAnyTwoCuesNameTheClass: the layout is an orthogonal array.
func TestAnyTwoCuesNameTheClass(t *testing.T) {
	for first := range cueCount {
		for second := first + 1; second < cueCount; second++ {
			seen := map[[2]int]int{}
			for class := range Classes {
				c := Code(class)
				pair := [2]int{c[first], c[second]}
				if other, ok := seen[pair]; ok {
					t.Errorf("cues %d and %d are %v for classes %d and %d", first, second, pair, other, class)
				}
				seen[pair] = class
			}
		}
	}
}

// TestCeiling: a classifier that recognises all cues and weighs them by their reliability is right
// on 90.1 % of the pictures.
func TestCeiling(t *testing.T) {
	right := 0
	for i := range Train + Test {
		best, score := 0, math.Inf(-1)
		for class := range Classes {
			sum := 0.
			for c, value := range Shown(i) {
				p := replaced[c] / Values
				if value == Code(class)[c] {
					p += 1 - replaced[c]
				}
				sum += math.Log(p)
			}
			if sum > score {
				best, score = class, sum
			}
		}
		if best == Label(i) {
			right++
		}
	}
	// Two standard errors of 16,000 pictures are half a point.
	if share := float64(right) / (Train + Test); math.Abs(share-.901) > .006 {
		t.Errorf("the ceiling is %.4f, want 0.901", share)
	}
}

// TestBytesAreFixed pins the pictures: results of studies depend on them, on every platform.
func TestBytesAreFixed(t *testing.T) {
	hash := sha256.New()
	picture := make([]uint8, Bytes)
	for _, i := range []int{0, 1, 2, 3, 4, 5, 6, 7, 100, 1000, 11999, 12000, 15999} {
		Draw(picture, i)
		hash.Write(picture)
	}
	const want = "5d1ccb0ab63d2d328289046a069cb7f816dc4e279f43fd37eb36747c89caddaf"
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("the pictures' SHA-256 is %s, want %s: raise Version if the change is meant", got, want)
	}
}

// TestPicturesAreReal: they differ from each other, use the range of brightness, and are drawn over
// whatever was there.
func TestPicturesAreReal(t *testing.T) {
	a, b := make([]uint8, Bytes), bytes.Repeat([]uint8{255}, Bytes)
	for i := range 40 {
		Draw(a, i)
		Draw(b, i)
		if !bytes.Equal(a, b) {
			t.Fatalf("picture %d depends on what was in its memory", i)
		}
		low, high := uint8(255), uint8(0)
		for _, v := range a {
			low, high = min(low, v), max(high, v)
		}
		if high-low < 80 {
			t.Errorf("picture %d has brightness %d to %d only", i, low, high)
		}
	}
	Draw(a, 0)
	Draw(b, 16)
	if bytes.Equal(a, b) {
		t.Error("two pictures of a class are the same")
	}
}

// TestSilhouettesAreApart: the bank's contours differ more than the jitter moves them.
func TestSilhouettesAreApart(t *testing.T) {
	s := random.New(1, "test")
	all := bank()
	for i := range Values * prototypes {
		for j := range i {
			a, b := all[i%Values][i/Values], all[j%Values][j/Values]
			if d, moved := separation(a, b), separation(a, jittered(a, s)); d < 2*moved {
				t.Errorf("silhouettes %d and %d differ by %.3f, the jitter by %.3f", i, j, d, moved)
			}
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	picture := make([]uint8, Bytes)
	for i := 0; b.Loop(); i++ {
		Draw(picture, i)
	}
}
