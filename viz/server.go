package viz

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz/web"
	"github.com/halltwin/halltwin/viz/wire"
)

// Bounds of a server.
const (
	mostViewers  = 256
	mostRuns     = 4096
	mostForks    = 4
	mostBody     = 64 << 10 // bytes of a request
	requestsRate = 100      // of one address, a second on average
	requestsOnce = 400      // and at once
	loginRate    = 0.5      // of one address, a second on average
	loginOnce    = 5
	mostScans    = 4 // requests at a time that read much
)

// Config says how runs are served.
type Config struct {
	Version string
	Tokens  []Token  // none: whoever can reach the server is its operator
	TLS     bool     // it is reached by https
	Hosts   []string // names of the server, without ports, beside those of the loopback interface
	First   string   // the run to show first
	// Forks lists what a fork may cost: the zero value is what a laptop bears.
	ForkBudget int           // bytes of samples that a fork keeps
	ForkTime   time.Duration // real time until a fork has begun
}

// Check says why an address cannot be served like this, or returns nil.
func (c *Config) Check(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address: write it like %s", address, DefaultAddress)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	switch {
	case len(c.Tokens) == 0:
		return fmt.Errorf("%s can be reached from other machines, and nobody would be asked who he is: give tokens, or listen on 127.0.0.1 and reach it with ssh -L", address)
	case !c.TLS:
		return fmt.Errorf("%s can be reached from other machines, and tokens would pass unencrypted: give a certificate, or have one made", address)
	}
	return nil
}

// Server serves runs. It is an http.Handler.
type Server struct {
	config  Config
	mux     *http.ServeMux
	hosts   []string
	gate    *gate
	asked   *buckets
	logins  *buckets
	scans   chan struct{}
	forking chan struct{}
	asking  chan struct{}
	buffers sync.Pool // of websockets
	ctx     context.Context
	cancel  context.CancelFunc
	pages   fs.FS

	mu      sync.Mutex
	runs    []*Run // the newest last
	number  uint32
	viewers map[*viewer]bool
	inside  int
	first   string
}

var _ http.Handler = (*Server)(nil)

// NewServer returns a server without runs.
func NewServer(c Config) *Server {
	if c.ForkBudget == 0 {
		c.ForkBudget = 64 << 20
	}
	if c.ForkTime == 0 {
		c.ForkTime = 2 * time.Minute
	}
	s := &Server{
		config: c, mux: http.NewServeMux(), gate: newGate(c.Tokens), viewers: map[*viewer]bool{}, first: c.First, pages: web.Pages(),
		asked: &buckets{rate: requestsRate, burst: requestsOnce}, logins: &buckets{rate: loginRate, burst: loginOnce},
		scans: make(chan struct{}, mostScans), forking: make(chan struct{}, 1), asking: make(chan struct{}, 1),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.hosts = []string{"localhost", "127.0.0.1", "::1"}
	for _, h := range c.Hosts {
		s.hosts = append(s.hosts, strings.ToLower(strings.Trim(h, "[]")))
	}
	s.routes()
	return s
}

// Close ends all connections and forks.
func (s *Server) Close() {
	s.cancel()
	s.mu.Lock()
	var all []*viewer
	for v := range s.viewers {
		all = append(all, v)
	}
	runs := slices.Clone(s.runs)
	s.mu.Unlock()
	for _, v := range all {
		v.say(1001, "the server ends")
		v.end()
	}
	for _, r := range runs {
		r.put()
	}
}

// Live adds a run under way, which is to be opened as a sink soon.
func (s *Server) Live(spec Spec) *Run {
	r := newRun(spec)
	s.add(r)
	return r
}

// Recorded adds a run directory, which must stay open as long as the server.
func (s *Server) Recorded(spec Spec, dir *rundir.Run) (*Run, error) {
	r, err := openRun(spec, dir)
	if err != nil {
		return nil, err
	}
	s.add(r)
	return r, nil
}

// add numbers a run and makes its id one of its own.
func (s *Server) add(r *Run) {
	s.mu.Lock()
	id := r.spec.ID
	for n := 2; slices.ContainsFunc(s.runs, func(x *Run) bool { return x.spec.ID == r.spec.ID }); n++ {
		r.spec.ID = fmt.Sprintf("%s-%d", id, n)
	}
	s.number++
	r.number = s.number
	s.runs = append(s.runs, r)
	if s.first == "" {
		s.first = r.spec.ID
	}
	s.mu.Unlock()
	s.changed()
}

// changed tells all viewers that the catalogue is another.
func (s *Server) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.viewers {
		v.queue.answer(&wire.Changed{Type: "runs"})
	}
}

// run finds a run that has begun.
func (s *Server) run(id string) *Run {
	s.mu.Lock()
	var found *Run
	for _, r := range s.runs {
		if r.spec.ID == id {
			found = r
		}
	}
	s.mu.Unlock()
	switch {
	case found == nil:
		return nil
	case found.begun(), found.shelf != nil && s.take(found):
		return found
	}
	return nil
}

// First says which run is shown first to who asks for none.
func (s *Server) First(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = id
}

func (r *Run) begun() bool {
	select {
	case <-r.ready:
		return true
	default:
		return false
	}
}

// remove takes a run out of the catalogue.
func (s *Server) remove(r *Run, why string) {
	s.mu.Lock()
	s.runs = slices.DeleteFunc(s.runs, func(x *Run) bool { return x == r })
	var all []*viewer
	for v := range s.viewers {
		all = append(all, v)
	}
	s.mu.Unlock()
	for _, v := range all {
		v.gone(r, why)
	}
	s.changed()
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inside >= mostViewers || s.ctx.Err() != nil {
		return false
	}
	s.inside++
	return true
}

func (s *Server) admit(v *viewer) {
	s.mu.Lock()
	s.viewers[v] = true
	s.mu.Unlock()
}

func (s *Server) exit(v *viewer) {
	s.mu.Lock()
	s.inside--
	delete(s.viewers, v)
	s.mu.Unlock()
}

// ServeHTTP answers a request, if it comes from this server's own pages or its user.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	if s.config.TLS {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if why := s.refuses(r); why != "" {
		refuse(w, http.StatusForbidden, &wire.Error{Code: wire.CodeForbidden, Text: why})
		return
	}
	if !s.asked.take(address(r), time.Now()) {
		h.Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, &wire.Error{Code: wire.CodeTooMany, Text: "too many requests"})
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refuses says why a request is not answered, or "".
func (s *Server) refuses(r *http.Request) string {
	if !s.own(r.Host) {
		return "this server does not answer to the host name " + clip(r.Host)
	}
	origin := r.Header.Get("Origin")
	if origin != "" {
		u, err := url.Parse(origin)
		scheme := "http"
		if s.config.TLS {
			scheme = "https"
		}
		if err != nil || u.Host != r.Host || u.Scheme != scheme {
			return "a page of another site may not ask this server"
		}
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return "a page of another site may not ask this server"
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("X-Halltwin") != "1" {
		return "what changes something needs the header X-Halltwin: 1"
	}
	return ""
}

func (s *Server) own(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return slices.Contains(s.hosts, strings.ToLower(strings.Trim(host, "[]")))
}

// address is the machine that asks.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// clip shortens what somebody sent, for a message.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "…"
	}
	return s
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
