package suggest

import (
	"strings"
	"testing"
)

func TestClosest(t *testing.T) {
	words := []string{"supply", "crah", "cdu", "chiller", "power_limit", "gpu"}
	for _, c := range []struct{ word, want string }{
		{"suply", "supply"},
		{"CRAH", "crah"},
		{"carh", "crah"}, // a swap is one edit
		{"power_limt", "power_limit"},
		{"powerlimit", "power_limit"},
		{"gpus", "gpu"},
		{"temperature", ""},
		{"", ""},
		{strings.Repeat("x", 10000), ""},
	} {
		if got := Closest(c.word, words); got != c.want {
			t.Errorf("Closest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"ca", "abc", 3}} {
		if got := distance(c.a, c.b, 10); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
