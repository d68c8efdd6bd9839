package viz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/viz/wire"
)

// cookieName is that of the session; over TLS the prefix keeps other sites and paths from setting it.
func (s *Server) cookieName() string {
	if s.config.TLS {
		return "__Host-halltwin"
	}
	return "halltwin"
}

// handler answers a request of somebody for something: a value to be written as JSON, an error, or nothing where it has
// answered by itself.
type handler func(w http.ResponseWriter, r *http.Request, who identity) (any, error)

// routes is the whole of what is served; package wire describes it.
func (s *Server) routes() {
	get := func(path string, h handler) { s.mux.Handle("GET "+path, s.answer(Viewer, h)) }
	do := func(method, path string, h handler) { s.mux.Handle(method+" "+path, s.answer(Operator, h)) }
	ofRun := func(h func(http.ResponseWriter, *http.Request, *Run) (any, error)) handler {
		return func(w http.ResponseWriter, r *http.Request, _ identity) (any, error) {
			run := s.run(r.PathValue("run"))
			if run == nil {
				return nil, s.missing(r.PathValue("run"))
			}
			return h(w, r, run)
		}
	}
	s.mux.HandleFunc("GET /api/server", s.getServer)
	s.mux.HandleFunc("POST /api/login", s.postLogin)
	s.mux.HandleFunc("POST /api/logout", s.postLogout)
	s.mux.HandleFunc("GET /api/socket", s.socket)
	s.mux.Handle("POST /api/ticket", s.answer(Viewer, s.postTicket))
	get("/api/runs", s.getRuns)
	get("/api/compare", s.getCompare)
	get("/api/runs/{run}", ofRun(func(_ http.ResponseWriter, _ *http.Request, r *Run) (any, error) { return r.info(true), nil }))
	get("/api/runs/{run}/site", ofRun(getSite))
	get("/api/runs/{run}/plant", ofRun(getPlant))
	get("/api/runs/{run}/channels", ofRun(getChannels))
	get("/api/runs/{run}/values", ofRun(getValues))
	get("/api/runs/{run}/value", ofRun(getValues))
	get("/api/runs/{run}/now", ofRun(getNow))
	get("/api/runs/{run}/history", ofRun(s.scanning(getHistory)))
	get("/api/runs/{run}/export", ofRun(s.scanning(getExport)))
	get("/api/runs/{run}/events", ofRun(getEvents))
	get("/api/runs/{run}/tree", ofRun(getTree))
	get("/api/runs/{run}/ticks", ofRun(getTicks))
	get("/api/runs/{run}/jobs", ofRun(getJobs))
	get("/api/runs/{run}/reality", ofRun(s.getReality))
	s.mux.Handle("POST /api/runs/{run}/outlook", s.answer(Viewer, s.postOutlook))
	get("/api/runs/{run}/summary", ofRun(getSummary))
	get("/api/runs/{run}/report", ofRun(getReport))
	get("/api/runs/{run}/files", ofRun(getFiles))
	get("/api/runs/{run}/files/{name...}", ofRun(getFile))
	get("/plain", s.getPlain)
	do("DELETE", "/api/runs/{run}", s.deleteRun)
	s.mux.Handle("POST /api/runs/{run}/actions", s.answer(Viewer, s.postAction)) // it looks at the role itself: a dry run is for all
	do("POST", "/api/runs/{run}/control", s.postControl)
	do("POST", "/api/runs/{run}/fork", s.postFork)
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, &wire.Error{Code: wire.CodeUnknownOp, Text: "nothing is served at " + clip(r.Method+" "+r.URL.Path)})
	})
	s.mux.HandleFunc("/", s.static)
}

// who finds out who asks.
func (s *Server) who(r *http.Request) (identity, bool) {
	if s.gate.open() {
		return identity{"local", Operator}, true
	}
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.gate.known(secret)
	}
	if c, err := r.Cookie(s.cookieName()); err == nil {
		return s.gate.recall(c.Value, time.Now())
	}
	return identity{}, false
}

// answer lets a handler answer to those of at least a role.
func (s *Server) answer(least Role, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := s.who(r)
		switch {
		case !ok:
			refuse(w, http.StatusUnauthorized, &wire.Error{Code: wire.CodeLogin, Text: "log in first", Fix: "POST /api/login"})
			return
		case least == Operator && who.role != Operator:
			refuse(w, http.StatusForbidden, &wire.Error{Code: wire.CodeForbidden, Text: "a " + string(who.role) + " may look, and not act"})
			return
		}
		v, err := h(w, r, who)
		var e *wire.Error
		switch {
		case errors.As(err, &e):
			refuse(w, statusOf(e.Code), e)
		case err != nil:
			refuse(w, http.StatusInternalServerError, &wire.Error{Code: wire.CodeInternal, Text: err.Error()})
		case v != nil:
			reply(w, r, v)
		}
	})
}

