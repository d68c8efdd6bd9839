package viz

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/halltwin/halltwin/viz/wire"
)

// A server as it is beyond the loopback interface: with a certificate of its own and tokens. The session is a cookie that only
// TLS carries, and a viewer gets a connection with it, and no acts.
func TestGuardedOverTLS(t *testing.T) {
	token, err := NewToken(Viewer, "bob", bobsToken)
	if err != nil {
		t.Fatal(err)
	}
	cert, fingerprint, err := SelfSigned(nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.Certificate[0])
	if plain := strings.ReplaceAll(strings.ToLower(fingerprint), ":", ""); plain != hex.EncodeToString(sum[:]) {
		t.Errorf("the fingerprint that is printed, %s, is not the certificate's", fingerprint)
	}
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := recorded(t, Config{TLS: true, Tokens: []Token{token}})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, Secure(listener, cert), s) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AddCert(leaf)
	secure := &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: secure}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Jar: jar}
	address := "https://" + listener.Addr().String()
	call := func(method, path, body string) (int, http.Header, string) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), method, address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("X-Halltwin", "1")
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("Origin", address)
		r, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var b bytes.Buffer
		if _, err := io.Copy(&b, r.Body); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, r.Header, b.String()
	}
	if code, h, _ := call("GET", "/api/runs", ""); code != http.StatusUnauthorized || h.Get("Strict-Transport-Security") == "" {
		t.Errorf("who has not said who he is gets %d, %v", code, h)
	}
	if code, _, said := call("POST", "/api/login", `{"token":"`+annsToken+`"}`); code != http.StatusUnauthorized || strings.Contains(said, annsToken) {
		t.Errorf("a token that nobody has: %d %s", code, said)
	}
	code, h, said := call("POST", "/api/login", `{"token":"`+bobsToken+`"}`)
	cookie := h.Get("Set-Cookie")
	if code != http.StatusOK || !strings.Contains(said, `"role":"viewer","who":"bob"`) {
		t.Fatalf("%d %s", code, said)
	}
	for _, want := range []string{"Secure", "HttpOnly", "SameSite=Strict", "__Host-"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %.20s… is not %s", cookie, want)
		}
	}
	if code, _, _ := call("POST", "/api/runs/run/fork", "{}"); code != http.StatusForbidden {
		t.Errorf("a viewer forks: %d", code)
	}
	code, _, said = call("POST", "/api/ticket", "{}")
	_, ticket, ok := strings.Cut(said, `"ticket":"`)
	ticket, _, _ = strings.Cut(ticket, `"`)
	if code != http.StatusOK || !ok {
		t.Fatalf("%d %s", code, said)
	}
	dialer := websocket.Dialer{TLSClientConfig: secure, Subprotocols: []string{wire.Subprotocol, wire.TicketPrefix + ticket}, HandshakeTimeout: 5 * time.Second}
	socket := strings.Replace(address, "https", "wss", 1) + "/api/socket"
	c, r, err := dialer.Dial(socket, http.Header{"Origin": {address}})
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	_ = c.Close()
	if c, r, err := dialer.Dial(socket, http.Header{"Origin": {address}}); err == nil {
		_ = c.Close()
		t.Error("a ticket works twice")
	} else if r != nil {
		_ = r.Body.Close()
	}
	if r, err := http.Get("http://" + listener.Addr().String() + "/api/server"); err == nil {
		if r.StatusCode == http.StatusOK {
			t.Error("it answers without TLS")
		}
		_ = r.Body.Close()
	}
}
