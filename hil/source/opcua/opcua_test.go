package opcua

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/server"
	"github.com/gopcua/opcua/ua"

	"github.com/halltwin/halltwin/hil/source/daemontest"
	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

func mapped(t testing.TB, address, list string) *points.Map {
	t.Helper()
	maps, err := points.Read([]byte("server: " + address + "\npoints:\n" + list))
	if err != nil {
		t.Fatal(err)
	}
	return &maps[0]
}

// quiet is a log that nobody reads.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// serve starts a server with variables on a port, which is known by another as well. It ends with
// the test; to close it takes ten seconds.
func serve(t *testing.T, port, also int) {
	t.Helper()
	s := server.New(server.EnableSecurity("None", ua.MessageSecurityModeNone), server.EnableAuthMode(ua.UserTokenTypeAnonymous),
		server.EndPoint("localhost", port), server.EndPoint("127.0.0.1", also), server.SetLogger(quiet{}))
	ns := server.NewNodeNameSpace(s, "plant")
	root, err := s.Namespace(0)
	if err != nil {
		t.Fatal(err)
	}
	root.Objects().AddRef(ns.Objects(), id.HasComponent, true)
	for name, v := range map[string]any{"supply": 21.5, "return": float32(33.25), "power": int32(-7), "on": true, "name": "CRAH 1"} {
		ns.Objects().AddRef(ns.AddNewVariableStringNode(name, v), id.HasComponent, true)
	}
	for i := range 250 { // more than one request holds
		ns.Objects().AddRef(ns.AddNewVariableStringNode(fmt.Sprintf("pdu%d", i), uint16(i)), id.HasComponent, true)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestServer reads a server through a line that is cut and mended: sessions are lost, as when it dies.
func TestServer(t *testing.T) {
	port := daemontest.Port(t, "tcp")
	line := daemontest.NewLine(t, fmt.Sprintf("localhost:%d", port))
	serve(t, port, line.Port())
	list := `  - {address: ns=1;s=supply, of: crah-0, channel: crah.supply_temperature, unit: degC}
  - {address: ns=1;s=return, of: crah-0, channel: crah.return_temperature, unit: degC}
  - {address: ns=1;s=power, of: crah-0, channel: crah.power, unit: kW, scale: -1}
  - {address: ns=1;s=on, of: crah-0, channel: crah.load}
  - {address: ns=1;s=name, of: crah-1, channel: crah.load}
  - {address: ns=1;s=none, of: crah-2, channel: crah.load}
`
	for i := range 250 {
		list += fmt.Sprintf("  - {address: ns=1;s=pdu%d, of: pdu-%d, channel: pdu.power, unit: W}\n", i, i)
	}
	s, err := New(mapped(t, "opc.tcp://"+line.Address, list), Login{})
	if err != nil {
		t.Fatal(err)
	}
	good := func() {
		t.Helper()
		var b reading.Batch
		if err := s.Read(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, v := range b.Values {
			got[v.Host+" "+v.Quantity] = float64(v.Value)
			if math.Abs(float64(v.At)-float64(time.Now().Unix())) > 60 {
				t.Errorf("%+v", v)
			}
		}
		if len(b.Held) != 2 || b.Held[0].Of != "ns=1;s=name" || !strings.Contains(b.Held[0].Why, "no number") {
			t.Errorf("%+v", b.Held)
		}
		if len(b.Values) != 254 || got["crah-0 supply_temperature"] != 21.5 || got["crah-0 return_temperature"] != 33.25 || got["crah-0 power"] != 7000 || got["crah-0 load"] != 1 || got["pdu-249 power"] != 249 {
			t.Errorf("%d values", len(b.Values))
		}
	}
	good()
	line.Cut()
	var b reading.Batch
	for range 3 {
		if err := s.Read(t.Context(), &b); err == nil {
			t.Error("a dead server answers")
		}
	}
	line.Mend()
	good()
}

func TestValue(t *testing.T) {
	now, then := time.Unix(2000, 0), time.Unix(1000, 0)
	good := func(v any) *ua.DataValue {
		return &ua.DataValue{EncodingMask: ua.DataValueValue | ua.DataValueSourceTimestamp, Value: ua.MustVariant(v), SourceTimestamp: then}
	}
	for _, c := range []struct {
		v    *ua.DataValue
		want float64
	}{{good(int8(-3)), -3}, {good(uint8(3)), 3}, {good(int64(-9)), -9}, {good(uint64(9)), 9}, {good(uint32(7)), 7}, {good(int16(-2)), -2}, {good(1e300), 1e300}} {
		if x, at, err := value(c.v, now); x != c.want || !at.Equal(then) || err != nil {
			t.Errorf("%v, %v, %v", x, at, err)
		}
	}
	stale := good(1.0)
	stale.Status = ua.StatusBadSensorFailure
	for _, v := range []*ua.DataValue{nil, {}, {Status: ua.StatusBadNodeIDUnknown}, good("x"), good([]float64{1}), stale} {
		if x, _, err := value(v, now); err == nil {
			t.Errorf("%+v is %g", v, x)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		server, address, want string
		login                 Login
	}{
		{"http://x", "ns=1;s=a", "no OPC UA server", Login{}}, {"opc.tcp://x:4840", "ns=x;s=a", "no node id", Login{}}, {"opc.tcp://x:4840", "ns=1;s=a", "with its key", Login{Key: "x"}},
		{"opc.tcp://10.0.0.1:4840", "ns=1;s=a", "encrypted only", Login{User: "a", Password: "b"}},
	} {
		if _, err := New(mapped(t, c.server, "  - {address: \""+c.address+"\", of: crah-0, channel: crah.load}"), c.login); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzNode(f *testing.F) {
	for _, s := range []string{"ns=2;s=a", "i=1", "ns=65536;i=1", "g=x", "b=", "ns=;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := node(text); err == nil && n == nil {
			t.Fatal("no node")
		}
	})
}
