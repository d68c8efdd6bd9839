package snmp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// TestAgent reads a real agent, in versions 2c and 3, through its death and return.
func TestAgent(t *testing.T) {
	dir := t.TempDir()
	port := daemontest.Port(t, "udp")
	config := filepath.Join(t.TempDir(), "agent.conf")
	text := `rocommunity secret 127.0.0.1
createUser reader SHA-256 "a long secret" AES "another secret"
rouser reader priv
override .1.3.6.1.4.1.99999.1.1.0 integer 245
override .1.3.6.1.4.1.99999.1.2.0 octet_str " 21.5 "
override .1.3.6.1.4.1.99999.1.3.0 octet_str "warm"
`
	for i := range 100 { // more than one request holds
		text += fmt.Sprintf("override .1.3.6.1.4.1.99999.2.%d.0 integer %d\n", i, 1000+i)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SNMP_PERSISTENT_DIR", dir)
	t.Setenv("MIBS", "")
	server := fmt.Sprintf("udp://127.0.0.1:%d", port)
	d := daemontest.New(t, "snmpd", "HALLTWIN_SNMPD", "-f", "-Lo", "-C", "-c", config, fmt.Sprintf("udp:127.0.0.1:%d", port))
	const one = `  - {address: ".1.3.6.1.4.1.99999.1.1.0", of: crah-0, channel: crah.supply_temperature, unit: degC, scale: 0.1}
  - {address: "1.3.6.1.4.1.99999.1.2.0", of: crah-0, channel: crah.return_temperature, unit: degC}
`
	list := one
	for i := range 100 {
		list += fmt.Sprintf("  - {address: .1.3.6.1.4.1.99999.2.%d.0, of: pdu-%d, channel: pdu.power, unit: W}\n", i, i)
	}
	s, err := New(mapped(t, server, list), Login{Community: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	d.Start(func() bool {
		var b reading.Batch
		return s.Read(t.Context(), &b) == nil
	})
	good := func(s *Source, n int) {
		t.Helper()
		var b reading.Batch
		if err := s.Read(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if len(b.Values) != n || b.Values[0].Value != 24.5 || b.Values[1].Value != 21.5 || n > 99 && b.Values[101].Value != 1099 {
			t.Errorf("%d values: %+v", len(b.Values), b.Values)
		}
	}
	good(s, 102)
	v3, err := New(mapped(t, server, one), Login{User: "reader", Auth: "a long secret", Privacy: "another secret"})
	if err != nil {
		t.Fatal(err)
	}
	good(v3, 2)
	var b reading.Batch
	for _, c := range []struct {
		list, want string
		login      Login
	}{
		{one, "authentic", Login{User: "reader", Auth: "not the secret", Privacy: "another secret"}},
	} {
		x, err := New(mapped(t, server, c.list), c.login)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Read(t.Context(), &b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %s", c.list, err, c.want)
		}
	}
	odd, err := New(mapped(t, server, one+`  - {address: .1.3.6.1.4.1.99999.7.0, of: crah-0, channel: crah.supply_temperature, unit: degC}
  - {address: .1.3.6.1.4.1.99999.1.3.0, of: crah-0, channel: crah.supply_temperature, unit: degC}`), Login{Community: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	good(odd, 2)
	if err := odd.Read(t.Context(), &b); err != nil || len(b.Held) != 2 || b.Held[0].Why != "the agent has no such object" || b.Held[1].Why != `"warm" is no number` {
		t.Errorf("%+v, %v", b.Held, err)
	}
	d.Kill()
	s.agent.Timeout, v3.agent.Timeout = patience/20, patience/20 // nobody answers: no need to wait long
	for _, x := range []*Source{s, v3} {
		if err := x.Read(t.Context(), &b); err == nil {
			t.Error("a dead agent answers")
		}
	}
	s.agent.Timeout, v3.agent.Timeout = patience, patience
	d.Start(func() bool {
		var b reading.Batch
		return s.Read(t.Context(), &b) == nil
	})
	good(s, 102)
	good(v3, 2) // its engine has booted once more
}

func TestMistakes(t *testing.T) {
	const good = ".1.3.6.1.4.1.99999.1.1.0"
	for _, c := range []struct {
		server, address, want string
		login                 Login
	}{
		{"http://x", good, "no SNMP agent", Login{}}, {"udp://x", "1", "no object identifier", Login{}}, {"udp://x", "1.x", "numbers", Login{}},
		{"udp://x", "3.1", "begins with", Login{}}, {"udp://x", "1.03", "numbers", Login{}}, {"udp://x", good, "SHA-256", Login{User: "a", Auth: "b", AuthBy: "rot13"}},
		{"udp://x", good, "no privacy", Login{User: "a", Privacy: "b"}},
	} {
		m := mapped(t, c.server, fmt.Sprintf("  - {address: %q, of: crah-0, channel: crah.load}", c.address))
		if _, err := New(m, c.login); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzObject(f *testing.F) {
	for _, s := range []string{".1.3.6.1", "1.3", "..", "1.4294967296", "2.999.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := object(text)
		if err != nil {
			return
		}
		if b, err := object(a); err != nil || a != b || a[0] != '.' {
			t.Fatalf("%q is %q is %q, %v", text, a, b, err)
		}
	})
}

// A secret must not go unused while the community passes in the clear.
func TestSecretWithoutUser(t *testing.T) {
	m, err := points.Read([]byte("server: udp://127.0.0.1:161\npoints: [{address: .1.3.6.1, of: crah-0, channel: crah.load}]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []Login{{Auth: "abcdefgh"}, {Privacy: "abcdefgh"}} {
		if _, err := New(&m[0], l); err == nil || strings.Contains(err.Error(), "abcdefgh") {
			t.Errorf("%v", err)
		}
	}
}
