package redfish

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/halltwin/halltwin/hil/source/daemontest"
	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

func mapped(t testing.TB, server, list string) *points.Map {
	t.Helper()
	maps, err := points.Read([]byte("server: " + server + "\npoints:\n" + list))
	if err != nil {
		t.Fatal(err)
	}
	return &maps[0]
}

// resources are as controllers answer them (DMTF mockups of a server and of a rack PDU, cut short).
var resources = map[string]string{
	"/redfish/v1/Chassis/1/EnvironmentMetrics": `{"@odata.type":"#EnvironmentMetrics.v1_3_0.EnvironmentMetrics","Id":"EnvironmentMetrics",
"TemperatureCelsius":{"DataSourceUri":"/redfish/v1/Chassis/1/Sensors/AmbientTemp","Reading":22.5},"PowerWatts":{"Reading":5374},"FanSpeedsPercent":[{"Reading":41},{"Reading":null}]}`,
	"/redfish/v1/PowerEquipment/RackPDUs/1/Metrics": `{"@odata.type":"#PowerDistributionMetrics.v1_3_1.PowerDistributionMetrics","PowerWatts":{"Reading":10.25},"a/b":{"~":[7]}}`,
	"/redfish/v1/Chassis":                           `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`,
	"/redfish/v1/Chassis/1":                         `{"UUID":"u","EnvironmentMetrics":{"@odata.id":"/redfish/v1/Chassis/1/EnvironmentMetrics"}}`,
	"/broken":                                       "{",
}

func TestService(t *testing.T) {
	var asked atomic.Int32
	h := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		user, password, _ := r.BasicAuth()
		text, ok := resources[r.URL.Path]
		switch {
		case user != "monitor" || password != "secret":
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(h.Close)
	line := daemontest.NewLine(t, h.Listener.Addr().String())
	roots := x509.NewCertPool()
	roots.AddCert(h.Certificate())
	const list = `  - {address: /redfish/v1/Chassis/1/EnvironmentMetrics#/PowerWatts/Reading, of: gpu17, channel: node.power, unit: W}
  - {address: /redfish/v1/Chassis/1/EnvironmentMetrics#/TemperatureCelsius/Reading, of: rack-0, channel: rack.inlet_temperature, unit: degC}
  - {address: /redfish/v1/Chassis/1/EnvironmentMetrics#/FanSpeedsPercent/1/Reading, of: crah-0, channel: crah.load}
  - {address: /redfish/v1/PowerEquipment/RackPDUs/1/Metrics#/PowerWatts/Reading, of: pdu-0, channel: pdu.power, unit: kW}
  - {address: /redfish/v1/PowerEquipment/RackPDUs/1/Metrics#/a~1b/~0/0, of: crah-1, channel: crah.load}
  - {address: /redfish/v1/none#/x, of: crah-2, channel: crah.load}
  - {address: /broken#/x, of: crah-3, channel: crah.load}
`
	s, err := New(mapped(t, "https://"+line.Address, list), Login{User: "monitor", Password: "secret", Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	good := func() {
		t.Helper()
		var b reading.Batch
		if err := s.Read(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if len(b.Values) != 4 || b.Values[0].Value != 5374 || b.Values[0].Host != "gpu17" || b.Values[1].Value != 22.5 || b.Values[2].Value != 10250 || b.Values[3].Value != 7 {
			t.Errorf("%+v", b.Values)
		}
		text := fmt.Sprint(b.Held)
		for _, want := range []string{"it is no number", "there is no resource /redfish/v1/none", "/broken is no JSON"} {
			if len(b.Held) != 3 || !strings.Contains(text, want) {
				t.Errorf("%s: %s", want, text)
			}
		}
	}
	good()
	if n := asked.Load(); n != 4 {
		t.Errorf("%d questions for 4 resources", n)
	}
	line.Cut()
	var b reading.Batch
	if err := s.Read(t.Context(), &b); err == nil {
		t.Error("a dead service answers")
	}
	line.Mend()
	good()
	bad, err := New(mapped(t, "https://"+line.Address, list), Login{User: "monitor", Password: "x", Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Read(t.Context(), &b); err == nil || !strings.Contains(err.Error(), "refuses this user") {
		t.Error(err)
	}
}

func TestNode(t *testing.T) {
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, ok := resources[r.URL.Path]; ok {
			_, _ = fmt.Fprint(w, text)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(h.Close)
	line := daemontest.NewLine(t, h.Listener.Addr().String())
	s, err := New(mapped(t, "http://"+line.Address, "  - {address: power, of: gpu17, channel: node.power, unit: W}\n  - {address: inlet, of: rack-0, channel: rack.inlet_temperature, unit: degC}\n"), Login{})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		var b reading.Batch
		err := s.Read(t.Context(), &b)
		switch {
		case round == 1 && err == nil:
			t.Error("a dead controller answers")
		case round != 1 && (err != nil || len(b.Values) != 2 || b.Values[0].Value != 5374 || b.Values[1].Value != 22.5):
			t.Errorf("%+v, %v", b.Values, err)
		}
		if line.Cut(); round == 1 {
			line.Mend()
		}
	}
}

func TestMistakes(t *testing.T) {
	const good = "/redfish/v1#/x"
	for _, c := range []struct {
		server, address, want string
		login                 Login
	}{
		{"ftp://x", good, "no Redfish service", Login{}}, {"http://10.0.0.1", good, "https only", Login{Password: "x"}},
		{"https://x", "/redfish/v1", "no value of a resource", Login{}}, {"https://x", "redfish#/x", "no value", Login{}}, {"https://x", "//evil/redfish#/x", "no value", Login{}},
		{"https://x", "/redfish#x", "no value", Login{}},
	} {
		if _, err := New(mapped(t, c.server, "  - {address: \""+c.address+"\", of: crah-0, channel: crah.load}"), c.login); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzNumber(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b/~":2}]}`), "/a/1/b~1~0")
	f.Add([]byte(`3`), "/")
	f.Fuzz(func(t *testing.T, text []byte, place string) {
		var doc any
		if json.Unmarshal(text, &doc) != nil || !strings.HasPrefix(place, "/") {
			return
		}
		if v, err := number(doc, place); err == nil && v != v {
			t.Fatal("no number")
		}
	})
}
