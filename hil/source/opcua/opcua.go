package opcua

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

const (
	patience = 5 * time.Second
	together = 200 // variables of one request
)

// Login says who asks. The zero value is nobody.
type Login struct {
	User, Password   string
	Certificate, Key string // PEM files of this client; for encrypted end points
}

// Source reads one server.
type Source struct {
	server string
	login  Login
	points []points.Point
	nodes  []*ua.ReadValueID
	client *opcua.Client
}

// New returns a source of the points of a map.
func New(m *points.Map, l Login) (*Source, error) {
	u, err := url.Parse(m.Server)
	if err != nil || u.Scheme != "opc.tcp" || u.Host == "" {
		return nil, fmt.Errorf("%q is no OPC UA server: write opc.tcp://HOST:4840", m.Server)
	}
	if (l.Certificate == "") != (l.Key == "") {
		return nil, errors.New("OPC UA: a certificate goes with its key")
	}
	if l.Password != "" && l.User == "" {
		return nil, errors.New("OPC UA: a password goes with a user")
	}
	if l.Password != "" && l.Certificate == "" && !local(u.Hostname()) {
		return nil, errors.New("OPC UA: a password is sent encrypted only: give a certificate and its key")
	}
	s := &Source{server: m.Server, login: l, points: m.Points}
	var failed []error
	for i := range m.Points {
		id, err := node(m.Points[i].Address)
		if err != nil {
			failed = append(failed, m.Points[i].Errorf("%s", err))
		}
		s.nodes = append(s.nodes, &ua.ReadValueID{NodeID: id, AttributeID: ua.AttributeIDValue})
	}
	return s, errors.Join(failed...)
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// longest is the longest node id, in bytes.
const longest = 4096

// node reads a node id.
func node(text string) (*ua.NodeID, error) {
	if len(text) > longest {
		return nil, fmt.Errorf("a node id has at most %d bytes", longest)
	}
	id, err := ua.ParseNodeID(text)
	if err != nil {
		return nil, fmt.Errorf("%.60q is no node id: write ns=2;s=CRAH1.SupplyTemp or ns=3;i=1007", text)
	}
	return id, nil
}

// Name says what it is.
func (s *Source) Name() string { return "opcua " + s.server }

// connect opens a session.
func (s *Source) connect(ctx context.Context) error {
	options := []opcua.Option{opcua.AutoReconnect(false), opcua.RequestTimeout(patience), opcua.DialTimeout(patience)}
	policy, mode := ua.SecurityPolicyURINone, ua.MessageSecurityModeNone
	if s.login.Certificate != "" {
		policy, mode = ua.SecurityPolicyURIBasic256Sha256, ua.MessageSecurityModeSignAndEncrypt
		options = append(options, opcua.CertificateFile(s.login.Certificate), opcua.PrivateKeyFile(s.login.Key))
	}
	ends, err := opcua.GetEndpoints(ctx, s.server, opcua.DialTimeout(patience), opcua.RequestTimeout(patience))
	if err != nil {
		return err
	}
	end, err := opcua.SelectEndpoint(ends, policy, mode)
	if err != nil || end == nil {
		return fmt.Errorf("the server has no end point of mode %s", mode)
	}
	user := ua.UserTokenTypeAnonymous
	if s.login.User != "" {
		user = ua.UserTokenTypeUserName
		options = append(options, opcua.AuthUsername(s.login.User, s.login.Password))
	} else {
		options = append(options, opcua.AuthAnonymous())
	}
	c, err := opcua.NewClient(s.server, append(options, opcua.SecurityFromEndpoint(end, user))...)
	if err != nil {
		return err
	}
	if err := c.Connect(ctx); err != nil {
		_ = c.Close(ctx) // it did not open
		return err
	}
	s.client = c
	return nil
}

// Read reads all points.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	if s.client == nil {
		if err := s.connect(ctx); err != nil {
			return err
		}
	}
	for first := 0; first < len(s.nodes); first += together {
		some := s.nodes[first:min(first+together, len(s.nodes))]
		answer, err := s.client.Read(ctx, &ua.ReadRequest{NodesToRead: some, TimestampsToReturn: ua.TimestampsToReturnBoth})
		if err == nil && len(answer.Results) != len(some) {
			err = fmt.Errorf("the server answers %d of %d variables", len(answer.Results), len(some))
		}
		if err != nil {
			s.leave(ctx)
			return err
		}
		for i, v := range answer.Results {
			p := &s.points[first+i]
			x, at, err := value(v, time.Now())
			if err != nil {
				b.Held = append(b.Held, reading.Held{Of: p.Address, Why: err.Error(), Count: 1})
				continue
			}
			b.Values = append(b.Values, p.Value(x, at))
		}
	}
	return nil
}

// leave closes a session that does not answer, without waiting for it.
func (s *Source) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience/20)
	defer cancel()
	_ = s.client.Close(ctx) // what is wrong with it has been told
	s.client = nil
}

// value returns the number that a variable has, and when it had it.
func value(v *ua.DataValue, now time.Time) (float64, time.Time, error) {
	switch {
	case v == nil || v.Value == nil:
		if v != nil && v.Status != ua.StatusOK {
			return 0, now, fmt.Errorf("the server says %w", v.Status)
		}
		return 0, now, errors.New("it has no value")
	case v.Status&0x80000000 != 0 || v.Status&0x40000000 != 0: // bad, or uncertain
		return 0, now, fmt.Errorf("the server says %w", v.Status)
	case v.Has(ua.DataValueSourceTimestamp):
		now = v.SourceTimestamp
	case v.Has(ua.DataValueServerTimestamp):
		now = v.ServerTimestamp
	}
	switch x := v.Value.Value().(type) {
	case bool:
		return map[bool]float64{true: 1}[x], now, nil
	case int8:
		return float64(x), now, nil
	case uint8:
		return float64(x), now, nil
	case int16:
		return float64(x), now, nil
	case uint16:
		return float64(x), now, nil
	case int32:
		return float64(x), now, nil
	case uint32:
		return float64(x), now, nil
	case int64:
		return float64(x), now, nil
	case uint64:
		return float64(x), now, nil
	case float32:
		return float64(x), now, nil
	case float64:
		return x, now, nil
	}
	return 0, now, fmt.Errorf("it is of type %s, which is no number", v.Value.Type())
}
