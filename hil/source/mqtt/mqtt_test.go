package mqtt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

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

// TestBroker listens to a real broker, through its death and return; what is published while nobody listens comes afterwards.
func TestBroker(t *testing.T) {
	dir := t.TempDir()
	port := daemontest.Port(t, "tcp")
	address := fmt.Sprintf("127.0.0.1:%d", port)
	config := filepath.Join(dir, "mosquitto.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\nautosave_interval 1\nautosave_on_changes true\n", port, dir)
	if os.Getuid() == 0 {
		text += "user root\n"
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := daemontest.New(t, "mosquitto", "HALLTWIN_MOSQUITTO", "-c", config) //nolint:misspell // so it is called
	up := func() { d.Start(func() bool { return daemontest.Listens(address) }) }
	up()
	post := func(topic, payload string, retained bool) {
		t.Helper()
		c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + address))
		for _, err := range []error{done(t.Context(), c.Connect()), done(t.Context(), c.Publish(topic, 1, retained, payload))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		c.Disconnect(0)
	}
	post("site/crah0", "99", true) // of whatever age: it is left out
	post("site/pdu", `{"at":1700000000,"feeds":[{"kw":1},{"kw":2.5}]}`, true)
	list := `  - {address: site/crah0, of: crah-0, channel: crah.supply_temperature, unit: degC}
  - {address: site/pdu, field: feeds.0.kw, time: at, of: pdu-0, channel: pdu.power, unit: kW}
  - {address: site/pdu, field: feeds.1.kw, time: at, of: pdu-1, channel: pdu.power, unit: kW}
`
	open := func() *Source {
		s, err := New(mapped(t, "tcp://"+address, list), Login{Client: "twin"})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	var got []reading.Value
	wait := func(n int) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); len(got) < n; <-time.After(5 * time.Millisecond) {
			var b reading.Batch
			if err := s.Read(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			got = append(got, b.Values...)
			if time.Now().After(end) {
				t.Fatalf("only %+v", got)
			}
		}
	}
	wait(2)
	if got[0].Value != 1000 || got[1].Value != 2500 || got[0].At != 1.7e9 || got[1].Host != "pdu-1" {
		t.Errorf("%+v", got)
	}
	post("site/crah0", " 21.5\n", false)
	wait(3)
	if got[2].Value != 21.5 || got[2].At < 1.7e9 {
		t.Errorf("%+v", got[2])
	}

	// The twin is away: the broker keeps what comes.
	s.client.Disconnect(0)
	for i := range 5 {
		post("site/crah0", fmt.Sprint(22+i), false)
	}
	s = open()
	wait(8 + 2) // and the retained one again
	seen := map[reading.Number]bool{}
	for _, v := range got[3:] {
		seen[v.Value] = true
	}
	if !seen[22] || !seen[26] {
		t.Errorf("%+v", got[3:])
	}

	// The broker dies and comes back.
	d.Kill()
	for end := time.Now().Add(10 * time.Second); s.client.IsConnectionOpen(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("its death is not noticed")
		}
	}
	var b reading.Batch
	if err := s.Read(t.Context(), &b); err == nil {
		t.Error("a dead broker answers")
	}
	up()
	n := len(got)
	if err := s.Read(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	post("site/crah0", "30", false)
	for end := time.Now().Add(10 * time.Second); len(got) == n || got[len(got)-1].Value != 30; {
		wait(len(got) + 1)
		if time.Now().After(end) {
			t.Fatalf("%+v", got[n:])
		}
	}
	post("site/crah0", "hot", false)
	for end := time.Now().Add(10 * time.Second); len(b.Held) == 0; <-time.After(5 * time.Millisecond) {
		if err := s.Read(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatal("what is no number is not told")
		}
	}
	if h := b.Held[0]; h.Of != "site/crah0" || h.Why != `"hot" is no number` || h.Count != 1 {
		t.Errorf("%+v", h)
	}
}

// message is one that a broker might deliver.
type message struct {
	paho.Message
	payload  string
	retained bool
}

func (m message) Topic() string   { return "a" }
func (m message) Payload() []byte { return []byte(m.payload) }
func (m message) Retained() bool  { return m.retained }

func TestFlood(t *testing.T) {
	s, err := New(mapped(t, "tcp://localhost:1", "  - {address: a, of: crah-0, channel: crah.load}\n"), Login{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range most + 10 {
		s.receive(nil, message{payload: fmt.Sprint(i)})
	}
	if len(s.waiting) != most || s.held[0].Count != 10 || s.waiting[0].Value != 10 {
		t.Errorf("%d wait, %+v", len(s.waiting), s.held)
	}
}

func TestParse(t *testing.T) {
	now := time.Unix(5000, 0)
	for _, c := range []struct {
		field, at, payload string
		want               float64
		then               int64
		wrong              string
	}{
		{"", "", "1e3", 1000, 5000, ""}, {"v", "", `{"v":"7"}`, 7, 5000, ""}, {"v.1.w", "t", `{"v":[0,{"w":true}],"t":1500000000500}`, 1, 1500000000, ""},
		{"v", "t", `{"v":1,"t":"2025-01-01T00:00:00Z"}`, 1, 1735689600, ""}, {"", "", "NaN", 0, 0, "no number"}, {"v", "", "7", 0, 0, "nothing below"},
		{"v", "", `{"w":1}`, 0, 0, `no "v"`}, {"v.9", "", `{"v":[1]}`, 0, 0, "list of 1"}, {"v", "t", `{"v":1,"t":"soon"}`, 0, 0, "no time"}, {"v", "", `{"v":null}`, 0, 0, "no number"},
		{"v", "t", `{"v":1,"t":-5}`, 0, 0, "no time"}, {"v", "", `{`, 0, 0, "no JSON"}, {"", "", strings.Repeat("1", largest+1), 0, 0, "at most"},
	} {
		v, at, err := parse(&points.Point{Field: c.field, Time: c.at}, []byte(c.payload), false, now)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%.60s: %v, not %s", c.payload, err, c.wrong)
			}
		} else if err != nil || v != c.want || at.Unix() != c.then {
			t.Errorf("%s: %g at %d, %v", c.payload, v, at.Unix(), err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		server, address, want string
		login                 Login
	}{
		{"http://x", "a", "no MQTT broker", Login{}}, {"tcp://x:1883", "a/+", "without wildcards", Login{}}, {"tcp://10.0.0.1:1883", "a", "over tls only", Login{User: "u", Password: "p"}},
	} {
		if _, err := New(mapped(t, c.server, "  - {address: \""+c.address+"\", of: crah-0, channel: crah.load}"), c.login); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"2"}],"t":1}`), "a.1.b", "t")
	f.Add([]byte(`12`), "", "")
	f.Fuzz(func(t *testing.T, payload []byte, field, at string) {
		v, when, err := parse(&points.Point{Field: field, Time: at}, payload, false, time.Unix(1, 0))
		if err == nil && (v != v || when.Unix() < 0 || when.Year() > 6000) {
			t.Fatalf("%q: %g at %v", payload, v, when)
		}
	})
}
