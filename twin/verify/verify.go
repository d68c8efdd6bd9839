package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"math"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Sum identifies a run.
type Sum struct {
	State     string `json:"state"`     // of the world at the end
	Recording string `json:"recording"` // of all frames, events and the summary
}

// Digest lives a plan twice, once recorded and once not, and returns the sum of both.
func Digest(ctx context.Context, plan *scenarios.Plan, seed uint64) (Sum, error) {
	d := &digest{sum: sha256.New()}
	if _, err := twin.Run(ctx, plan, twin.Options{Seed: seed, Sink: d}); err != nil {
		return Sum{}, err
	}
	state, err := straight(ctx, plan, seed)
	return Sum{State: state, Recording: hex.EncodeToString(d.sum.Sum(nil))}, err
}

func straight(ctx context.Context, plan *scenarios.Plan, seed uint64) (string, error) {
	w, err := twin.New(plan, seed)
	if err != nil {
		return "", err
	}
	return end(ctx, w, plan)
}

// end lives a world to its end and returns the hash of its state.
func end(ctx context.Context, w *twin.World, plan *scenarios.Plan) (string, error) {
	if err := w.RunTo(ctx, plan.Duration); err != nil {
		return "", err
	}
	h := w.Hash()
	return hex.EncodeToString(h[:]), nil
}

// Resume lives a plan up to a time in s, saves it, restores it and lives it to its end; it returns the hash of the state then.
func Resume(ctx context.Context, plan *scenarios.Plan, seed uint64, at float64) (string, error) {
	w, err := twin.New(plan, seed)
	if err != nil {
		return "", err
	}
	if err := w.RunTo(ctx, at); err != nil {
		return "", err
	}
	restored, err := twin.Restore(plan, seed, w.Snapshot())
	if err != nil {
		return "", err
	}
	return end(ctx, restored, plan)
}

// Fork lives a plan up to a time in s, forks it, and lives first the fork and then the parent to the end; it returns the
// hashes of their states then.
func Fork(ctx context.Context, plan *scenarios.Plan, seed uint64, at float64) (fork, parent string, err error) {
	w, err := twin.New(plan, seed)
	if err != nil {
		return "", "", err
	}
	if err := w.RunTo(ctx, at); err != nil {
		return "", "", err
	}
	f := w.Fork()
	if fork, err = end(ctx, f, plan); err != nil {
		return "", "", err
	}
	parent, err = end(ctx, w, plan)
	return fork, parent, err
}

// digest is a sink that sums up a recording.
type digest struct {
	sum    hash.Hash
	header *record.Header
	buffer []byte
}

var _ record.Sink = (*digest)(nil)

// Open sums up what the recording is of.
func (d *digest) Open(h *record.Header) error {
	d.header = h
	d.sum.Write(h.Resolved)
	return nil
}

// Frame sums up a column, bit by bit.
func (d *digest) Frame(f *record.Frame) error {
	b := binary.LittleEndian.AppendUint64(d.buffer[:0], math.Float64bits(f.Time))
	b = append(b, f.Channel.Name...)
	for _, s := range f.Subjects {
		b = binary.LittleEndian.AppendUint32(b, uint32(s))
	}
	for _, v := range f.Values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	d.buffer = b
	d.sum.Write(b)
	return nil
}

// Event sums up a line of the log.
func (d *digest) Event(e *record.Event) error {
	line, err := d.header.EncodeEvent(e)
	d.sum.Write(line)
	return err
}

// Close sums up the summary, less what tells of the machine.
func (d *digest) Close(s *record.Summary) error {
	if s == nil {
		return nil
	}
	for _, g := range s.Groups {
		if g.Name == record.Engine {
			continue
		}
		b, err := json.Marshal(g)
		if err != nil {
			return err
		}
		d.sum.Write(b)
	}
	b, err := json.Marshal(s.Expectations)
	d.sum.Write(b)
	return err
}
