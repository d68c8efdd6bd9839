package viz

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/viz/wire"
)

// oracle is a witness that says what it was asked.
type oracle struct{}

func (o oracle) Reality(_ context.Context, channel string) (*wire.Reality, error) {
	return &wire.Reality{Silent: len(channel)}, nil
}

func (o oracle) Outlook(_ context.Context, acts []action.Action, ahead float64) (*wire.Outlook, error) {
	return &wire.Outlook{T: []float64{ahead}, Racks: len(acts)}, nil
}

// TestReality asks for what a twin knows of its site, of either run, and ahead.
func TestReality(t *testing.T) {
	server := NewServer(Config{})
	defer server.Close()
	runs := map[string]*Run{}
	for _, id := range []string{"twin", "measured", "alone"} {
		r := server.Live(Spec{ID: id})
		if err := r.Open(recordtest.Header(recordtest.Site(2, 8))); err != nil {
			t.Fatal(err)
		}
		runs[id] = r
	}
	runs["twin"].Beside(runs["measured"], oracle{})
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"GET", "/api/runs/twin/reality", "", 200, `"silent":0`},
		{"GET", "/api/runs/measured/reality?channel=rack.power", "", 200, `"silent":10`},
		{"GET", "/api/runs/measured/reality?channel=rak.power", "", 404, "rak.power"},
		{"GET", "/api/runs/alone/reality", "", 409, "not beside a real site"},
		{"POST", "/api/runs/twin/outlook", `{"ahead_s":3600,"actions":[]}`, 200, `"t":[3600]`},
		{"POST", "/api/runs/twin/outlook", `{"ahead_s":0,"actions":[]}`, 400, "ahead_s lies from"},
		{"POST", "/api/runs/twin/outlook", `{"ahead_s":60,"actions":[{"verb":"explode"}]}`, 400, "no verb"},
		{"POST", "/api/runs/measured/outlook", `{"ahead_s":60,"actions":[{"verb":"fail","selector":"rack[0]"}]}`, 409, "ask its twin"},
		{"POST", "/api/runs/nobody/outlook", `{}`, 404, "no run"},
	} {
		if a := ask(server, c.method, c.path, c.body); a.code != c.code || !strings.Contains(a.body, c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.code, a.body)
		}
	}
	var list struct{ Runs []wire.RunInfo }
	if err := json.Unmarshal([]byte(ask(server, "GET", "/api/runs", "").body), &list); err != nil || len(list.Runs) != 3 {
		t.Fatal(list, err)
	}
	for _, r := range list.Runs {
		if r.ID == "twin" && r.Measured != "measured" || r.ID == "measured" && r.Twin != "twin" || r.ID == "alone" && r.Measured+r.Twin != "" {
			t.Errorf("%+v", r)
		}
	}
}
