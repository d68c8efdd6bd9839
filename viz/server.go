package viz

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/report"
	"github.com/halltwin/halltwin/twin/record/series"
)

// Recording is a run that can be shown.
type Recording interface {
	Header() *record.Header
	Files() []string // names of its files, with slashes
	FS() fs.FS       // to open them
	Events(func(*record.Event) error) error
	Replay(record.Sink) error
}

const reportFile = "report.html"

// Server shows one recording. It is an http.Handler.
type Server struct {
	run   Recording
	mux   *http.ServeMux
	hosts []string

	once   sync.Once // for a recording without a report of its own
	report []byte
	failed error
}

var _ http.Handler = (*Server)(nil)

// New returns a server of a recording. It answers to the names of the loopback interface, and to the further
// host names given, without ports.
func New(run Recording, hosts ...string) *Server {
	s := &Server{run: run, mux: http.NewServeMux(), hosts: append([]string{"localhost", "127.0.0.1", "::1"}, hosts...)}
	s.mux.HandleFunc("GET /{$}", s.showReport)
	s.mux.HandleFunc("GET /events", s.showEvents)
	s.mux.HandleFunc("GET /data", s.showData)
	s.mux.HandleFunc("GET /files/{name...}", s.file)
	return s
}

// ServeHTTP answers a request, if it comes from this machine's own pages or its user.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", policy())
	h.Set("Cache-Control", "no-cache")
	if why := s.refuses(r); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// refuses says why a request is not answered, or "".
func (s *Server) refuses(r *http.Request) string {
	if !s.own(r.Host) {
		return "this server does not answer to the host name " + clip(r.Host)
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host != r.Host {
			return "a page of another site may not ask this server"
		}
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return "a page of another site may not ask this server"
	}
	return ""
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

func (s *Server) own(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return slices.Contains(s.hosts, host)
}

// policy allows a page its own styles, by their hash, and pictures within it; nothing else.
func policy(styles ...string) string {
	p := "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src data:"
	if len(styles) > 0 {
		p += "; style-src"
		for _, s := range styles {
			sum := sha256.Sum256([]byte(s))
			p += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		}
	}
	return p
}

// showReport shows the report with the way to the other pages above it.
func (s *Server) showReport(w http.ResponseWriter, r *http.Request) {
	page, err := s.readReport()
	if err != nil {
		s.fail(w, err)
		return
	}
	bar, err := navigation(s.run.Header(), "report")
	if err != nil {
		s.fail(w, err)
		return
	}
	page = bytes.Replace(page, []byte("<body>"), append([]byte("<body>"), bar...), 1)
	w.Header().Set("Content-Security-Policy", policy(styles(page)...))
	s.html(w, r, page)
}

// styles returns the contents of a page's style elements.
func styles(page []byte) (list []string) {
	for {
		_, rest, ok := bytes.Cut(page, []byte("<style>"))
		if !ok {
			return list
		}
		style, after, ok := bytes.Cut(rest, []byte("</style>"))
		if !ok {
			return list
		}
		list, page = append(list, string(style)), after
	}
}

// readReport reads the recording's own report, or makes one where it has none: the run was killed.
func (s *Server) readReport() ([]byte, error) {
	if slices.Contains(s.run.Files(), reportFile) {
		return fs.ReadFile(s.run.FS(), reportFile)
	}
	s.once.Do(func() {
		store := series.New(report.Needs)
		if s.failed = s.run.Replay(store); s.failed != nil {
			return
		}
		var b bytes.Buffer
		s.failed = report.Write(&b, store)
		s.report = b.Bytes()
	})
	return s.report, s.failed
}

// file sends one file of the recording, if it lists it.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if !slices.Contains(s.run.Files(), name) {
		http.NotFound(w, r)
		return
	}
	f, err := s.run.FS().Open(name)
	if err != nil {
		s.fail(w, err)
		return
	}
	defer f.Close()
	seeker, ok := f.(io.ReadSeeker)
	if !ok {
		s.fail(w, errors.New("this file cannot be sent"))
		return
	}
	w.Header().Set("Content-Type", contentType(name))
	if !strings.HasPrefix(contentType(name), "text/plain") {
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(name)}))
	}
	http.ServeContent(w, r, name, time.Time{}, seeker)
}

// contentType of a file. What could be taken for a page is sent as text or to be saved, never to be run.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".json", ".jsonl", ".yaml", ".log", ".csv", ".lp":
		return "text/plain; charset=utf-8"
	case ".parquet":
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}

func (s *Server) html(w http.ResponseWriter, r *http.Request, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(page))
}

func (s *Server) fail(w http.ResponseWriter, err error) {
	http.Error(w, "this recording cannot be shown: "+err.Error(), http.StatusInternalServerError)
}
