package local

import (
	"context"
	"errors"
	"math"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/reading"
)

// Source reads devices.
type Source struct {
	watches []*device.Watch
	batch   *reading.Batch
	lost    map[string]string // by who: why
}

// New returns a source of the devices of the given ways to them.
func New(sources ...device.Source) *Source {
	s := &Source{lost: map[string]string{}}
	for _, way := range sources {
		s.watches = append(s.watches, &device.Watch{Source: way, Rate: device.MinRate, Receive: s.receive, Tell: s.tell})
	}
	return s
}

// Name says what it is.
func (s *Source) Name() string { return "devices" }

// Read takes one reading of each device. It is a fault if none answers.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	s.batch = b
	defer func() { s.batch = nil }()
	for _, w := range s.watches {
		if err := w.Once(ctx); err != nil {
			return err
		}
	}
	if len(b.Values) == 0 {
		for _, w := range s.watches {
			if why := s.lost[w.Source.Title()]; why != "" {
				return errors.New(w.Source.Title() + ": " + why)
			}
		}
		return nil
	}
	return nil
}

func (s *Source) receive(d device.Device, r *device.Reading) error {
	id := d.Identity()
	t := reading.Thing{Kind: string(id.Kind), Host: id.Host, Index: id.Index, Key: id.Key, Model: id.Model}
	for q, v := range r.Values {
		if !math.IsNaN(v) {
			s.batch.Values = append(s.batch.Values, reading.Value{Thing: t, Quantity: device.Quantity(q).String(),
				At: reading.Number(float64(r.At.UnixNano()) / 1e9), Value: reading.Number(v)})
		}
	}
	return nil
}

func (s *Source) tell(c device.Change) {
	if c.Lost {
		s.lost[c.Who] = c.Reason
	} else {
		delete(s.lost, c.Who)
	}
}
