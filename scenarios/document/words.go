package document

import "strings"

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
