package snmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

const (
	patience = 2 * time.Second
	retries  = 1
	together = 60  // objects of one request
	longest  = 128 // arcs of an object identifier
)

// Login says who asks. The zero value is version 2c with the community public.
type Login struct {
	Community string
	User      string // of version 3
	Auth      string // its authentication secret; empty: none
	AuthBy    string // SHA-256 as is the default, SHA-512, SHA or MD5
	Privacy   string // its privacy secret; empty: none
}

// Source reads one agent.
type Source struct {
	server string
	points []points.Point
	login  Login
	agent  *gosnmp.GoSNMP
	open   bool
}

var hashes = map[string]gosnmp.SnmpV3AuthProtocol{"": gosnmp.SHA256, "SHA-256": gosnmp.SHA256, "SHA-512": gosnmp.SHA512, "SHA": gosnmp.SHA, "MD5": gosnmp.MD5}

// New returns a source of the points of a map.
func New(m *points.Map, l Login) (*Source, error) {
	u, err := url.Parse(m.Server)
	if err != nil || u.Hostname() == "" || u.Scheme != "udp" && u.Scheme != "tcp" {
		return nil, fmt.Errorf("%q is no SNMP agent: write udp://HOST:161", m.Server)
	}
	port := uint64(161)
	if u.Port() != "" {
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return nil, fmt.Errorf("%q: %w", m.Server, err)
		}
	}
	var failed []error
	for i := range m.Points {
		p := &m.Points[i]
		if p.Address, err = object(p.Address); err != nil {
			failed = append(failed, p.Errorf("%s", err))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	s := &Source{server: m.Server, points: m.Points, login: l, agent: &gosnmp.GoSNMP{Target: u.Hostname(), Port: uint16(port), Transport: u.Scheme, Version: gosnmp.Version2c,
		Community: l.Community, Timeout: patience, Retries: retries, MaxOids: together}}
	if l.Community == "" {
		s.agent.Community = "public"
	}
	return s, s.secure()
}

// secure makes it version 3 where there is a user: anew for each connection, as an agent that started again may be another engine.
func (s *Source) secure() error {
	l := &s.login
	if l.User == "" {
		if l.Auth != "" || l.Privacy != "" { // it must not pass in the clear instead
			return errors.New("SNMP has secrets of version 3, and no user: give one")
		}
		return nil
	}
	auth, ok := hashes[l.AuthBy]
	switch {
	case !ok:
		return fmt.Errorf("SNMP authenticates by SHA-256, SHA-512, SHA or MD5, not %q", l.AuthBy)
	case l.Privacy != "" && l.Auth == "":
		return errors.New("SNMP has no privacy without authentication: give both secrets")
	}
	u := &gosnmp.UsmSecurityParameters{UserName: l.User, AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv}
	s.agent.Version, s.agent.SecurityModel, s.agent.MsgFlags, s.agent.SecurityParameters = gosnmp.Version3, gosnmp.UserSecurityModel, gosnmp.NoAuthNoPriv, u
	if l.Auth != "" {
		u.AuthenticationProtocol, u.AuthenticationPassphrase, s.agent.MsgFlags = auth, l.Auth, gosnmp.AuthNoPriv
	}
	if l.Privacy != "" {
		u.PrivacyProtocol, u.PrivacyPassphrase, s.agent.MsgFlags = gosnmp.AES, l.Privacy, gosnmp.AuthPriv
	}
	return nil
}

// object reads an object identifier and writes it with a leading dot.
func object(text string) (string, error) {
	arcs := strings.Split(strings.TrimPrefix(text, "."), ".")
	if len(arcs) < 2 || len(arcs) > longest {
		return "", fmt.Errorf("%.40q is no object identifier: write .1.3.6.1.4.1.318.1.1.12.1.16.0", text)
	}
	for _, a := range arcs {
		if n, err := strconv.ParseUint(a, 10, 32); err != nil || strconv.FormatUint(n, 10) != a {
			return "", fmt.Errorf("%.40q is no object identifier: write numbers with points between them", text)
		}
	}
	if arcs[0] > "2" || len(arcs[0]) > 1 {
		return "", fmt.Errorf("%.40q is no object identifier: it begins with 0, 1 or 2", text)
	}
	return "." + strings.Join(arcs, "."), nil
}

// Name says what it is.
func (s *Source) Name() string { return "snmp " + s.server }

// Read reads all points.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	s.agent.Context = ctx
	if !s.open {
		if err := errors.Join(s.secure(), s.agent.Connect()); err != nil {
			return err
		}
		s.open = true
	}
	for first, n := 0, together; first < len(s.points); {
		some := s.points[first:min(first+n, len(s.points))]
		err := s.ask(some, b)
		switch {
		case errors.Is(err, errBig) && n > 1:
			n /= 2
			continue
		case err != nil:
			s.open = false // it does not answer, or another one does now: begin anew
			_ = s.agent.Close()
			return err
		}
		first += len(some)
	}
	return nil
}

var errBig = errors.New("the agent finds the request too big")

func (s *Source) ask(some []points.Point, b *reading.Batch) error {
	names := make([]string, len(some))
	for i := range some {
		names[i] = some[i].Address
	}
	answer, err := s.agent.Get(names)
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout() || err != nil && strings.Contains(err.Error(), "timeout"):
		return errors.New("the agent does not answer: it is away, or refuses this community or user")
	case err != nil:
		return err
	case answer.Error == gosnmp.TooBig:
		return errBig
	case answer.Error != gosnmp.NoError:
		return fmt.Errorf("the agent says %s", answer.Error)
	case len(answer.Variables) != len(some):
		return fmt.Errorf("the agent answers %d of %d objects", len(answer.Variables), len(some))
	}
	now := time.Now()
	for i := range some {
		v := &answer.Variables[i]
		if v.Name != some[i].Address {
			return fmt.Errorf("the agent answers %s where %s was asked", v.Name, some[i].Address)
		}
		x, err := value(v)
		if err != nil {
			b.Held = append(b.Held, reading.Held{Of: some[i].Address, Why: err.Error(), Count: 1})
			continue
		}
		b.Values = append(b.Values, some[i].Value(x, now))
	}
	return nil
}

// value returns the number that an object has.
func value(v *gosnmp.SnmpPDU) (float64, error) {
	switch v.Type {
	case gosnmp.NoSuchObject, gosnmp.NoSuchInstance, gosnmp.EndOfMibView, gosnmp.Null:
		return 0, errors.New("the agent has no such object")
	case gosnmp.OctetString:
		text, ok := v.Value.([]byte)
		if !ok {
			break
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
		if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
			return 0, fmt.Errorf("%.40q is no number", text)
		}
		return x, nil
	}
	switch x := v.Value.(type) {
	case int:
		return float64(x), nil
	case uint:
		return float64(x), nil
	case uint32:
		return float64(x), nil
	case uint64:
		return float64(x), nil
	case int64:
		return float64(x), nil
	case float32:
		return float64(x), nil
	case float64:
		return x, nil
	}
	return 0, fmt.Errorf("it is of type %s, which is no number", v.Type)
}
