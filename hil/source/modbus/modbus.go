package modbus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/simonvetter/modbus"

	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

const (
	patience = 3 * time.Second
	widest   = 125 // registers of one request
	gap      = 16  // registers between two values that are read along with them
)

// table is one of the four that a server has.
type table uint8

const (
	holding table = iota
	input
	coil
	discrete
)

var tables = map[string]table{"holding": holding, "input": input, "coil": coil, "discrete": discrete}

// words is how many registers a type takes.
var words = map[string]int{"": 1, "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4}

// place is where a point's value lies.
type place struct {
	*points.Point
	unit   uint8
	table  table
	first  int
	words  int
	little bool
}

// block is what one request reads.
type block struct {
	unit     uint8
	table    table
	first, n int
	places   []place
}

// Source reads one server.
type Source struct {
	server string
	blocks []block
	client *modbus.ModbusClient
	open   bool
}

// New returns a source of the points of a map.
func New(m *points.Map) (*Source, error) {
	scheme, host, ok := strings.Cut(m.Server, "://")
	if !ok || host == "" || scheme != "tcp" && scheme != "udp" {
		return nil, fmt.Errorf("%q is no Modbus server: write tcp://HOST:502", m.Server)
	}
	if _, _, err := net.SplitHostPort(host); err != nil {
		return nil, fmt.Errorf("%q is no Modbus server: write %s://HOST:502", m.Server, scheme)
	}
	var all []place
	var failed []error
	for i := range m.Points {
		p, err := locate(&m.Points[i])
		failed = append(failed, err)
		all = append(all, p)
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	c, err := modbus.NewClient(&modbus.ClientConfiguration{URL: m.Server, Timeout: patience, Logger: log.New(io.Discard, "", 0)})
	if err != nil {
		return nil, err
	}
	return &Source{server: m.Server, blocks: group(all), client: c}, nil
}

// refusals are answers of a server that is well: the map is to be mended, or the unit behind it is away.
var refusals = []error{modbus.ErrIllegalFunction, modbus.ErrIllegalDataAddress, modbus.ErrIllegalDataValue, modbus.ErrServerDeviceFailure, modbus.ErrServerDeviceBusy,
	modbus.ErrGWPathUnavailable, modbus.ErrGWTargetFailedToRespond}

// locate reads an address.
func locate(p *points.Point) (place, error) {
	x := place{Point: p, unit: 1}
	where := p.Address
	if unit, rest, ok := strings.Cut(where, "/"); ok {
		n, err := strconv.ParseUint(unit, 10, 8)
		if err != nil {
			return x, p.Errorf("unit %.20q: write 3/holding:100, with a unit from 0 to 255", unit)
		}
		x.unit, where = uint8(n), rest
	}
	name, number, _ := strings.Cut(where, ":")
	t, ok := tables[name]
	n, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil {
		return x, p.Errorf("%.40q is no address of a register: write holding:100, input:30, coil:5 or discrete:0, up to 65535", p.Address)
	}
	x.table, x.first = t, int(n)
	if x.words, ok = words[p.Type]; !ok || t >= coil && p.Type != "" {
		return x, p.Errorf("%s has no type %.20q: registers have int16, uint16, int32, uint32, float32, int64, uint64 and float64, coils none", name, p.Type)
	}
	if x.first+x.words > 1<<16 {
		return x, p.Errorf("%s does not fit before register 65536", p.Type)
	}
	switch p.Order {
	case "", "big":
	case "little":
		x.little = true
	default:
		return x, p.Errorf("order %.20q: write big, as is the default, or little", p.Order)
	}
	return x, nil
}

// group puts what lies near each other into one request.
func group(all []place) []block {
	slices.SortStableFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.unit, b.unit), cmp.Compare(a.table, b.table), cmp.Compare(a.first, b.first), cmp.Compare(a.words, b.words))
	})
	var blocks []block
	for _, p := range all {
		if k := len(blocks) - 1; k >= 0 {
			b := &blocks[k]
			if b.unit == p.unit && b.table == p.table && p.first <= b.first+b.n+gap && p.first+p.words-b.first <= widest {
				b.n, b.places = max(b.n, p.first+p.words-b.first), append(b.places, p)
				continue
			}
		}
		blocks = append(blocks, block{unit: p.unit, table: p.table, first: p.first, n: p.words, places: []place{p}})
	}
	return blocks
}

// errApart says that a server has not all that lies between the values of a block.
var errApart = errors.New("its values are to be read one by one")

// apart returns a block for each value of one.
func apart(k *block) (all []block) {
	for _, p := range k.places {
		all = append(all, block{unit: p.unit, table: p.table, first: p.first, n: p.words, places: []place{p}})
	}
	return all
}

// Name says what it is.
func (s *Source) Name() string { return "modbus " + s.server }

// Read reads all points.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	if !s.open {
		if err := s.client.Open(); err != nil {
			return err
		}
		s.open = true
	}
	for i := 0; i < len(s.blocks); i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.block(&s.blocks[i], b)
		if errors.Is(err, errApart) {
			s.blocks = slices.Replace(s.blocks, i, i+1, apart(&s.blocks[i])...)
			i--
			continue
		}
		if err != nil {
			s.open = false
			_ = s.client.Close() // what is wrong with it has been told
			return err
		}
	}
	return nil
}

func (s *Source) block(k *block, b *reading.Batch) error {
	if err := s.client.SetUnitId(k.unit); err != nil {
		return err
	}
	var registers []uint16
	var err error
	switch k.table {
	case holding, input:
		kind := modbus.HOLDING_REGISTER
		if k.table == input {
			kind = modbus.INPUT_REGISTER
		}
		registers, err = s.client.ReadRegisters(uint16(k.first), uint16(k.n), kind)
	default:
		read := s.client.ReadCoils
		if k.table == discrete {
			read = s.client.ReadDiscreteInputs
		}
		var bits []bool
		bits, err = read(uint16(k.first), uint16(k.n))
		for _, on := range bits {
			registers = append(registers, map[bool]uint16{true: 1}[on])
		}
	}
	if err == nil && len(registers) != k.n {
		err = fmt.Errorf("%d values came for %d", len(registers), k.n)
	}
	if errors.Is(err, modbus.ErrIllegalDataAddress) && len(k.places) > 1 {
		return errApart
	}
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			for _, p := range k.places {
				b.Held = append(b.Held, reading.Held{Of: p.Address, Why: "the server refuses it: " + err.Error(), Count: 1})
			}
			return nil
		}
	}
	if err != nil {
		return err
	}
	now := time.Now()
	for _, p := range k.places {
		at := p.first - k.first
		b.Values = append(b.Values, p.Value(decode(registers[at:at+p.words], p.Type, p.little), now))
	}
	return nil
}

// decode returns the number in registers.
func decode(registers []uint16, kind string, little bool) float64 {
	v := uint64(0)
	for i := range registers {
		w := registers[i]
		if little {
			w = registers[len(registers)-1-i]
		}
		v = v<<16 | uint64(w)
	}
	switch kind {
	case "int16":
		return float64(int16(v))
	case "int32":
		return float64(int32(v))
	case "int64":
		return float64(int64(v))
	case "float32":
		return float64(math.Float32frombits(uint32(v)))
	case "float64":
		return math.Float64frombits(v)
	}
	return float64(v)
}
