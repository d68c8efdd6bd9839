package points_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

const good = `
- server: tcp://10.0.0.5:502
  points:
    - {address: "holding:100", type: int16, of: crah-0, channel: crah.supply_temperature, unit: degC, scale: 0.1}
    - {address: "holding:101", of: crah-0, channel: crah.supply_temperature, unit: degF, offset: 2}
- server: tcp://10.0.0.6:502
  points:
    - {address: a, of: pdu-3, channel: pdu.power, unit: kW}
    - {address: b, of: gpu17/gpu-3, channel: gpu.utilisation, unit: "%", field: x.y}
    - {address: c, of: gpu17, channel: node.power, unit: W, scale: 1e3}
`

func TestRead(t *testing.T) {
	maps, err := points.Read([]byte(good))
	if err != nil || len(maps) != 2 || maps[1].Server != "tcp://10.0.0.6:502" || maps[0].Points[0].Type != "int16" || maps[1].Points[1].Field != "x.y" {
		t.Fatalf("%+v, %v", maps, err)
	}
	now := time.Unix(1000, 5e8)
	for _, c := range []struct {
		p    points.Point
		raw  float64
		want reading.Value
	}{
		{maps[0].Points[0], 245, reading.Value{Thing: reading.Thing{Kind: "crah", Host: "crah-0"}, Quantity: "supply_temperature", At: 1000.5, Value: 24.5}},
		{maps[0].Points[1], 75, reading.Value{Thing: reading.Thing{Kind: "crah", Host: "crah-0"}, Quantity: "supply_temperature", At: 1000.5, Value: 25}},
		{maps[1].Points[0], 12, reading.Value{Thing: reading.Thing{Kind: "pdu", Host: "pdu-3"}, Quantity: "power", At: 1000.5, Value: 12000}},
		{maps[1].Points[1], 50, reading.Value{Thing: reading.Thing{Kind: "gpu", Host: "gpu17", Index: 3}, Quantity: "utilisation", At: 1000.5, Value: 0.5}},
		{maps[1].Points[2], 5, reading.Value{Thing: reading.Thing{Kind: "node", Host: "gpu17"}, Quantity: "power", At: 1000.5, Value: 5000}},
	} {
		got := c.p.Value(c.raw, now)
		if math.Abs(float64(got.Value-c.want.Value)) > 1e-9 {
			t.Errorf("%+v, not %+v", got, c.want)
		}
		if got.Value = c.want.Value; got != c.want {
			t.Errorf("%+v, not %+v", got, c.want)
		}
	}
	path := filepath.Join(t.TempDir(), "points.yaml")
	if err := os.WriteFile(path, []byte(good[1:]), 0o600); err != nil {
		t.Fatal(err)
	}
	if maps, err := points.Load(path); err != nil || len(maps) != 2 {
		t.Error(err)
	}
	if _, err := points.Load(path + "x"); err == nil {
		t.Error("a file that is not there is read")
	}
}

func TestMistakes(t *testing.T) {
	one := func(point string) string { return "server: x\npoints:\n  - " + point + "\n" }
	for text, want := range map[string]string{
		"": "empty", "[]": "no section", "server: x": "line 1: a section needs", "3": "is a mapping", one("{}"): "line 3: a point needs an address",
		one("{address: a, of: crah-0, channel: crah.wombat, unit: degC}"):                                                                                              `line 3: there is no channel "crah.wombat"`,
		one("{address: a, of: crah-0, channel: crah.supply_temperature}"):                                                                                              "needs a unit, as degC",
		one("{address: a, of: crah-0, channel: crah.supply_temperature, unit: kW}"):                                                                                    `"kW" is no unit of crah.supply_temperature, which is a temperature`,
		one("{address: a, of: crah-0, channel: crah.supply_temperature, unit: degC, scale: .nan}"):                                                                     "a number is due",
		one("{address: a, of: crah-0, channel: crah.supply_temperature, unit: degC, skale: 1}"):                                                                        `no field "skale"`,
		one("{address: a, address: b, of: crah-0, channel: crah.supply_temperature, unit: degC}"):                                                                      "twice",
		one("{address: a, of: gpu-3, channel: gpu.power, unit: W}"):                                                                                                    "write HOST/gpu-3",
		one("{address: [a], of: gpu-3, channel: gpu.power, unit: W}"):                                                                                                  "a text is due",
		"- {server: x, points: [{address: a, of: pdu-0, channel: pdu.power, unit: W}]}\n- {server: x, points: [{address: a, of: pdu-0, channel: pdu.power, unit: W}]}": "given twice",
		"server: x\npoints: 3": "points are a list", "server: tcp://me:secret@x\npoints: []": "must not hold a user", "server: x\n---\nserver: y": "one document", strings.Repeat("#", 2<<20): "at most",
	} {
		if _, err := points.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.200s: %v, not %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("server: x\npoints: [{address: a, of: pdu-0, channel: pdu.power, unit: W, scale: 1e308, offset: -1e308}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		maps, err := points.Read(text)
		if err != nil {
			return
		}
		for _, m := range maps {
			for _, p := range m.Points {
				if v := p.Value(1, time.Unix(0, 0)); m.Server == "" || p.Address == "" || v.Host == "" || v.Kind == "" || v.Quantity == "" || v.Index < 0 {
					t.Fatalf("%q: %+v", text, v)
				}
			}
		}
	})
}
