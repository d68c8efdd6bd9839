package daemontest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Line passes connections on to a server until it is cut. It stands for servers that a test cannot kill because they live in it.
type Line struct {
	Address string

	t    testing.TB
	to   string
	mu   sync.Mutex
	in   net.Listener
	open []net.Conn
}

// NewLine returns a line to a server, which is cut when the test ends.
func NewLine(t testing.TB, to string) *Line {
	t.Helper()
	l := &Line{t: t, to: to, Address: "127.0.0.1:0"}
	l.Mend()
	t.Cleanup(l.Cut)
	return l
}

// Mend lets connections through, again at the same address.
func (l *Line) Mend() {
	l.t.Helper()
	in, err := net.Listen("tcp", l.Address)
	if err != nil {
		l.t.Fatal(err)
	}
	l.mu.Lock()
	l.in, l.Address = in, in.Addr().String()
	l.mu.Unlock()
	go func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return // it is cut
			}
			l.pass(c)
		}
	}()
}

// Port returns the port of its address.
func (l *Line) Port() int {
	a, err := net.ResolveTCPAddr("tcp", l.Address)
	if err != nil {
		l.t.Fatal(err)
	}
	return a.Port
}

// pass joins a connection with one to the server.
func (l *Line) pass(c net.Conn) {
	s, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = c.Close() // the server is away
		return
	}
	l.mu.Lock()
	l.open = append(l.open, c, s)
	l.mu.Unlock()
	join := func(a, b net.Conn) {
		_, _ = io.Copy(a, b) // until either ends
		_ = a.Close()
	}
	go join(c, s)
	go join(s, c)
}

// Cut ends all connections and lets none through.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.in.Close() // it may be cut
	for _, c := range l.open {
		_ = c.Close() // it may have ended
	}
	l.open = nil
}
