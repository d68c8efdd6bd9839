package influx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"github.com/halltwin/halltwin/twin/record/rundir"
)

// Drained is what [Drain] did.
type Drained struct {
	Sent     int64 `json:"sent"` // points
	Segments int   `json:"segments"`
	Refused  int64 `json:"refused"`
	Torn     int   `json:"torn_segments"`
}

// Drain sends what waits in a spool, or in a part of it, the oldest first, and stops at the first server that does not
// take it. It may run beside a run and beside another Drain: a segment that is sent twice changes nothing.
func Drain(ctx context.Context, root, token, version string) (Drained, error) {
	var d Drained
	names, err := segments(root)
	if err != nil {
		return d, err
	}
	var client influxdb2.Client
	var target Target
	for _, name := range names {
		seg, err := readSegment(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // another process has sent it
			continue
		case errors.Is(err, ErrTorn):
			d.Torn++
			if err := os.Rename(name, name+tornSuffix); err != nil {
				return d, err
			}
			continue
		case err != nil:
			return d, err
		}
		if client == nil || seg.Target != target {
			target, client = seg.Target, seg.Target.Client(token, version)
			defer client.Close()
		}
		sp := &spool{root: root, target: seg.Target}
		switch err := post(ctx, client, seg); {
		case err == nil:
			if err := sp.sent(name); err != nil {
				return d, err
			}
			d.Sent += seg.Points
			d.Segments++
		case retryable(err):
			return d, fmt.Errorf("%s: %w", seg.Target, err)
		default:
			if err := sp.refuse(name, err); err != nil {
				return d, err
			}
			d.Refused += seg.Points
		}
	}
	return d, nil
}

// Send sends a recorded run again, from its directory. The points are those of the run itself.
func Send(r *rundir.Run, o Options) (Status, error) {
	s := New(o)
	err := r.Replay(s)
	return s.Status(), err
}
