package push

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/halltwin/halltwin/hil/agent"
	"github.com/halltwin/halltwin/models/reading"
)

// The bounds of what is taken.
const (
	largestBody = 16 << 20
	longestLine = 64 << 10
	mostWaiting = 1 << 20 // readings
	mostStreams = 1 << 16
	mostReasons = 1000
)

// silence is after which it is a fault that nobody posts.
const silence = 15 * time.Second

// Receiver is an address for agents to post to.
type Receiver struct {
	tokens []token          // none: whoever can reach it may post, of every host
	Now    func() time.Time // nil is the machine's

	mu      sync.Mutex
	waiting []reading.Value
	streams map[string]*stream
	fresh   map[string]bool // streams with marks to hand over
	held    map[reading.Held]int
	posts   uint64        // that were accepted
	handed  uint64        // of those: the twin was told
	taken   uint64        // of those: it has them
	turn    chan struct{} // closed when taken grows
	last    time.Time     // of the last post, or of the first question
}

// stream is a queue of an agent.
type stream struct {
	next uint64 // number of the reading that comes next
	post uint64 // in which the last came
}

// New returns a receiver for agents with the given tokens, as [ParseTokens] reads them.
func New(tokens ...token) *Receiver {
	return &Receiver{tokens: tokens, streams: map[string]*stream{}, fresh: map[string]bool{}, held: map[reading.Held]int{}, turn: make(chan struct{})}
}

// Resume tells what had been taken before a restart.
func (r *Receiver) Resume(marks []reading.Mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range marks {
		r.streams[m.Stream] = &stream{next: m.Next}
	}
}

// Name says what it is.
func (r *Receiver) Name() string { return "agents" }

func (r *Receiver) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// Read hands over what has come since.
func (r *Receiver) Read(_ context.Context, b *reading.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	b.Values, r.waiting = r.waiting, nil
	r.handed = r.posts
	for name := range r.fresh {
		b.Marks = append(b.Marks, reading.Mark{Stream: name, Next: r.streams[name].next})
	}
	slices.SortFunc(b.Marks, func(a, b reading.Mark) int { return cmp.Compare(a.Stream, b.Stream) })
	for h, n := range r.held {
		h.Count = n
		b.Held = append(b.Held, h)
	}
	slices.SortFunc(b.Held, func(a, b reading.Held) int { return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Why, b.Why)) })
	clear(r.fresh)
	clear(r.held)
	now := r.now()
	if r.last.IsZero() {
		r.last = now
	}
	switch quiet := now.Sub(r.last); {
	case quiet <= silence:
	case r.posts == 0:
		b.Fault = fmt.Sprintf("no agent has posted, in %.0f s", quiet.Seconds())
	default:
		b.Fault = fmt.Sprintf("no agent has posted for %.0f s", quiet.Seconds())
	}
	return nil
}

// Taken says that what was handed over last is safe.
func (r *Receiver) Taken() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken < r.handed {
		r.taken = r.handed
		close(r.turn)
		r.turn = make(chan struct{})
	}
}

// ServeHTTP takes a post, and answers when its readings are safe.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	code, says, post := r.take(w, q)
	if code == http.StatusNoContent && !r.await(q.Context(), post) {
		return // who asked has gone, and sends it again
	}
	if code != http.StatusNoContent {
		http.Error(w, says, code)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// await waits until a post is safe.
func (r *Receiver) await(ctx context.Context, post uint64) bool {
	for {
		r.mu.Lock()
		done, turn := r.taken >= post, r.turn
		r.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-turn:
		case <-ctx.Done():
			return false
		}
	}
}

// hold counts what is not taken.
func (r *Receiver) hold(of, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := (reading.Held{Of: of, Why: why}); r.held[h] > 0 || len(r.held) < mostReasons {
		r.held[h]++
	}
}

// take accepts what is good of a post, and returns its number.
func (r *Receiver) take(w http.ResponseWriter, q *http.Request) (code int, says string, post uint64) {
	from, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		from = q.RemoteAddr
	}
	hosts, ok := r.admits(q.Header.Get("Authorization"))
	switch {
	case q.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "post readings here", 0
	case !ok:
		r.hold(from, "a post without a token that is known")
		return http.StatusUnauthorized, "give the token of this agent", 0
	}
	values, lines, err := r.read(http.MaxBytesReader(w, q.Body, largestBody), from, hosts)
	if err != nil {
		r.hold(from, "a post that is too long, or was cut off")
		return http.StatusBadRequest, err.Error(), 0
	}
	name := q.Header.Get(agent.StreamHeader)
	first, err := strconv.ParseUint(q.Header.Get(agent.SequenceHeader), 10, 64)
	if name != "" && (err != nil || len(name) > 64) {
		r.hold(from, "a post whose number cannot be read")
		return http.StatusBadRequest, agent.SequenceHeader + " is no number", 0
	}
	return r.accept(name, first, lines, values)
}

// accept lets the readings wait that did not come before.
func (r *Receiver) accept(name string, first uint64, lines []int, values []reading.Value) (code int, says string, post uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = r.now()
	s := r.streams[name]
	if name != "" && s != nil && first < s.next { // all of it, or the beginning, has come before
		n := int(min(s.next-first, uint64(len(lines))))
		skip := 0
		for _, k := range lines[:n] {
			skip += k
		}
		values = values[skip:]
		if n == len(lines) {
			return http.StatusNoContent, "", s.post
		}
	}
	if len(r.waiting)+len(values) > mostWaiting {
		return http.StatusServiceUnavailable, "too much waits here: try again", 0
	}
	r.waiting = append(r.waiting, values...)
	r.posts++
	if name != "" {
		if s == nil && len(r.streams) >= mostStreams {
			return http.StatusServiceUnavailable, "too many agents", 0
		}
		if s == nil {
			s = &stream{}
			r.streams[name] = s
		}
		s.next, s.post = first+uint64(len(lines)), r.posts
		r.fresh[name] = true
	}
	return http.StatusNoContent, "", r.posts
}

// read reads the lines of a post: how many values each of them has. What is no reading is held back, and has none.
func (r *Receiver) read(body io.Reader, from string, hosts []string) (values []reading.Value, lines []int, err error) {
	in := bufio.NewScanner(body)
	in.Buffer(nil, longestLine)
	for in.Scan() {
		before := len(values)
		if len(in.Bytes()) > 0 {
			var m agent.Message
			switch err := json.Unmarshal(in.Bytes(), &m); {
			case err != nil:
				r.hold(from, "a line that is no reading")
			case !among(hosts, m.Device.Host):
				r.hold(from, "its token is not good for "+clip(m.Device.Host))
			default:
				values = appendMessage(values, &m)
			}
		}
		lines = append(lines, len(values)-before)
	}
	return values, lines, in.Err()
}

// clip shortens what somebody sent, for a message.
func clip(s string) string { return fmt.Sprintf("%.60q", s) }

// appendMessage appends the values of one reading.
func appendMessage(out []reading.Value, m *agent.Message) []reading.Value {
	t := reading.Thing{Kind: string(m.Device.Kind), Host: m.Device.Host, Index: m.Device.Index, Key: m.Device.Key, Model: m.Device.Model}
	names := make([]string, 0, len(m.Values))
	for name := range m.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out = append(out, reading.Value{Thing: t, Quantity: name, At: reading.Number(float64(m.At.UnixNano()) / 1e9), Value: reading.Number(m.Values[name])})
	}
	return out
}
