package suggest

import "strings"

// longest is the length from which a word is no longer compared: nobody mistypes that much, and the work stays
// bounded when the input is hostile.
const longest = 64

// Closest returns the candidate nearest to word, or "" when none is near enough to be worth suggesting: within
// a third of the word's length, and at least one edit is always forgiven. The first of equals wins.
func Closest(word string, candidates []string) string {
	if word == "" || len(word) > longest {
		return ""
	}
	word = strings.ToLower(word)
	best, limit := "", max(1, (len(word)+1)/3)+1
	for _, c := range candidates {
		if c == "" || len(c) > longest {
			continue
		}
		if d := distance(word, strings.ToLower(c), limit); d < limit {
			best, limit = c, d
		}
	}
	return best
}

// distance returns the optimal string alignment distance of a and b, or limit as soon as it cannot be less.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(last[j-1]+change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
