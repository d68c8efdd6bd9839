package viz

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Role is what somebody may do.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // look
	Operator Role = "operator" // look and act
)

// Token lets who has it in.
type Token struct {
	Name string // of whom, for the log of actions
	Role Role
	sum  [sha256.Size]byte
}

// shortestToken is how many characters a secret has at least.
const shortestToken = 16

// NewToken returns the token of a secret, of which only a hash is kept.
func NewToken(role Role, name, secret string) (Token, error) {
	switch {
	case role != Viewer && role != Operator:
		return Token{}, fmt.Errorf("token of %q: the roles are %s and %s", name, Viewer, Operator)
	case name == "" || len(name) > 64:
		return Token{}, fmt.Errorf("a token of a %s needs the name of who has it, of at most 64 letters", role)
	case len(secret) < shortestToken:
		return Token{}, fmt.Errorf("token of %s: it has fewer than %d letters; `openssl rand -base64 24` makes one", name, shortestToken)
	}
	return Token{Name: name, Role: role, sum: sha256.Sum256([]byte(secret))}, nil
}

// ParseTokens reads tokens: a line or a part between commas each, "ROLE NAME SECRET"; what begins with # is left out. An error does not
// repeat a secret.
func ParseTokens(text string) (tokens []Token, err error) {
	for n, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ',' }) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) != 3 {
			return nil, fmt.Errorf("token %d: write ROLE NAME SECRET, for example %q", n+1, "operator ann "+strings.Repeat("x", shortestToken))
		}
		t, err := NewToken(Role(f[0]), f[1], f[2])
		if err != nil {
			return nil, err
		}
		for _, other := range tokens {
			if other.sum == t.sum {
				return nil, fmt.Errorf("%s and %s have the same token", other.Name, t.Name)
			}
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

// identity is who asks.
type identity struct {
	name string
	role Role
}

// Bounds of what the gate remembers.
const (
	ticketLife   = 30 * time.Second
	sessionLife  = 12 * time.Hour
	mostTickets  = 1024
	mostSessions = 1024
)

// gate knows who may come in. Without tokens everybody who can reach the server is its operator.
type gate struct {
	tokens []Token

	mu       sync.Mutex
	tickets  map[[sha256.Size]byte]pass
	sessions map[[sha256.Size]byte]pass
}

// pass is good for somebody for some time.
type pass struct {
	who   identity
	until time.Time
}

func newGate(tokens []Token) *gate {
	return &gate{tokens: tokens, tickets: map[[sha256.Size]byte]pass{}, sessions: map[[sha256.Size]byte]pass{}}
}

// open reports whether nobody needs to log in.
func (g *gate) open() bool { return len(g.tokens) == 0 }

// known finds whose secret it is. It compares with every token, in the same time whatever is alike.
func (g *gate) known(secret string) (who identity, ok bool) {
	sum := sha256.Sum256([]byte(secret))
	for i := range g.tokens {
		if t := &g.tokens[i]; subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1 {
			who, ok = identity{t.Name, t.Role}, true
		}
	}
	return who, ok
}

// issue makes a secret that is good for somebody for a while.
func (g *gate) issue(into map[[sha256.Size]byte]pass, most int, who identity, now time.Time, life time.Duration) string {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		panic(err) // it never fails
	}
	secret := base64.RawURLEncoding.EncodeToString(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	for k, p := range into {
		if now.After(p.until) {
			delete(into, k)
		}
	}
	for k := range into {
		if len(into) < most {
			break
		}
		delete(into, k)
	}
	into[sha256.Sum256([]byte(secret))] = pass{who, now.Add(life)}
	return secret
}

func (g *gate) ticket(who identity, now time.Time) string {
	return g.issue(g.tickets, mostTickets, who, now, ticketLife)
}

func (g *gate) session(who identity, now time.Time) string {
	return g.issue(g.sessions, mostSessions, who, now, sessionLife)
}

// redeem takes a ticket, which is then used up.
func (g *gate) redeem(ticket string, now time.Time) (identity, bool) {
	sum := sha256.Sum256([]byte(ticket))
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.tickets[sum]
	delete(g.tickets, sum)
	return p.who, ok && !now.After(p.until)
}

// recall finds who logged in with a session.
func (g *gate) recall(session string, now time.Time) (identity, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.sessions[sha256.Sum256([]byte(session))]
	return p.who, ok && !now.After(p.until)
}

// logout ends a session.
func (g *gate) logout(session string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, sha256.Sum256([]byte(session)))
}

// bucket lets through so many a second on average, and so many at once.
type bucket struct {
	rate, burst, level float64
	at                 time.Time
}

func newBucket(rate, burst float64) *bucket { return &bucket{rate: rate, burst: burst, level: burst} }

func (b *bucket) take(now time.Time) bool {
	if !b.at.IsZero() {
		b.level = min(b.burst, b.level+b.rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}

// buckets is one for each who asks, of which it remembers a bounded number.
type buckets struct {
	rate, burst float64
	mu          sync.Mutex
	by          map[string]*bucket
}

func (b *buckets) take(who string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.by[who]
	if one == nil {
		if len(b.by) >= 4096 || b.by == nil {
			b.by = map[string]*bucket{}
		}
		one = newBucket(b.rate, b.burst)
		b.by[who] = one
	}
	return one.take(now)
}
