package compare

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/parquet"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

// Divergence is the first moment at which two recordings differ, and the first thing that differs then.
type Divergence struct {
	Time    float64 `json:"t_s"`
	Channel string  `json:"channel,omitempty"` // empty when it is an event
	Subject string  `json:"subject,omitempty"`
	Unit    string  `json:"unit,omitempty"`
	Base    string  `json:"base"` // the value or the event, "" where there is none
	Other   string  `json:"other"`
}

// Runs compares two recorded runs, and finds where they part.
func Runs(base, other *rundir.Run) (*Comparison, error) {
	a, err := asSide(base)
	if err != nil {
		return nil, err
	}
	b, err := asSide(other)
	if err != nil {
		return nil, err
	}
	if a.Name == b.Name {
		a.Name, b.Name = base.Path, other.Path
	}
	c, err := Sides(a, b)
	if err != nil {
		return nil, err
	}
	c.Divergence, err = Diverge(base, other)
	return c, err
}

func asSide(r *rundir.Run) (Side, error) {
	s, err := r.Summary()
	if err != nil {
		return Side{}, err
	}
	side := Side{Name: record.RunName(r.Manifest.Scenario, r.Manifest.Variant), Resolved: r.Header().Resolved}
	if s == nil {
		return side, fmt.Errorf("%s did not finish: it has no figures to compare", r.Path)
	}
	side.Runs = []*record.Summary{s}
	return side, nil
}

// Diverge finds where two recorded runs first part, in the values of the channels that both hold or in their
// events. Two runs of the same inputs and seed never part: the result is nil.
func Diverge(base, other *rundir.Run) (*Divergence, error) {
	first, err := divergeEvents(base, other)
	if err != nil {
		return nil, err
	}
	for _, k := range base.Levels() {
		d, err := divergeLevel(base, other, k)
		if err != nil {
			return nil, err
		}
		if d != nil && (first == nil || d.Time < first.Time) {
			first = d
		}
	}
	return first, nil
}

var errEnough = errors.New("enough")

func events(r *rundir.Run) iter.Seq2[record.Event, error] {
	return func(yield func(record.Event, error) bool) {
		err := r.Events(func(e *record.Event) error {
			if !yield(*e, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) && !errors.Is(err, fs.ErrNotExist) {
			yield(record.Event{}, err)
		}
	}
}

func divergeEvents(base, other *rundir.Run) (*Divergence, error) {
	nextA, stopA := iter.Pull2(events(base))
	defer stopA()
	nextB, stopB := iter.Pull2(events(other))
	defer stopB()
	for {
		a, errA, okA := nextA()
		b, errB, okB := nextB()
		switch {
		case errA != nil || errB != nil:
			return nil, errors.Join(errA, errB)
		case !okA && !okB:
			return nil, nil
		case okA && okB && a.Time == b.Time && a.Type == b.Type && a.Subject == b.Subject && a.Text == b.Text:
		case okA && (!okB || a.Time < b.Time):
			return &Divergence{Time: a.Time, Subject: a.Subject, Base: a.Text}, nil
		case okB && (!okA || b.Time < a.Time):
			return &Divergence{Time: b.Time, Subject: b.Subject, Other: b.Text}, nil
		default:
			return &Divergence{Time: a.Time, Subject: a.Subject, Base: a.Text, Other: b.Text}, nil
		}
	}
}

// row is a row of a table, copied.
type row struct {
	time   float64
	index  int32
	name   string
	values []float64
}

func rows(t *parquet.Table) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		err := t.Scan(func(r *parquet.Row) error {
			if !yield(row{r.Time, r.Index, string(r.Name), r.Values}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(row{}, err)
		}
	}
}

func divergeLevel(base, other *rundir.Run, k facility.Kind) (d *Divergence, err error) {
	a, fileA, err := base.Table(k)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fileA.Close()) }()
	b, fileB, err := other.Table(k)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // not recorded there
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fileB.Close()) }()

	shared := map[int]int{}
	for i, x := range a.Columns {
		for j, y := range b.Columns {
			if x.Channel == y.Channel && x.Unit == y.Unit {
				shared[i] = j
			}
		}
	}
	nextA, stopA := iter.Pull2(rows(a))
	defer stopA()
	nextB, stopB := iter.Pull2(rows(b))
	defer stopB()
	for {
		x, errX, okX := nextA()
		y, errY, okY := nextB()
		switch {
		case errX != nil || errY != nil:
			return nil, errors.Join(errX, errY)
		case !okX && !okY:
			return nil, nil
		case !okX:
			return &Divergence{Time: y.time, Subject: y.name, Other: "recorded"}, nil
		case !okY:
			return &Divergence{Time: x.time, Subject: x.name, Base: "recorded"}, nil
		case x.time != y.time || x.index != y.index:
			if x.time <= y.time {
				return &Divergence{Time: x.time, Subject: x.name, Base: "recorded"}, nil
			}
			return &Divergence{Time: y.time, Subject: y.name, Other: "recorded"}, nil
		}
		for i := range a.Columns {
			j, ok := shared[i]
			if !ok {
				continue
			}
			v, w := x.values[i], y.values[j]
			if v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
				c := a.Columns[i]
				return &Divergence{Time: x.time, Channel: c.Channel, Subject: x.name, Unit: c.Unit,
					Base: record.Show(v, c.Unit), Other: record.Show(w, c.Unit)}, nil
			}
		}
	}
}
