package device_test

import (
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/halltwin/halltwin/hil/device"
)

// controller answers as a management controller does, in the forms before and since 2020.
func controller(t *testing.T) (*httptest.Server, *bool) {
	down := false
	old := `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/Drawer"}]}`
	pages := map[string]string{
		"/redfish/v1/Chassis":        old,
		"/redfish/v1/Chassis/1":      `{"SerialNumber":"S1","Manufacturer":"Acme","Model":"X","Power":{"@odata.id":"/p"},"Thermal":{"@odata.id":"/t"}}`,
		"/redfish/v1/Chassis/Drawer": `{"UUID":"U2","EnvironmentMetrics":{"@odata.id":"/e"},"ThermalSubsystem":{"@odata.id":"/ts"}}`,
		"/p":                         `{"PowerControl":[{"PowerConsumedWatts":5120,"PowerLimit":{"LimitInWatts":null}}]}`,
		"/t":                         `{"Temperatures":[{"Name":"CPU1","ReadingCelsius":61},{"Name":"Front","PhysicalContext":"Intake","ReadingCelsius":24.5}],"Fans":[{"Reading":40,"ReadingUnits":"Percent"},{"Reading":60,"ReadingUnits":"Percent"},{"Reading":9000,"ReadingUnits":"RPM"}]}`,
		"/e":                         `{"PowerWatts":{"Reading":900.5},"EnergykWh":{"Reading":2},"TemperatureCelsius":{"Reading":null},"FanSpeedsPercent":[{"Reading":30}]}`,
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, word, _ := r.BasicAuth()
		switch page, ok := pages[r.URL.Path]; {
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
		case user != "monitor" || word != "secret":
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			io.WriteString(w, page) //nolint:errcheck // a test's server
		}
	}))
	t.Cleanup(s.Close)
	return s, &down
}

func TestRedfish(t *testing.T) {
	s, down := controller(t)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	b := &device.Redfish{URL: s.URL, User: "monitor", Password: "secret", Roots: roots}
	all, err := b.Open(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%d devices, %v", len(all), err)
	}
	r := sampleOf(t, all[0])
	if r.Values[device.Power] != 5120 || r.Values[device.Inlet] != 24.5 || r.Values[device.Fan] != 0.5 || !math.IsNaN(r.Values[device.PowerLimit]) {
		t.Errorf("old form: %v", r.Values)
	}
	if id := all[0].Identity(); id.Key != "S1" || id.Model != "Acme X" || id.Kind != device.Node {
		t.Errorf("%+v", id)
	}
	r = sampleOf(t, all[1])
	if r.Values[device.Power] != 900.5 || r.Values[device.Energy] != 7.2e6 || r.Values[device.Fan] != 0.3 || !math.IsNaN(r.Values[device.Inlet]) {
		t.Errorf("new form: %v", r.Values)
	}
	*down = true
	if err := all[0].Sample(t.Context(), r); !errors.Is(err, device.ErrLost) {
		t.Errorf("a controller that is down: %v", err)
	}
}

func sampleOf(t *testing.T, d device.Device) *device.Reading {
	t.Helper()
	var r device.Reading
	if err := d.Sample(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestRedfishGuardsPasswords(t *testing.T) {
	s, _ := controller(t)
	for _, b := range []device.Redfish{
		{URL: "http://bmc.example", User: "u", Password: "p"}, // not in the clear
		{URL: "https://u:p@bmc.example"},                      // not in an address
		{URL: "bmc"},
		{URL: s.URL, User: "monitor", Password: "secret"}, // a certificate that nobody vouches for
	} {
		if _, err := b.Open(t.Context()); err == nil {
			t.Errorf("%s was opened", b.URL)
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	b := &device.Redfish{URL: s.URL, User: "monitor", Password: "wrong", Roots: roots}
	if _, err := b.Open(t.Context()); err == nil || errors.Is(err, device.ErrLost) {
		t.Errorf("a wrong password: %v", err)
	}
}
