package modbus

import (
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"github.com/halltwin/halltwin/hil/source/daemontest"
	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

// plc is a server with registers; it refuses those that it does not have.
type plc struct {
	mu        sync.Mutex
	registers map[uint16]uint16
	asked     int
}

func (p *plc) HandleCoils(r *modbus.CoilsRequest) ([]bool, error) {
	return slicesOf(r.Quantity, func(i uint16) bool { return (r.Addr+i)%2 == 1 }), nil
}

func (p *plc) HandleDiscreteInputs(r *modbus.DiscreteInputsRequest) ([]bool, error) {
	return make([]bool, r.Quantity), nil
}

func (p *plc) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if r.IsWrite {
		return nil, errors.New("nobody writes here")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	var out []uint16
	for i := range r.Quantity {
		v, ok := p.registers[r.Addr+i]
		if !ok && r.UnitId == 9 {
			return nil, modbus.ErrIllegalDataAddress
		}
		out = append(out, v)
	}
	return out, nil
}

func (p *plc) HandleInputRegisters(r *modbus.InputRegistersRequest) ([]uint16, error) {
	return slicesOf(r.Quantity, func(i uint16) uint16 { return 1000*uint16(r.UnitId) + r.Addr + i }), nil
}

func slicesOf[T any](n uint16, of func(uint16) T) (out []T) {
	for i := range n {
		out = append(out, of(i))
	}
	return out
}

// serve starts the server on a port.
func (p *plc) serve(t *testing.T, port int) *modbus.ModbusServer {
	t.Helper()
	s, err := modbus.NewServer(&modbus.ServerConfiguration{URL: fmt.Sprintf("tcp://127.0.0.1:%d", port), Timeout: time.Minute, MaxClients: 4, Logger: log.New(io.Discard, "", 0)}, p)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mapped(t testing.TB, server, list string) *points.Map {
	t.Helper()
	maps, err := points.Read([]byte("server: " + server + "\npoints:\n" + list))
	if err != nil {
		t.Fatal(err)
	}
	return &maps[0]
}

// TestServer reads all types from a real server, through its death and return.
func TestServer(t *testing.T) {
	port := daemontest.Port(t, "tcp")
	f, d := math.Float32bits(21.5), math.Float64bits(-3.25)
	p := &plc{registers: map[uint16]uint16{100: 0xff38, 101: 245, 110: uint16(f >> 16), 111: uint16(f), 112: uint16(f), 113: uint16(f >> 16),
		120: uint16(d >> 48), 121: uint16(d >> 32), 122: uint16(d >> 16), 123: uint16(d), 300: 0xffff, 301: 0xfffe}}
	server := p.serve(t, port)
	s, err := New(mapped(t, fmt.Sprintf("tcp://127.0.0.1:%d", port), `
  - {address: "holding:100", type: int16, of: crah-0, channel: crah.supply_temperature, unit: degC, scale: 0.1}
  - {address: "holding:101", of: crah-0, channel: crah.return_temperature, unit: degC, scale: 0.1}
  - {address: "holding:110", type: float32, of: crah-1, channel: crah.supply_temperature, unit: degC}
  - {address: "holding:112", type: float32, order: little, of: crah-1, channel: crah.return_temperature, unit: degC}
  - {address: "holding:120", type: float64, of: crah-2, channel: crah.supply_temperature, unit: degC}
  - {address: "holding:300", type: int32, of: crah-2, channel: crah.return_temperature, unit: degC}
  - {address: "2/input:7", of: pdu-0, channel: pdu.power, unit: kW}
  - {address: "coil:5", of: crah-3, channel: crah.load}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"crah-0 supply_temperature": -20, "crah-0 return_temperature": 24.5, "crah-1 supply_temperature": 21.5, "crah-1 return_temperature": 21.5,
		"crah-2 supply_temperature": -3.25, "crah-2 return_temperature": -2, "pdu-0 power": 2007e3, "crah-3 load": 1}
	good := func() {
		t.Helper()
		var b reading.Batch
		if err := s.Read(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if len(b.Values) != len(want) {
			t.Errorf("%d values", len(b.Values))
		}
		for _, v := range b.Values {
			if math.Abs(float64(v.Value)-want[v.Host+" "+v.Quantity]) > 1e-9 || math.Abs(float64(v.At)-float64(time.Now().Unix())) > 5 {
				t.Errorf("%+v", v)
			}
		}
	}
	good()
	if p.asked != 2 { // 100 to 123 in one, 300 in another
		t.Errorf("%d requests for holding registers", p.asked)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		var b reading.Batch
		if err := s.Read(t.Context(), &b); err == nil {
			t.Error("a dead server answers")
		}
	}
	server = p.serve(t, port)
	defer server.Stop() //nolint:errcheck // the test is over
	good()

	bad, err := New(mapped(t, fmt.Sprintf("tcp://127.0.0.1:%d", port), `  - {address: "9/holding:999", of: crah-0, channel: crah.supply_temperature, unit: degC}`))
	if err != nil {
		t.Fatal(err)
	}
	var b reading.Batch
	if err := bad.Read(t.Context(), &b); err != nil || len(b.Held) != 1 || b.Held[0].Of != "9/holding:999" || !strings.Contains(b.Held[0].Why, "illegal data address") {
		t.Errorf("%+v, %v", b.Held, err)
	}

	// This unit refuses what lies between two values: both are read all the same, and what is not there costs them nothing.
	p.mu.Lock()
	p.registers[700], p.registers[710] = 20, 30
	p.mu.Unlock()
	apart, err := New(mapped(t, fmt.Sprintf("tcp://127.0.0.1:%d", port), `  - {address: "9/holding:700", of: crah-0, channel: crah.supply_temperature, unit: degC}
  - {address: "9/holding:705", of: crah-0, channel: crah.supply_temperature, unit: degC}
  - {address: "9/holding:710", of: crah-0, channel: crah.supply_temperature, unit: degC}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var b reading.Batch
		if err := apart.Read(t.Context(), &b); err != nil || len(b.Held) != 1 || len(b.Values) != 2 || b.Values[0].Value != 20 || b.Values[1].Value != 30 {
			t.Errorf("%+v, %v", b, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ server, point, want string }{
		{"http://x", `address: "holding:1"`, "no Modbus server"}, {"tcp://x", `address: "holding:1"`, "tcp://HOST:502"}, {"rtu:///dev/ttyS0", `address: "holding:1"`, "no Modbus server"},
		{"tcp://x:502", `address: "register:1"`, "line 3"}, {"tcp://x:502", `address: "holding:70000"`, "no address"}, {"tcp://x:502", `address: "999/holding:1"`, "unit"},
		{"tcp://x:502", `address: "holding:1", type: int24`, "no type"}, {"tcp://x:502", `address: "coil:1", type: int16`, "coils none"},
		{"tcp://x:502", `address: "holding:65535", type: float32`, "does not fit"}, {"tcp://x:502", `address: "holding:1", order: middle`, "order"},
	} {
		if _, err := New(mapped(t, c.server, "  - {"+c.point+", of: crah-0, channel: crah.load}")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzLocate(f *testing.F) {
	for _, s := range []string{"holding:1", "3/input:65535", "coil:0", "/:", "0/holding:", "holding:-1"} {
		f.Add(s, "float64")
	}
	f.Fuzz(func(t *testing.T, address, kind string) {
		p := &points.Point{Address: address, Type: kind}
		x, err := locate(p)
		if err == nil && (x.first < 0 || x.words < 1 || x.words > 4 || x.first+x.words > 1<<16) {
			t.Fatalf("%q: %+v", address, x)
		}
		if err == nil {
			for _, b := range group([]place{x, x}) {
				if b.n > widest {
					t.Fatalf("%+v", b)
				}
			}
		}
	})
}
