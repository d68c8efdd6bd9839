package push

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"path"
	"strings"
)

// shortest is how many characters a secret has at least.
const shortest = 16

// token lets an agent speak for hosts.
type token struct {
	hosts string // a name or a pattern, as gpu-1*
	sum   [sha256.Size]byte
}

// ParseTokens reads tokens: a line, or a part between commas, each: "HOST SECRET". HOST is the name of the host of which the agent
// may tell, or a pattern of names. What begins with # is left out. An error does not repeat a secret.
func ParseTokens(text string) (tokens []token, err error) {
	for n, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ',' }) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) != 2 {
			return nil, fmt.Errorf("token %d: write HOST SECRET, for example %q", n+1, "gpu-1 "+strings.Repeat("x", shortest))
		}
		if _, err := path.Match(f[0], ""); err != nil {
			return nil, fmt.Errorf("token %d: %q is no pattern of hosts", n+1, f[0])
		}
		if len(f[1]) < shortest {
			return nil, fmt.Errorf("token of %s: it has fewer than %d letters; `openssl rand -base64 24` makes one", f[0], shortest)
		}
		tokens = append(tokens, token{f[0], sha256.Sum256([]byte(f[1]))})
	}
	return tokens, nil
}

// admits returns the hosts for which the bearer of a header may speak, as patterns. Every token is compared.
func (r *Receiver) admits(header string) (hosts []string, ok bool) {
	if len(r.tokens) == 0 {
		return []string{"*"}, true
	}
	sum := sha256.Sum256([]byte(strings.TrimPrefix(header, "Bearer ")))
	for i := range r.tokens {
		if subtle.ConstantTimeCompare(sum[:], r.tokens[i].sum[:]) == 1 {
			hosts = append(hosts, r.tokens[i].hosts)
		}
	}
	return hosts, len(hosts) > 0
}

// among reports whether a host is one of the patterns.
func among(hosts []string, host string) bool {
	for _, h := range hosts {
		if ok, _ := path.Match(h, host); ok || h == "*" { // the pattern has been checked
			return true
		}
	}
	return false
}
