package document

import (
	"strings"
)

// closest returns the candidate that was probably meant by word, or "". Hyphens, underscores and case do not
// count; otherwise one edit in three characters is forgiven.
func closest(word string, candidates []string) string {
	if len(word) > 64 {
		return ""
	}
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if len(c) > 64 {
			continue
		}
		if fold(c) == fold(word) {
			return c
		}
		if d := distance(fold(word), fold(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

func fold(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
}

// distance is the number of insertions, deletions, substitutions and swaps of neighbours that turn a into b
// (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, row := make([]int, len(y)+1), make([]int, len(y)+1)
	next := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(y)]
}

// oneOf writes candidates as "a, b or c", shortened when they are many.
func oneOf(candidates []string) string {
	const most = 12
	switch n := len(candidates); {
	case n == 0:
		return "nothing"
	case n == 1:
		return candidates[0]
	case n > most:
		return strings.Join(candidates[:most], ", ") + ", …"
	default:
		return strings.Join(candidates[:n-1], ", ") + " or " + candidates[n-1]
	}
}
