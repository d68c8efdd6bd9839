package viz

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/halltwin/halltwin/viz/wire"
)

// Deadlines of a connection.
const (
	writeWait = 10 * time.Second
	pingEvery = 20 * time.Second
	pongWait  = 60 * time.Second
)

// Requests of a viewer: on average, and at once.
const (
	requestRate  = 50
	requestBurst = 200
)

// viewer is one websocket.
type viewer struct {
	server *Server
	conn   *websocket.Conn
	who    identity
	queue  *queue
	done   chan struct{}
	once   sync.Once

	mu   sync.Mutex
	runs map[string]*attendance
}

// socket takes a websocket. Who asks has been checked; who she is, the ticket says.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	ticket := ""
	protocols := websocket.Subprotocols(r)
	for _, p := range protocols {
		if t, ok := strings.CutPrefix(p, wire.TicketPrefix); ok {
			ticket = t
		}
	}
	who, ok := s.gate.redeem(ticket, time.Now())
	if !ok || !slices.Contains(protocols, wire.Subprotocol) {
		refuse(w, http.StatusUnauthorized, &wire.Error{Code: wire.CodeLogin, Text: "a connection needs a ticket that was not used yet",
			Fix: "POST /api/ticket, then connect with the subprotocols " + wire.Subprotocol + " and " + wire.TicketPrefix + "TICKET"})
		return
	}
	if !s.enter() {
		refuse(w, http.StatusServiceUnavailable, &wire.Error{Code: wire.CodeTooMany, Text: "too many viewers are connected"})
		return
	}
	up := websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second, ReadBufferSize: 4 << 10, WriteBufferPool: &s.buffers, WriteBufferSize: 16 << 10,
		Subprotocols: []string{wire.Subprotocol}, EnableCompression: true,
		CheckOrigin: func(*http.Request) bool { return true }, // ServeHTTP has
	}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		s.exit(nil)
		return // it has answered
	}
	v := &viewer{server: s, conn: conn, who: who, queue: newQueue(), done: make(chan struct{}), runs: map[string]*attendance{}}
	s.admit(v)
	_ = conn.SetCompressionLevel(1) // the level is a valid one
	v.queue.answer(&wire.Hello{Type: "hello", Protocol: wire.Version, Version: s.config.Version, Role: string(who.role), Who: who.name})
	go v.write()
	go v.play()
	v.read()
	v.end()
	s.exit(v)
}

// end lets go of everything, once.
func (v *viewer) end() {
	v.once.Do(func() {
		close(v.done)
		v.queue.wake()
		_ = v.conn.Close() // nobody is left to tell
		v.mu.Lock()
		left := v.runs
		v.runs = map[string]*attendance{}
		v.mu.Unlock()
		for _, a := range left {
			a.run.hub.leave(a)
		}
	})
}

// say closes the connection with a code and a reason.
func (v *viewer) say(code int, why string) {
	message := websocket.FormatCloseMessage(code, clip(why))
	_ = v.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second)) // it is closed anyway
}

// read answers requests until the connection ends.
func (v *viewer) read() {
	v.conn.SetReadLimit(wire.MaxMessage)
	_ = v.conn.SetReadDeadline(time.Now().Add(pongWait))
	v.conn.SetPongHandler(func(string) error { return v.conn.SetReadDeadline(time.Now().Add(pongWait)) })
	bucket := newBucket(requestRate, requestBurst)
	for {
		kind, r, err := v.conn.NextReader()
		if err != nil {
			return // gorilla has said why, if it was her mistake
		}
		// The limit above is of what comes over the wire, which may be compressed.
		b, err := io.ReadAll(io.LimitReader(r, wire.MaxMessage+1))
		if err != nil {
			return
		}
		switch {
		case len(b) > wire.MaxMessage:
			v.say(websocket.CloseMessageTooBig, "a message is too long")
			return
		case kind != websocket.TextMessage:
			v.say(websocket.CloseUnsupportedData, "requests are text")
			return
		case !bucket.take(time.Now()):
			v.say(websocket.ClosePolicyViolation, "too many requests")
			return
		}
		request, err := wire.ParseRequest(b)
		if err != nil {
			var e *wire.Error
			if errors.As(err, &e) && e.Code != wire.CodeMalformed {
				v.queue.answer(e)
				continue
			}
			v.say(websocket.ClosePolicyViolation, err.Error())
			return
		}
		if e := v.do(request); e != nil {
			e.Type, e.ID = "error", request.ID
			v.queue.answer(e)
		}
	}
}

