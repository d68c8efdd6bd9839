package scenarios

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// maxMatrix bounds a file with a heat-recirculation matrix, in bytes: a hundred thousand racks of a dozen neighbours.
const maxMatrix = 64 << 20

// matrix resolves the racks of a heat-recirculation matrix, given in the scenario or in a file.
func (c *compiler) matrix() []cooling.Carried {
	m := c.spec.Site.Air.Matrix
	if m == nil {
		return nil
	}
	const at = "site.air.recirculation_matrix"
	racks := map[string]int32{}
	rack := func(path, name string) int32 {
		if r, ok := racks[name]; ok {
			return r
		}
		refs, err := c.plan.Tree.Select(name)
		racks[name] = -1
		switch wrong := (*facility.SelectorError)(nil); {
		case errors.As(err, &wrong):
			c.fail(path, "selector", err.Error(), wrong.Fix)
		case len(refs) != 1 || refs[0].Kind != facility.Rack:
			c.fail(path, "selector", fmt.Sprintf("%q names %d things, and one rack is due", name, len(refs)), "write hall-0/row-0/rack-0, for example")
		default:
			racks[name] = refs[0].Index
		}
		return racks[name]
	}
	var out []cooling.Carried
	for i, s := range m.Shares {
		path := fmt.Sprintf("%s.shares[%d]", at, i)
		out = append(out, cooling.Carried{From: rack(path+".from", s.From), To: rack(path+".to", s.To), Share: float64(s.Share)})
	}
	if m.File != "" {
		b, err := c.file.slurp(m.File, maxMatrix)
		if err != nil {
			c.fail(at+".file", "file", err.Error(), "")
			return nil
		}
		rows, err := readMatrix(m.File, b)
		if err != nil {
			c.fail(at+".file", "matrix", err.Error(), "")
			return nil
		}
		for _, r := range rows {
			out = append(out, cooling.Carried{From: rack(at+".file", r.From), To: rack(at+".file", r.To), Share: float64(r.Share)})
		}
	}
	if len(out) == 0 {
		c.fail(at, "matrix", "it has no entries: without it the zonal model holds", "leave it out")
	}
	for _, e := range out {
		if e.From < 0 || e.To < 0 {
			return nil // told
		}
	}
	return out
}

// readMatrix reads a CSV with the columns from, to and share, in any order; lines that begin with # are comments.
func readMatrix(name string, data []byte) ([]cooling.ShareSpec, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment, r.TrimLeadingSpace = '#', true
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: it has no row that names its columns: from, to, share", name)
	}
	at := map[string]int{}
	for i, h := range head {
		at[strings.TrimSpace(h)] = i
	}
	var col [3]int
	for i, want := range [...]string{"from", "to", "share"} {
		k, ok := at[want]
		if !ok {
			return nil, fmt.Errorf("%s: no column is called %s: the columns are from, to and share", name, want)
		}
		col[i] = k
	}
	var out []cooling.ShareSpec
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		s := cooling.ShareSpec{From: strings.TrimSpace(row[col[0]]), To: strings.TrimSpace(row[col[1]])}
		text := strings.TrimSpace(row[col[2]])
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("%s:%d: %q is no share of a rack's outlet air: write a number from 0 to 1", name, line, text)
		}
		s.Share = unit.Ratio(v)
		out = append(out, s)
	}
}
