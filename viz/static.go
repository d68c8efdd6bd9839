package viz

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the plain page
	"encoding/base64"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/halltwin/halltwin/viz/wire"
)

//go:embed plain.html
var plainSource string

var plain = template.Must(template.New("plain").Parse(plainSource))

// pagePolicy allows the front end what is its own, and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"worker-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// static sends a file of the front end; a path without an ending is one of its views.
func (s *Server) static(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuse(w, http.StatusMethodNotAllowed, &wire.Error{Code: wire.CodeUnknownOp, Text: "pages are only read"})
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if path.Ext(name) == "" {
		name = "index.html"
	}
	b, err := fs.ReadFile(s.pages, name)
	if err != nil {
		if name == "index.html" {
			http.Redirect(w, r, "/plain", http.StatusSeeOther) // the front end was not built
			return
		}
		refuse(w, http.StatusNotFound, &wire.Error{Code: wire.CodeUnknownOp, Text: "there is no file " + clip(name)})
		return
	}
	h := w.Header()
	h.Set("Content-Type", staticType(name))
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") { // their names change with their contents
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Add("Vary", "Accept-Encoding")
	if packed, err := fs.ReadFile(s.pages, name+".gz"); err == nil && takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		b = packed
	}
	_, _ = w.Write(b) // who asked may have gone
}

// staticType is the type of a file of the front end; the machine's own table is not asked, which may say anything.
func staticType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	case ".json", ".webmanifest":
		return "application/json"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// getPlain lists the runs without any script: it is all there is where the front end was not built.
func (s *Server) getPlain(w http.ResponseWriter, r *http.Request, _ identity) (any, error) {
	list, err := s.getRuns(w, r, identity{})
	if err != nil {
		return nil, err
	}
	_, missing := fs.Stat(s.pages, "index.html")
	var b bytes.Buffer
	if err := plain.Execute(&b, map[string]any{"Runs": list.(map[string]any)["runs"], "Bare": missing != nil}); err != nil {
		return nil, err
	}
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src"
	for _, style := range styles(b.Bytes()) {
		sum := sha256.Sum256([]byte(style))
		policy += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	send(w, r, b.Bytes())
	return nil, nil
}
