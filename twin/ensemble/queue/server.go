package queue

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Server is a NATS server in this process, for a sweep that has no other.
type Server struct {
	URL       string // where workers find it
	TokenFile string // what they must know
	server    *server.Server
	dir       string
}

// Serve starts a server that keeps its queue in a directory. Whoever wants in must know the token, which is made up and
// kept there unless access has one; a certificate in access makes it speak TLS.
func Serve(address, dir string, access Access) (*Server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--serve %s: write HOST:PORT, as 0.0.0.0:4222", address)
	}
	o := &server.Options{Host: host, JetStream: true, StoreDir: filepath.Join(dir, "store"), NoSigs: true, NoLog: true, PingInterval: 10 * time.Second}
	if o.Port, err = strconv.Atoi(port); err != nil {
		return nil, fmt.Errorf("--serve %s: %q is no port", address, port)
	}
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Server{dir: dir, TokenFile: access.TokenFile}
	if o.Authorization, err = s.token(access); err != nil {
		return nil, err
	}
	scheme := "nats"
	if access.Cert != "" {
		pair, err := tls.LoadX509KeyPair(access.Cert, access.Key)
		if err != nil {
			return nil, err
		}
		o.TLSConfig, o.TLSTimeout, scheme = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, 5, "tls"
	}
	if s.server, err = server.NewServer(o); err != nil {
		return nil, err
	}
	s.server.Start()
	if !s.server.ReadyForConnections(10 * time.Second) {
		s.server.Shutdown()
		return nil, fmt.Errorf("no NATS server at %s: is the port in use?", address)
	}
	at, ok := s.server.Addr().(*net.TCPAddr)
	if !ok {
		return nil, errors.New("the NATS server listens nowhere")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	s.URL = scheme + "://" + net.JoinHostPort(host, strconv.Itoa(at.Port))
	return s, os.WriteFile(filepath.Join(dir, "url"), []byte(s.URL+"\n"), 0o600) // for scripts that start workers
}

// token returns what connections must know.
func (s *Server) token(access Access) (string, error) {
	switch {
	case access.TokenFile != "":
		b, err := os.ReadFile(access.TokenFile)
		return strings.TrimSpace(string(b)), err
	case access.Token != "":
		return access.Token, nil
	}
	s.TokenFile = filepath.Join(s.dir, "token")
	b, err := os.ReadFile(s.TokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + "\n")
		err = os.WriteFile(s.TokenFile, b, 0o600)
	}
	return strings.TrimSpace(string(b)), err
}

// InProcess connects without the network.
func (s *Server) InProcess() nats.Option { return nats.InProcessServer(s.server) }

// Close stops the server.
func (s *Server) Close() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// Remove takes away the queue of a server that was stopped.
func (s *Server) Remove() error { return os.RemoveAll(s.dir) }
