package viz

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz/wire"
)

// recorded returns a server of one run directory, beside which lies a secret.
func recorded(t testing.TB, c Config) *Server {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := rundir.Create(dir, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Play(w, recordtest.Header(recordtest.Site(2, 8)), 600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(filepath.Dir(dir), "secret"), filepath.Join(dir, "own-notes.txt")} {
		if err := os.WriteFile(name, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(c)
	t.Cleanup(func() { s.Close(); _ = r.Close() })
	run, err := s.Recorded(Spec{ID: "run"}, r)
	if err != nil {
		t.Fatal(err)
	}
	run.Recorded(r)
	return s
}

// answer is what somebody got.
type answer struct {
	code   int
	header http.Header
	body   string
}

// ask asks a server directly. Headers come in pairs.
func ask(s http.Handler, method, target, body string, header ...string) answer {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.Host = "127.0.0.1:7433"
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	if method != http.MethodGet {
		r.Header.Set("X-Halltwin", "1")
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		switch {
		case header[i] == "Host":
			r.Host = header[i+1]
		case header[i+1] == "":
			r.Header.Del(header[i])
		default:
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func TestRecordedRun(t *testing.T) {
	s := recorded(t, Config{Version: "v1"})
	for target, want := range map[string]string{
		"/api/server":            `"login":false,"role":"operator","who":"local","run":"run"`,
		"/api/runs":              `"mode":"REPLAY"`,
		"/api/runs/run":          `"inputs":[{"path":"site.it"`,
		"/api/runs/run/site":     `{"kind":"rack","number":3,"parent":"row","count":16,"counts":[[2,8]]}`,
		"/api/runs/run/channels": `"name":"rack.inlet_temperature","unit":"degC","symbol":"°C","kind":"rack"`,
		"/api/runs/run/values?subject=hall-0/row-1/rack-3&t=3599":            `"kind":"rack","index":11,"t":3599`,
		"/api/runs/run/value?channel=rack.power&index=3&t=600":               `"channel":"rack.power"`,
		"/api/runs/run/history?channel=rack.power&index=2&points=4":          `"exact":false`,
		"/api/runs/run/history?channel=rack.power&level=row&index=1&to=1800": `"reduce":"sum","from":0,"to":1800,"bucket_s":0,"exact":true,"t":[0,600,1200,1800]`,
		"/api/runs/run/export?channel=site.power&to=600":                     "t (s),time,site.power (W)\n0,2025-07-15T00:00:00-05:00,",
		"/api/runs/run/events?severity=critical&search=CRAH+failed":          `"total":1`,
		"/api/runs/run/events?severity=detail&limit=3":                       `"more":true`,
		"/api/runs/run/ticks?buckets=24":                                     `"bucket_s":3600`,
		"/api/runs/run/jobs":                                                 `"density"`,
		"/api/runs/run/now":                                                  `"faults":[]`,
		"/api/runs/run/summary":                                              `"verdict":"missed"`,
		"/api/runs/run/report":                                               "1 of 2 expectations missed",
		"/api/runs/run/files":                                                `"name":"metrics/rack.parquet"`,
		"/api/runs/run/files/metrics/site.parquet":                           "PAR1",
		"/api/compare?a=run&b=run":                                           `"inputs":[]`,
		"/plain":                                                             `<a href="/api/runs/run/report">`,
	} {
		if r := ask(s, "GET", target, ""); r.code != http.StatusOK || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d, without %s\n%.600s", target, r.code, want, r.body)
		}
	}
	for target, code := range map[string]string{
		"/api/runs/none": wire.CodeUnknownRun, "/api/nothing": wire.CodeUnknownOp, "/api/runs/run/history?channel=rack.pwr": wire.CodeUnknownChannel,
		"/api/runs/run/history?channel=gpu.power": wire.CodeUnknownChannel, "/api/runs/run/values?subject=rack-99": wire.CodeUnknownSubject,
		"/api/runs/run/history?channel=rack.power&points=0": wire.CodeBadValue, "/api/runs/run/history?channel=rack.power&level=crah": wire.CodeBadValue,
		"/api/runs/run/history?channel=rack.power&from=9&to=1": wire.CodeBadValue, "/api/runs/run/events?severity=loud": wire.CodeBadValue,
		"/api/runs/run/value?channel=rack.power&index=-1": wire.CodeUnknownSubject, "/api/runs/run/value?channel=rack.power&index=NaN": wire.CodeBadValue,
		"/api/runs/run/tree?event=99999": wire.CodeUnknownSubject, "/api/runs/run/plant": wire.CodeUnknownSubject,
	} {
		var e wire.Error
		r := ask(s, "GET", target, "")
		if err := json.Unmarshal([]byte(r.body), &e); err != nil || e.Code != code || r.code < 400 || e.Text == "" {
			t.Errorf("%s: %d %s, want %s", target, r.code, r.body, code)
		}
	}
	if r := ask(s, "GET", "/api/runs/run/files/metrics/rack.parquet", "", "Range", "bytes=0-3"); r.code != http.StatusPartialContent || r.body != "PAR1" {
		t.Errorf("range: %d", r.code)
	}
	for target, body := range map[string]string{
		"/api/runs/run/actions": `{"verb":"fail","selector":"crah"}`, "/api/runs/run/control": `{"do":"pause"}`, "/api/runs/run/fork": `{"t":0}`,
	} {
		if r := ask(s, "POST", target, body); r.code != http.StatusConflict {
			t.Errorf("%s on a recorded run: %d %s", target, r.code, r.body)
		}
	}
	if r := ask(s, "DELETE", "/api/runs/run", ""); r.code != http.StatusForbidden {
		t.Errorf("a recorded run is discarded: %d", r.code)
	}
}

// What another site's page, another host name or a form could send is refused.
func TestForeignRequests(t *testing.T) {
	s := recorded(t, Config{Hosts: []string{"twin.example.org"}})
	for _, c := range []struct {
		method string
		header []string
		want   int
	}{
		{"GET", nil, 200},
		{"GET", []string{"Host", "localhost:7433"}, 200},
		{"GET", []string{"Host", "[::1]:7433"}, 200},
		{"GET", []string{"Host", "twin.example.org"}, 200},
		{"GET", []string{"Host", "evil.example.org"}, 403},
		{"GET", []string{"Host", "127.0.0.1.evil.org:7433"}, 403},
		{"GET", []string{"Host", ""}, 403},
		{"GET", []string{"Origin", "http://127.0.0.1:7433"}, 200},
		{"GET", []string{"Origin", "https://127.0.0.1:7433"}, 403},
		{"GET", []string{"Origin", "http://127.0.0.1:7434"}, 403},
		{"GET", []string{"Origin", "http://evil.example.org"}, 403},
		{"GET", []string{"Origin", "null"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		{"POST", []string{"X-Halltwin", ""}, 403},
		{"POST", []string{"Content-Type", "text/plain"}, 400},
		{"POST", []string{"Content-Type", "application/x-www-form-urlencoded"}, 400},
	} {
		target := "/api/runs"
		if c.method == "POST" {
			target = "/api/runs/run/control"
		}
		if r := ask(s, c.method, target, `{"do":"pause"}`, c.header...); r.code != c.want {
			t.Errorf("%s %v: %d, want %d", c.method, c.header, r.code, c.want)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	s := recorded(t, Config{})
	for _, target := range []string{
		"/api/runs/run/files/own-notes.txt", "/api/runs/run/files/../secret", "/api/runs/run/files/..%2fsecret", "/api/runs/run/files//etc/passwd",
		"/api/runs/run/files/metrics/../../secret", "/api/runs/run/files/./manifest.json", "/api/runs/run/files/", "/api/runs/../files/secret",
		"/../secret", "/assets/../../server.go", "/..%2f..%2fsecret.txt", "/web.go", "/.keep/x.js", `/api/runs/run/files/..\secret`, "/api/runs/run/files/manifest.json%00",
	} {
		r := ask(s, "GET", target, "")
		if r.code == http.StatusOK && !strings.Contains(r.header.Get("Content-Type"), "text/html") || strings.Contains(r.body, "secret") && r.code == 200 {
			t.Errorf("%s: %d %.80s", target, r.code, r.body)
		}
	}
}

func TestHeaders(t *testing.T) {
	s := recorded(t, Config{})
	for _, target := range []string{"/", "/floor", "/plain", "/api/runs", "/api/runs/run/report", "/api/nothing", "/assets/none.js"} {
		r := ask(s, "GET", target, "")
		csp := r.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") ||
			!strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: %s", target, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin"} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", target, name, got)
			}
		}
		for _, style := range styles([]byte(r.body)) {
			if !strings.Contains(csp, "style-src 'sha256-") {
				t.Errorf("%s: a style of %d bytes is not allowed by %s", target, len(style), csp)
			}
		}
	}
}

const (
	annsToken = "annsannsannsanns"
	bobsToken = "bobsbobsbobsbobs"
)

func guarded(t *testing.T) *Server {
	t.Helper()
	tokens, err := ParseTokens("# who may come in\noperator ann " + annsToken + "\nviewer bob " + bobsToken + "\n")
	if err != nil || len(tokens) != 2 {
		t.Fatal(tokens, err)
	}
	return recorded(t, Config{Tokens: tokens})
}

func TestRoles(t *testing.T) {
	s := guarded(t)
	ann, bob := []string{"Authorization", "Bearer " + annsToken}, []string{"Authorization", "Bearer " + bobsToken}
	for _, c := range []struct {
		method, target string
		header         []string
		want           int
	}{
		{"GET", "/api/server", nil, 200},
		{"GET", "/api/runs", nil, 401},
		{"GET", "/plain", nil, 401},
		{"GET", "/api/runs/run/files/manifest.json", nil, 401},
		{"POST", "/api/ticket", nil, 401},
		{"GET", "/api/runs", bob, 200},
		{"GET", "/api/runs", ann, 200},
		{"GET", "/api/runs", []string{"Authorization", "Bearer " + annsToken + "x"}, 401},
		{"GET", "/api/runs", []string{"Authorization", "Bearer "}, 401},
		{"GET", "/api/runs", []string{"Cookie", "halltwin=" + annsToken}, 401},
		{"POST", "/api/runs/run/control", bob, 403},
		{"POST", "/api/runs/run/fork", bob, 403},
		{"DELETE", "/api/runs/run", bob, 403},
		{"POST", "/api/runs/run/actions", bob, 403},
		{"POST", "/api/runs/run/control", ann, 409},
	} {
		if r := ask(s, c.method, c.target, `{}`, c.header...); r.code != c.want {
			t.Errorf("%s %s %v: %d %s, want %d", c.method, c.target, c.header, r.code, r.body, c.want)
		}
	}
	if r := ask(s, "GET", "/api/server", ""); strings.Contains(r.body, `"run"`) || !strings.Contains(r.body, `"login":true`) {
		t.Errorf("a stranger hears %s", r.body)
	}
}

func TestLogin(t *testing.T) {
	s := guarded(t)
	r := ask(s, "POST", "/api/login", `{"token":"`+bobsToken+`"}`)
	cookie := r.header.Get("Set-Cookie")
	if r.code != 200 || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, bobsToken) {
		t.Fatalf("login: %d %s %s", r.code, r.body, cookie)
	}
	pair, _, _ := strings.Cut(cookie, ";")
	if r := ask(s, "GET", "/api/server", "", "Cookie", pair); !strings.Contains(r.body, `"role":"viewer","who":"bob"`) {
		t.Errorf("with the cookie: %s", r.body)
	}
	if r := ask(s, "POST", "/api/logout", ``, "Cookie", pair); r.code != 200 {
		t.Errorf("logout: %d", r.code)
	}
	if r := ask(s, "GET", "/api/runs", "", "Cookie", pair); r.code != 401 {
		t.Errorf("after the logout: %d", r.code)
	}
	codes := map[int]int{}
	for i := range 20 {
		codes[ask(s, "POST", "/api/login", fmt.Sprintf(`{"token":"guess-%d"}`, i)).code]++
	}
	if codes[401] > loginOnce || codes[429] < 10 {
		t.Errorf("guesses: %v", codes)
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"operator ann short": "fewer than", "king ann " + annsToken: "the roles are", "operator " + annsToken: "ROLE NAME SECRET",
		"operator ann " + annsToken + ",viewer bob " + annsToken: "the same token",
	} {
		_, err := ParseTokens(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), annsToken) || strings.Contains(err.Error(), "short") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWhatMayBeServed(t *testing.T) {
	token, err := NewToken(Viewer, "bob", bobsToken)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		address string
		config  Config
		want    string
	}{
		{"127.0.0.1:0", Config{}, ""}, {"localhost:80", Config{}, ""}, {"[::1]:80", Config{}, ""},
		{"0.0.0.0:80", Config{}, "nobody would be asked"}, {":80", Config{TLS: true}, "nobody would be asked"},
		{"192.0.2.1:80", Config{Tokens: []Token{token}}, "unencrypted"}, {"192.0.2.1:80", Config{Tokens: []Token{token}, TLS: true}, ""},
		{"twin.example.org:80", Config{}, "nobody would be asked"}, {"nonsense", Config{}, "no address"},
	} {
		err := c.config.Check(c.address)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.address, err, c.want)
		}
	}
}

func TestTicketsWorkOnce(t *testing.T) {
	g, now := newGate(nil), time.Now()
	who := identity{"ann", Operator}
	ticket := g.ticket(who, now)
	if got, ok := g.redeem(ticket, now); !ok || got != who {
		t.Error("a ticket is refused")
	}
	if _, ok := g.redeem(ticket, now); ok {
		t.Error("a ticket works twice")
	}
	if _, ok := g.redeem(g.ticket(who, now), now.Add(ticketLife+time.Second)); ok {
		t.Error("a ticket works for ever")
	}
	for range 3 * mostTickets {
		g.ticket(who, now)
	}
	if len(g.tickets) > mostTickets {
		t.Errorf("%d tickets", len(g.tickets))
	}
}

func TestFloods(t *testing.T) {
	s := recorded(t, Config{})
	codes := map[int]int{}
	for range 3 * requestsOnce {
		codes[ask(s, "GET", "/api/server", "").code]++
	}
	if codes[200] > requestsOnce+requestsRate || codes[429] == 0 {
		t.Errorf("a flood: %v", codes)
	}
	s = recorded(t, Config{})
	if r := ask(s, "POST", "/api/runs/run/control", `{"do":"`+strings.Repeat("x", mostBody)+`"}`); r.code != 400 {
		t.Errorf("a body of %d bytes: %d", mostBody, r.code)
	}
	for _, body := range []string{``, `[]`, `{"do":1}`, `{"do":"pause"}{}`, `{"do":"pause","x":1}`, strings.Repeat(`{"do":`, 1000)} {
		if r := ask(s, "POST", "/api/runs/run/control", body); r.code != 400 {
			t.Errorf("%.40s: %d", body, r.code)
		}
	}
}

// dial connects to a server as a browser does.
func dial(t testing.TB, h *httptest.Server) *websocket.Conn {
	t.Helper()
	c, err := connect(h, ticket(t, h), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func ticket(t testing.TB, h *httptest.Server) string {
	t.Helper()
	q, err := http.NewRequest("POST", h.URL+"/api/ticket", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Halltwin", "1")
	r, err := h.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var out struct{ Ticket string }
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil || out.Ticket == "" {
		t.Fatal(err)
	}
	return out.Ticket
}

func connect(h *httptest.Server, ticket string, header http.Header) (*websocket.Conn, error) {
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.TicketPrefix + ticket}, EnableCompression: true, HandshakeTimeout: 5 * time.Second}
	c, r, err := d.Dial("ws"+strings.TrimPrefix(h.URL, "http")+"/api/socket", header) //nolint:bodyclose // that of a websocket is closed with it
	if err != nil {
		if r != nil {
			err = fmt.Errorf("%s: %w", r.Status, err)
		}
		return nil, err
	}
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	return c, nil
}

func serving(t testing.TB, s *Server) *httptest.Server {
	t.Helper()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h
}

func TestConnections(t *testing.T) {
	h := serving(t, recorded(t, Config{}))
	used := ticket(t, h)
	c, err := connect(h, used, http.Header{"Origin": {h.URL}})
	if err != nil || c.Subprotocol() != wire.Subprotocol {
		t.Fatal(err)
	}
	_ = c.Close()
	for what, try := range map[string]func() (*websocket.Conn, error){
		"a used ticket": func() (*websocket.Conn, error) { return connect(h, used, nil) },
		"no ticket":     func() (*websocket.Conn, error) { return connect(h, "", nil) },
		"another origin": func() (*websocket.Conn, error) {
			return connect(h, ticket(t, h), http.Header{"Origin": {"http://evil.example.org"}})
		},
		"another host": func() (*websocket.Conn, error) {
			return connect(h, ticket(t, h), http.Header{"Host": {"evil.example.org"}})
		},
	} {
		if c, err := try(); err == nil {
			_ = c.Close()
			t.Errorf("%s is let in", what)
		}
	}
}

// Those who do not keep to the protocol are sent away, with the code that the specification says; others are not harmed.
func TestHostileViewers(t *testing.T) {
	h := serving(t, recorded(t, Config{}))
	good := dial(t, h)
	for _, c := range []struct {
		what string
		send func(*websocket.Conn) error
		code int
	}{
		{"no JSON", func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte("{")) }, websocket.ClosePolicyViolation},
		{"unknown fields", func(c *websocket.Conn) error {
			return c.WriteMessage(websocket.TextMessage, []byte(`{"op":"ping","x":1}`))
		}, websocket.ClosePolicyViolation},
		{"binary", func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, make([]byte, 100)) }, websocket.CloseUnsupportedData},
		{"oversize", func(c *websocket.Conn) error {
			c.EnableWriteCompression(false)
			return c.WriteMessage(websocket.TextMessage, make([]byte, wire.MaxMessage+1))
		}, websocket.CloseMessageTooBig},
		{"a compressed bomb", func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, make([]byte, 4<<20)) }, websocket.CloseMessageTooBig},
		{"a flood", func(c *websocket.Conn) error {
			for range 3 * requestBurst {
				if err := c.WriteMessage(websocket.TextMessage, []byte(`{"op":"ping"}`)); err != nil {
					return err
				}
			}
			return nil
		}, websocket.ClosePolicyViolation},
	} {
		conn := dial(t, h)
		err := c.send(conn)
		for err == nil {
			_, _, err = conn.ReadMessage()
		}
		// Who still sends when the connection is closed may miss the reason.
		if !websocket.IsCloseError(err, c.code) && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") {
			t.Errorf("%s: %v, want %d", c.what, err, c.code)
		}
	}
	if err := good.WriteJSON(wire.Request{Op: "ping", ID: 5}); err != nil {
		t.Fatal(err)
	}
	if m := until(t, good, "pong"); m["id"] != 5.0 {
		t.Errorf("pong %v", m)
	}
}

// until reads on to a message of a type.
func until(t testing.TB, c *websocket.Conn, kind string) map[string]any {
	t.Helper()
	for {
		k, b, err := c.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if k != websocket.TextMessage {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if m["type"] == kind {
			return m
		}
		if m["type"] == "error" && kind != "error" {
			t.Fatalf("waiting for %s: %s", kind, b)
		}
	}
}
