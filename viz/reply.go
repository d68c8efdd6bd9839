package viz

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
)

// worthPacking is from how many bytes on an answer is compressed.
const worthPacking = 2 << 10

// reply writes a value as JSON, compressed where the browser takes that.
func reply(w http.ResponseWriter, r *http.Request, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		refuse(w, http.StatusInternalServerError, internal(err))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	send(w, r, b)
}

// send writes what has been made.
func send(w http.ResponseWriter, r *http.Request, b []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(b) < worthPacking || !takesGzip(r) {
		_, _ = w.Write(b) // who asked may have gone
		return
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // the level is a valid one
	_, _ = z.Write(b)                                    // a buffer takes everything
	_ = z.Close()
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(packed.Bytes())
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.TrimSpace(weight) != "q=0" {
			return true
		}
	}
	return false
}
