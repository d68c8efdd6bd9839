package rundir

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/parquet"
)

// Replay sends the whole recording to a sink again, in order of time: the header, every frame and event, and the
// summary if there is one.
func (r *Run) Replay(s record.Sink) (err error) {
	summary, err := r.Summary()
	if err != nil {
		return err
	}
	if err := s.Open(r.header); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(summary)) }()

	var lanes []*lane
	defer func() {
		for _, l := range lanes {
			l.stop()
			err = errors.Join(err, l.close())
		}
	}()
	events := func(yield func(instant, error) bool) {
		err := r.Events(func(e *record.Event) error {
			if !yield(instant{at: e.Time, event: e}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(instant{}, err)
		}
	}
	lanes = append(lanes, newLane(events, nil))
	for _, k := range r.Levels() {
		t, file, err := r.Table(k)
		if err != nil {
			return err
		}
		lanes = append(lanes, newLane(r.frames(k, t), file))
	}
	return merge(lanes, s)
}

var errEnough = errors.New("enough")

// instant is what one lane has to say next.
type instant struct {
	at     float64
	event  *record.Event
	frames []record.Frame
}

// lane is one file, read as fast as the others.
type lane struct {
	next func() (instant, error, bool)
	stop func()
	file io.Closer
	head instant
	live bool
}

func newLane(seq iter.Seq2[instant, error], file io.Closer) *lane {
	l := &lane{file: file, live: true}
	l.next, l.stop = iter.Pull2(seq)
	return l
}

func (l *lane) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

func (l *lane) advance() (err error) {
	var ok bool
	l.head, err, ok = l.next()
	l.live = ok && err == nil
	return err
}

// merge sends the lanes' instants in order of time, events before frames of the same instant.
func merge(lanes []*lane, s record.Sink) error {
	for _, l := range lanes {
		if err := l.advance(); err != nil {
			return err
		}
	}
	for {
		var first *lane
		for _, l := range lanes {
			if l.live && (first == nil || l.head.at < first.head.at) {
				first = l
			}
		}
		if first == nil {
			return nil
		}
		if e := first.head.event; e != nil {
			if err := s.Event(e); err != nil {
				return err
			}
		}
		for i := range first.head.frames {
			if err := s.Frame(&first.head.frames[i]); err != nil {
				return err
			}
		}
		if err := first.advance(); err != nil {
			return err
		}
	}
}

// frames turns a level's rows back into frames.
func (r *Run) frames(k facility.Kind, t *parquet.Table) iter.Seq2[instant, error] {
	things := r.header.Site.Count(k)
	channels := make([]*channel.Channel, len(t.Columns))
	for i, c := range t.Columns {
		channels[i] = Channel{Name: c.Channel, Unit: c.Unit, Level: k.String(), Doc: c.Doc}.registered()
	}
	return func(yield func(instant, error) bool) {
		var subjects []int32
		columns := make([][]float64, len(channels))
		at, pending := 0.0, false
		send := func() bool {
			now := instant{at: at}
			for i, c := range channels {
				if f, ok := frame(at, c, subjects, columns[i], things); ok {
					now.frames = append(now.frames, f)
				}
				columns[i] = columns[i][:0]
			}
			subjects = subjects[:0]
			return yield(now, nil)
		}
		err := t.Scan(func(row *parquet.Row) error {
			if pending && (row.Time != at || len(subjects) > 0 && row.Index <= subjects[len(subjects)-1]) {
				if !send() {
					return errEnough
				}
			}
			if row.Index < 0 || k != facility.Job && int(row.Index) >= things {
				return fmt.Errorf("%s: there is no %s number %d in this site", tableFile(k), k, row.Index)
			}
			at, pending = row.Time, true
			subjects = append(subjects, row.Index)
			for i, v := range row.Values {
				columns[i] = append(columns[i], v)
			}
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
		case err != nil:
			yield(instant{}, err)
		case pending:
			send()
		}
	}
}

// frame makes a frame of the values that are known, or of all if those of all things are there.
func frame(at float64, c *channel.Channel, subjects []int32, values []float64, things int) (record.Frame, bool) {
	known := 0
	for _, v := range values {
		if !math.IsNaN(v) {
			known++
		}
	}
	if known == 0 {
		return record.Frame{}, false
	}
	if len(values) == things {
		return record.Frame{Time: at, Channel: c, Values: values}, true
	}
	f := record.Frame{Time: at, Channel: c}
	for i, v := range values {
		if !math.IsNaN(v) {
			f.Subjects = append(f.Subjects, subjects[i])
			f.Values = append(f.Values, v)
		}
	}
	return f, true
}