func statusOf(code string) int {
	switch code {
	case wire.CodeUnknownRun, wire.CodeUnknownChannel, wire.CodeUnknownSubject, wire.CodeUnknownOp:
		return http.StatusNotFound
	case wire.CodeForbidden:
		return http.StatusForbidden
	case wire.CodeLogin:
		return http.StatusUnauthorized
	case wire.CodeTooMany:
		return http.StatusTooManyRequests
	case wire.CodeNotLive:
		return http.StatusConflict
	case wire.CodeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, status int, e *wire.Error) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e) // who asked may have gone
}

// scanning lets few requests at a time read much.
func (s *Server) scanning(h func(http.ResponseWriter, *http.Request, *Run) (any, error)) func(http.ResponseWriter, *http.Request, *Run) (any, error) {
	return func(w http.ResponseWriter, r *http.Request, run *Run) (any, error) {
		select {
		case s.scans <- struct{}{}:
			defer func() { <-s.scans }()
			return h(w, r, run)
		case <-r.Context().Done():
			return nil, context.Cause(r.Context())
		}
	}
}

// body reads the JSON of a request.
func body(w http.ResponseWriter, r *http.Request, into any) *wire.Error {
	bad := func(format string, args ...any) *wire.Error {
		return &wire.Error{Code: wire.CodeMalformed, Text: fmt.Sprintf(format, args...)}
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return bad("the content type must be application/json")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return bad("%s", clip(err.Error()))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad("something follows the object")
	}
	return nil
}

func (s *Server) describe(who identity) *wire.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &wire.Server{Version: s.config.Version, Protocol: wire.Version, Login: !s.gate.open(), Role: string(who.role), Who: who.name}
	if who.role != "" {
		d.Run = s.first
	}
	return d
}

func (s *Server) getServer(w http.ResponseWriter, r *http.Request) {
	who, _ := s.who(r)
	reply(w, r, s.describe(who))
}

func (s *Server) postLogin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Token string `json:"token"`
	}
	if e := body(w, r, &in); e != nil {
		refuse(w, http.StatusBadRequest, e)
		return
	}
	if !s.logins.take(address(r), time.Now()) {
		w.Header().Set("Retry-After", "2")
		refuse(w, http.StatusTooManyRequests, &wire.Error{Code: wire.CodeTooMany, Text: "too many attempts", Fix: "wait a little"})
		return
	}
	who, ok := s.gate.known(in.Token)
	if !ok {
		refuse(w, http.StatusUnauthorized, &wire.Error{Code: wire.CodeLogin, Text: "this token is not known"})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: s.gate.session(who, time.Now()), Path: "/", HttpOnly: true,
		Secure: s.config.TLS, SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife.Seconds())})
	reply(w, r, s.describe(who))
}

func (s *Server) postLogout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cookieName()); err == nil {
		s.gate.logout(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Path: "/", HttpOnly: true, Secure: s.config.TLS,
		SameSite: http.SameSiteStrictMode, MaxAge: -1})
	reply(w, r, s.describe(identity{}))
}

func (s *Server) postTicket(_ http.ResponseWriter, _ *http.Request, who identity) (any, error) {
	return map[string]any{"ticket": s.gate.ticket(who, time.Now()), "expires_s": int(ticketLife.Seconds())}, nil
}

func (s *Server) getRuns(http.ResponseWriter, *http.Request, identity) (any, error) {
	s.mu.Lock()
	all := append([]*Run(nil), s.runs...)
	s.mu.Unlock()
	list := []*wire.RunInfo{}
	for i := len(all) - 1; i >= 0; i-- {
		switch {
		case all[i].begun():
			list = append(list, all[i].info(false))
		case all[i].shelf != nil:
			if info := all[i].shelf.info.Load(); info != nil {
				list = append(list, info)
			}
		}
	}
	return map[string]any{"runs": list}, nil
}

// number reads a numerical parameter of a request, with the value that it has when left out.
func number(r *http.Request, name string, otherwise float64) (float64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != v {
		return 0, &wire.Error{Code: wire.CodeBadValue, Text: fmt.Sprintf("%s=%s is no number", name, clip(text))}
	}
	return v, nil
}

// count reads a parameter that is a whole number from 1 to most.
func count(r *http.Request, name string, otherwise, most int) (int, error) {
	v, err := number(r, name, float64(otherwise))
	if err != nil {
		return 0, err
	}
	if !(v >= 1 && v <= float64(most)) {
		return 0, &wire.Error{Code: wire.CodeBadValue, Text: fmt.Sprintf("%s lies from 1 to %d", name, most)}
	}
	return int(v), nil
}

// span reads the parameters from and to.
func span(r *http.Request, from, to float64) (lo, hi float64, err error) {
	if lo, err = number(r, "from", from); err != nil {
		return 0, 0, err
	}
	if hi, err = number(r, "to", to); err != nil {
		return 0, 0, err
	}
	if hi < lo {
		return 0, 0, &wire.Error{Code: wire.CodeBadValue, Text: "to is before from"}
	}
	return lo, hi, nil
}
