package points

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/models/unit"
)

// The bounds of a file.
const (
	largest = 1 << 20
	most    = 10_000
)

// Map is what is read of one server.
type Map struct {
	Server string
	Points []Point
}

// Point is one value of a server.
type Point struct {
	Address string
	Type    string // how it is coded, where the protocol does not say: float32
	Order   string // of its words, likewise: big or little
	Field   string // of a message, where it has several: a path, as readings.0.power
	Time    string // of a message, likewise: where it says when

	thing    reading.Thing
	quantity string
	factor   float64
	constant float64
	line     int
}

// Value returns a reading of the point: raw is what the server told, at its time.
func (p *Point) Value(raw float64, at time.Time) reading.Value {
	return reading.Value{Thing: p.thing, Quantity: p.quantity, At: reading.Number(float64(at.Unix()) + float64(at.Nanosecond())/1e9), Value: reading.Number(raw*p.factor + p.constant)}
}

// Errorf is a mistake at the point's place.
func (p *Point) Errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", p.line, fmt.Sprintf(format, args...))
}

// Load reads a file.
func Load(path string) ([]Map, error) {
	f, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if f.Size() > largest {
		return nil, fmt.Errorf("%s: a map of points has at most %d bytes", path, largest)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	maps, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return maps, nil
}

// Read reads the text of a file.
func Read(text []byte) ([]Map, error) {
	if len(text) > largest {
		return nil, fmt.Errorf("a map of points has at most %d bytes", largest)
	}
	var root, more yaml.Node
	in := yaml.NewDecoder(bytes.NewReader(text))
	if err := in.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := in.Decode(&more); len(root.Content) > 0 && !errors.Is(err, io.EOF) {
		return nil, errors.New("a file is one document: write several servers as a list, without --- between them")
	}
	if len(root.Content) == 0 {
		return nil, errors.New("it is empty: write server: ADDRESS and points: [...]")
	}
	top := root.Content[0]
	sections := []*yaml.Node{top}
	if top.Kind == yaml.SequenceNode {
		sections = top.Content
	}
	var maps []Map
	var all []error
	seen, count := map[string]bool{}, 0
	for _, s := range sections {
		m, err := section(s)
		all = append(all, err)
		if count += len(m.Points); count > most {
			return nil, fmt.Errorf("there are more than %d points", most)
		}
		if seen[m.Server] {
			all = append(all, at(s, "server %s is given twice: put its points together", m.Server))
		}
		seen[m.Server] = true
		maps = append(maps, m)
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	if len(maps) == 0 {
		return nil, errors.New("it has no section: write server: ADDRESS and points: [...]")
	}
	return maps, nil
}

// at is a mistake at a place of the file.
func at(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

// fields hands the values of a mapping to set, which returns whether it knows the key.
func fields(n *yaml.Node, what string, set func(key string, v *yaml.Node) (known bool, err error)) error {
	if n.Kind != yaml.MappingNode {
		return at(n, "%s is a mapping", what)
	}
	var all []error
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		known, err := set(k.Value, v)
		switch {
		case seen[k.Value]:
			err = at(k, "%s is given twice", k.Value)
		case !known:
			err = at(k, "%s has no field %.40q", what, k.Value)
		}
		seen[k.Value] = true
		all = append(all, err)
	}
	return errors.Join(all...)
}

func section(n *yaml.Node) (m Map, err error) {
	var bad []error
	err = fields(n, "a section", func(key string, v *yaml.Node) (bool, error) {
		switch key {
		case "server":
			if strings.Contains(v.Value, "@") { // it would stand in reports and logs
				return true, at(v, "an address must not hold a user or a password: they are given in the environment")
			}
			return true, text(v, &m.Server)
		case "points":
			if v.Kind != yaml.SequenceNode {
				return true, at(v, "points are a list")
			}
			if len(v.Content) > most {
				return true, at(v, "there are more than %d points", most)
			}
			for _, x := range v.Content {
				p, err := point(x)
				bad = append(bad, err)
				m.Points = append(m.Points, p)
			}
			return true, nil
		}
		return false, nil
	})
	err = errors.Join(append([]error{err}, bad...)...)
	if err == nil && (m.Server == "" || len(m.Points) == 0) {
		err = at(n, "a section needs server: ADDRESS and points: [...]")
	}
	return m, err
}

func text(v *yaml.Node, into *string) error {
	if v.Kind != yaml.ScalarNode || v.Value == "" {
		return at(v, "a text is due here")
	}
	*into = v.Value
	return nil
}

func number(v *yaml.Node, into *float64) error {
	x, err := strconv.ParseFloat(v.Value, 64)
	if v.Kind != yaml.ScalarNode || err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return at(v, "a number is due here, not %.40q", v.Value)
	}
	*into = x
	return nil
}

func point(n *yaml.Node) (p Point, err error) {
	p.line = n.Line
	var of, name, symbol string
	scale, offset := 1.0, 0.0
	texts := map[string]*string{"address": &p.Address, "type": &p.Type, "order": &p.Order, "field": &p.Field, "time": &p.Time, "of": &of, "channel": &name, "unit": &symbol}
	err = fields(n, "a point", func(key string, v *yaml.Node) (bool, error) {
		switch key {
		case "scale":
			return true, number(v, &scale)
		case "offset":
			return true, number(v, &offset)
		}
		if into := texts[key]; into != nil {
			return true, text(v, into)
		}
		return false, nil
	})
	switch {
	case err != nil:
		return p, err
	case p.Address == "" || of == "" || name == "":
		return p, at(n, "a point needs an address, of: what in the site it is, and channel: which value of it")
	}
	ch, ok := channel.Lookup(name)
	if !ok {
		return p, at(n, "there is no channel %.60q: write one of the twin, as crah.supply_temperature or pdu.power", name)
	}
	u, err := unitOf(ch, symbol)
	if err != nil {
		return p, at(n, "%s", err)
	}
	p.factor, p.constant = scale*u.Factor, offset*u.Factor+u.Offset
	if math.IsInf(p.factor, 0) || math.IsInf(p.constant, 0) {
		return p, at(n, "scale and offset are too large")
	}
	_, p.quantity, _ = strings.Cut(name, ".")
	p.thing, err = thing(ch.Kind, of)
	if err != nil {
		return p, at(n, "%s", err)
	}
	return p, nil
}

// unitOf finds the unit of a point. A ratio needs none.
func unitOf(ch *channel.Channel, symbol string) (unit.Unit, error) {
	k := ch.Quantity()
	if symbol == "" {
		if ch.Unit == "" {
			return unit.Unit{Factor: 1}, nil
		}
		return unit.Unit{}, fmt.Errorf("%s needs a unit, as %s", ch.Name, ch.Unit)
	}
	u, ok := k.Lookup(symbol)
	if !ok || k.SI() != ch.Unit && ch.Unit != "" {
		return u, fmt.Errorf("%.20q is no unit of %s, which is a %s: write %s", symbol, ch.Name, k.Name, k.SI())
	}
	return u, nil
}

// thing says whose the point is, as sources do.
func thing(k facility.Kind, of string) (reading.Thing, error) {
	t := reading.Thing{Kind: k.String(), Host: of}
	if k != facility.GPU {
		return t, nil
	}
	host, slot, ok := strings.Cut(of, "/gpu-")
	n, err := strconv.ParseUint(slot, 10, 8)
	if !ok || err != nil || host == "" {
		return t, fmt.Errorf("of: %.60q is no GPU: write HOST/gpu-3", of)
	}
	t.Host, t.Index = host, int(n)
	return t, nil
}
