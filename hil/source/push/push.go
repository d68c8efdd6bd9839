package push

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/halltwin/halltwin/hil/agent"
	"github.com/halltwin/halltwin/models/reading"
)

const (
	largestBody = 16 << 20
	longestLine = 64 << 10
	mostWaiting = 1 << 20
)

// Receiver is an address for agents to post to.
type Receiver struct {
	tokens [][sha256.Size]byte // none: whoever can reach it may post

	mu      sync.Mutex
	waiting []reading.Value
	refused int
}

// New returns a receiver for agents with the given tokens.
func New(tokens ...string) *Receiver {
	r := &Receiver{}
	for _, t := range tokens {
		r.tokens = append(r.tokens, sha256.Sum256([]byte(t)))
	}
	return r
}

// Name says what it is.
func (r *Receiver) Name() string { return "agents" }

// Read hands over what has come since.
func (r *Receiver) Read(_ context.Context, b *reading.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	b.Values, r.waiting = r.waiting, nil
	if r.refused > 0 {
		b.Fault = fmt.Sprintf("%d posts were refused", r.refused)
		r.refused = 0
	}
	return nil
}

// ServeHTTP takes a post.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if code, says := r.take(w, q); code != http.StatusNoContent {
		r.mu.Lock()
		r.refused++
		r.mu.Unlock()
		http.Error(w, says, code)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *Receiver) take(w http.ResponseWriter, q *http.Request) (code int, says string) {
	switch {
	case q.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "post readings here"
	case !r.admits(q.Header.Get("Authorization")):
		return http.StatusUnauthorized, "give the token of this agent"
	}
	var values []reading.Value
	lines := bufio.NewScanner(http.MaxBytesReader(w, q.Body, largestBody))
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var err error
		if values, err = appendLine(values, lines.Bytes()); err != nil {
			return http.StatusBadRequest, err.Error()
		}
	}
	if err := lines.Err(); err != nil {
		return http.StatusBadRequest, err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting)+len(values) > mostWaiting {
		return http.StatusServiceUnavailable, "too much waits here: try again"
	}
	r.waiting = append(r.waiting, values...)
	return http.StatusNoContent, ""
}

func (r *Receiver) admits(header string) bool {
	if len(r.tokens) == 0 {
		return true
	}
	sum := sha256.Sum256([]byte(strings.TrimPrefix(header, "Bearer ")))
	ok := 0
	for i := range r.tokens {
		ok |= subtle.ConstantTimeCompare(sum[:], r.tokens[i][:])
	}
	return ok == 1
}

// appendLine appends the values of one reading.
func appendLine(out []reading.Value, line []byte) ([]reading.Value, error) {
	if len(line) == 0 {
		return out, nil
	}
	var m agent.Message
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, fmt.Errorf("a line is no reading: %w", err)
	}
	t := reading.Thing{Kind: string(m.Device.Kind), Host: m.Device.Host, Index: m.Device.Index, Key: m.Device.Key, Model: m.Device.Model}
	names := make([]string, 0, len(m.Values))
	for name := range m.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out = append(out, reading.Value{Thing: t, Quantity: name, At: reading.Number(float64(m.At.UnixNano()) / 1e9), Value: reading.Number(m.Values[name])})
	}
	return out, nil
}
