package live

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/reading"
)

// Match says where a host of the sources stands in the site.
type Match struct {
	Host   string
	Node   string  // of the site; empty: nowhere
	How    string  // by pin, by name, by order; or why not
	Age    float64 // s of its newest reading; +Inf: nothing is measured of it
	Silent bool    // it has told nothing for longer than usual
}

// mapping finds the things of the sources in the site.
type mapping struct {
	tree      *facility.Tree
	pins      map[string]int32 // said by the user
	nodes     map[string]int32 // by host: its node, -1 for none
	how       map[string]string
	host      []string // by node
	conflicts []string
	told      map[string]bool
}

func newMapping(tree *facility.Tree, pins map[string]string) (*mapping, error) {
	m := &mapping{tree: tree, pins: map[string]int32{}, nodes: map[string]int32{}, how: map[string]string{}, told: map[string]bool{},
		host: make([]string, tree.Count(facility.Node))}
	hosts := make([]string, 0, len(pins))
	for host := range pins {
		hosts = append(hosts, host)
	}
	slices.SortFunc(hosts, natural)
	for _, host := range hosts {
		r, err := tree.Parse(pins[host])
		if err != nil {
			return nil, fmt.Errorf("host %s: %w", host, err)
		}
		if r.Kind != facility.Node {
			return nil, fmt.Errorf("host %s: %s is a %s, and a host is a node", host, pins[host], r.Kind)
		}
		if was := m.host[r.Index]; was != "" {
			return nil, fmt.Errorf("host %s: %s is host %s already", host, pins[host], was)
		}
		m.pins[host], m.host[r.Index] = r.Index, host
	}
	return m, nil
}

// meet gives the hosts that are new their nodes: those that the user says, those whose name is a node's, and the others in the order
// of their names, which is that of the racks where people number them.
func (m *mapping) meet(hosts []string) {
	var rest []string
	for _, h := range hosts {
		if _, known := m.nodes[h]; known || h == "" {
			continue
		}
		m.nodes[h] = -1
		if n, ok := m.pins[h]; ok {
			m.settle(h, n, "pinned")
		} else if r, err := m.tree.Parse(h); err == nil && r.Kind == facility.Node && m.host[r.Index] == "" {
			m.settle(h, r.Index, "by name")
		} else {
			rest = append(rest, h)
		}
	}
	slices.SortFunc(rest, natural)
	n := int32(0)
	for _, h := range rest {
		for int(n) < len(m.host) && m.host[n] != "" {
			n++
		}
		switch {
		case len(m.pins) > 0:
			m.how[h] = "it is not among the hosts that --map names"
		case int(n) == len(m.host):
			m.how[h] = fmt.Sprintf("all %d nodes of the site are other hosts", len(m.host))
		default:
			m.settle(h, n, "by order")
		}
	}
}

// expects reports whether the user or the site names a host.
func (m *mapping) expects(h string) bool {
	if _, ok := m.pins[h]; ok {
		return true
	}
	r, err := m.tree.Parse(h)
	return err == nil && r.Kind == facility.Node
}

func (m *mapping) settle(host string, n int32, how string) {
	m.nodes[host], m.host[n], m.how[host] = n, host, how
}

// node returns the node of a host, or -1.
func (m *mapping) node(host string) int32 {
	n, ok := m.nodes[host]
	if !ok {
		return -1
	}
	return n
}

// conflict notes a contradiction once.
func (m *mapping) conflict(format string, args ...any) (string, bool) {
	text := fmt.Sprintf(format, args...)
	if m.told[text] || len(m.conflicts) >= 1000 {
		return text, false
	}
	m.told[text] = true
	m.conflicts = append(m.conflicts, text)
	return text, true
}

// find returns the thing of the site that a reading is of. The processors of a node are the node.
func (m *mapping) find(t *reading.Thing) (facility.Ref, bool) {
	none := facility.Ref{Index: -1}
	switch t.Kind {
	case "gpu":
		n := m.node(t.Host)
		if n < 0 {
			return none, false
		}
		lo, hi := m.tree.Children(facility.GPU, n)
		if t.Index < 0 || t.Index >= int(hi-lo) {
			m.conflict("%s tells of GPU %d; %s has %d", t.Host, t.Index, m.tree.NameOf(facility.Ref{Kind: facility.Node, Index: n}), hi-lo)
			return none, false
		}
		return facility.Ref{Kind: facility.GPU, Index: lo + int32(t.Index)}, true
	case "node", "cpu":
		n := m.node(t.Host)
		return facility.Ref{Kind: facility.Node, Index: n}, n >= 0
	}
	r, err := m.tree.Parse(t.Host)
	if err != nil || r.Kind.String() != t.Kind {
		m.conflict("%s %q is nowhere on the site", t.Kind, t.Host)
		return none, false
	}
	return r, true
}

// report lists the hosts in the order of their names.
func (m *mapping) report() (matches []Match, silent int) {
	hosts := make([]string, 0, len(m.nodes))
	for h := range m.nodes {
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, natural)
	for _, h := range hosts {
		x := Match{Host: h, How: m.how[h]}
		if n := m.nodes[h]; n >= 0 {
			x.Node = m.tree.NameOf(facility.Ref{Kind: facility.Node, Index: n})
		}
		matches = append(matches, x)
	}
	for n := range m.host {
		if _, met := m.nodes[m.host[n]]; !met {
			silent++
		}
	}
	return matches, silent
}

// natural orders names as people do: gpu2 before gpu10.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if digit(x[0]) && digit(y[0]) {
			i, j := run(x), run(y)
			p, q := strings.TrimLeft(x[:i], "0"), strings.TrimLeft(y[:j], "0")
			if len(p) != len(q) {
				return len(p) - len(q)
			}
			if c := strings.Compare(p, q); c != 0 {
				return c
			}
			x, y = x[i:], y[j:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func run(s string) int {
	for i := range len(s) {
		if !digit(s[i]) {
			return i
		}
	}
	return len(s)
}