// do carries out a request.
func (v *viewer) do(r *wire.Request) *wire.Error {
	switch r.Op {
	case "ping":
		v.queue.answer(&wire.Done{Type: "pong", ID: r.ID})
		return nil
	case "open":
		return v.open(r)
	}
	v.mu.Lock()
	a := v.runs[r.Run]
	v.mu.Unlock()
	if a == nil {
		return &wire.Error{Code: wire.CodeNotOpen, Text: "run " + clip(r.Run) + " is not open here", Fix: "open it first"}
	}
	switch r.Op {
	case "close":
		v.leave(a)
		v.queue.answer(&wire.Done{Type: "closed", ID: r.ID, Run: r.Run})
		return nil
	case "subscribe":
		if e := a.subscribe(r.Subscriptions); e != nil {
			return e
		}
		v.queue.answer(&wire.Done{Type: "subscribed", ID: r.ID, Run: r.Run})
		return nil
	case "keyframe":
		a.keyframes()
		v.queue.answer(&wire.Done{Type: "keyframe", ID: r.ID, Run: r.Run})
		return nil
	case "seek":
		a.seek(*r.T, 0)
	case "play":
		a.play(*r.Speed)
	case "pause":
		a.pause()
	case "step":
		a.step(r.Steps)
	case "follow":
		a.head()
	}
	v.queue.answer(a.status(r.ID, a.run.standing()))
	return nil
}

func (v *viewer) open(r *wire.Request) *wire.Error {
	run := v.server.run(r.Run)
	if run == nil {
		return v.server.missing(r.Run)
	}
	a := newAttendance(v, run, r.Events)
	v.mu.Lock()
	old := v.runs[r.Run]
	if old == nil && len(v.runs) >= wire.MaxRuns {
		v.mu.Unlock()
		return &wire.Error{Code: wire.CodeTooMany, Text: "too many runs are open", Fix: "close one"}
	}
	v.runs[r.Run] = a
	v.mu.Unlock()
	if old != nil {
		old.run.hub.leave(old)
		v.queue.forget(old)
	}
	st := run.standing()
	v.queue.answer(&wire.Opened{Type: "opened", ID: r.ID, Run: r.Run, Number: run.number, Mode: st.mode, Status: a.status(0, st)})
	run.hub.join(a)
	select {
	case <-v.done: // she left meanwhile
		run.hub.leave(a)
	default:
	}
	return nil
}

// leave ends attending a run.
func (v *viewer) leave(a *attendance) {
	v.mu.Lock()
	if v.runs[a.run.spec.ID] == a {
		delete(v.runs, a.run.spec.ID)
	}
	v.mu.Unlock()
	a.run.hub.leave(a)
	v.queue.forget(a)
}

// gone ends attending a run that is no more.
func (v *viewer) gone(r *Run, why string) {
	v.mu.Lock()
	a := v.runs[r.spec.ID]
	v.mu.Unlock()
	if a != nil && a.run == r {
		v.leave(a)
		v.queue.answer(&wire.Done{Type: "closed", Run: r.spec.ID, Why: why})
	}
}

// play moves the cursors of the viewer.
func (v *viewer) play() {
	tick := time.NewTicker(frameRest)
	defer tick.Stop()
	for {
		select {
		case <-v.done:
			return
		case now := <-tick.C:
			v.mu.Lock()
			all := make([]*attendance, 0, len(v.runs))
			for _, a := range v.runs {
				all = append(all, a)
			}
			v.mu.Unlock()
			for _, a := range all {
				a.advance(now)
			}
		}
	}
}

// write sends what is queued.
func (v *viewer) write() {
	defer v.end()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-v.done:
			return
		case <-ping.C:
			if v.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait)) != nil {
				return
			}
			continue
		case <-v.queue.signal:
		}
		for {
			i, ok, over := v.queue.take()
			if over {
				v.say(websocket.ClosePolicyViolation, "answers are not read")
				return
			}
			if !ok {
				break
			}
			_ = v.conn.SetWriteDeadline(time.Now().Add(writeWait))
			var err error
			if i.prepared != nil {
				err = v.conn.WritePreparedMessage(i.prepared)
			} else {
				v.conn.EnableWriteCompression(len(i.text) > 512)
				err = v.conn.WriteMessage(websocket.TextMessage, i.text)
				v.conn.EnableWriteCompression(true)
			}
			if err != nil {
				return
			}
		}
	}
}
