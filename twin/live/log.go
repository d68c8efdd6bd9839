package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/twin/record"
)

// LogFormat names the log of readings and its version.
const LogFormat = "halltwin live log 1"

// LogHeader begins a log of readings.
type LogHeader struct {
	Format    string            `json:"format"`
	Seed      uint64            `json:"seed"`
	Scheduled bool              `json:"scheduled"`
	Pins      map[string]string `json:"pins,omitempty"`
	Resolved  string            `json:"resolved"` // the scenario
}

// entry is a line of a log: what was taken, or what a person did, and when.
type entry struct {
	At      reading.Number  `json:"at"`
	Batches []reading.Batch `json:"batches,omitempty"`
	Act     string          `json:"act,omitempty"`  // a line of an action log
	Back    bool            `json:"back,omitempty"` // a process that has ended before goes on here
}

// writeLog appends a line.
func (t *Twin) writeLog(v any) error {
	if t.log == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = t.log.Write(append(b, '\n'))
	return err
}

// longestEntry bounds a line of a log, in bytes.
const longestEntry = 512 << 20

// ReadLog opens a log: its header, and what lives its entries again. A last line that was cut off by a crash is left out.
func ReadLog(r io.Reader) (*LogHeader, *Tape, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	line, err := readLine(in)
	if err != nil {
		return nil, nil, errors.New("this is no log of readings: it is empty")
	}
	var h LogHeader
	if err := json.Unmarshal(line, &h); err != nil || h.Format != LogFormat {
		return nil, nil, fmt.Errorf("this is no log of readings: it begins with %.40q, not with %q", line, LogFormat)
	}
	return &h, &Tape{in: in, size: int64(len(line))}, nil
}

// Tape is the entries of a log.
type Tape struct {
	in   *bufio.Reader
	n    int
	size int64
}

// Size returns how many bytes of the log are whole lines that have been read: what follows was cut off.
func (p *Tape) Size() int64 { return p.size }

// readLine returns a line with its end; a last one without an end is io.EOF, since it was cut off.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if line = append(line, part...); len(line) > longestEntry {
			return nil, errors.New("a line of the log is too long")
		}
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// Play hands the entries to a twin, in order, and returns how many there were.
func (p *Tape) Play(ctx context.Context, t *Twin) (int, error) {
	for {
		line, err := readLine(p.in)
		if errors.Is(err, io.EOF) {
			return p.n, nil
		}
		if err != nil {
			return p.n, err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			if _, end := p.in.Peek(1); end == io.EOF {
				return p.n, nil // a machine that lost power may leave such an end
			}
			return p.n, fmt.Errorf("entry %d of the log: %w", p.n+1, err)
		}
		if e.Back {
			if err := t.back(ctx, float64(e.At)); err != nil {
				return p.n, err
			}
		} else if e.Act != "" {
			a, err := action.ParseLine(e.Act)
			if err == nil {
				err = a.Resolve(t.plan.Tree)
			}
			if err != nil {
				return p.n, fmt.Errorf("entry %d of the log: %w", p.n+1, err)
			}
			_, err = t.Act(ctx, float64(e.At), a)
			if err != nil {
				return p.n, err
			}
		} else if err := t.Take(ctx, float64(e.At), e.Batches); err != nil {
			return p.n, err
		}
		p.n++
		p.size += int64(len(line))
	}
}

// Continue goes on with the twin that a log has made, at a moment in s since 1970, and appends to that log. For the time between,
// nothing is known.
func (t *Twin) Continue(ctx context.Context, at float64, log io.Writer) error {
	t.log = log
	if err := t.writeLog(&entry{At: reading.Number(at), Back: true}); err != nil {
		return err
	}
	return t.back(ctx, at)
}

func (t *Twin) back(ctx context.Context, at float64) error {
	away := at - t.now
	if err := t.Advance(ctx, at); err != nil {
		return err
	}
	t.returns++
	t.tell(record.Event{Severity: record.Warning, Type: "twin.back", Subject: "site", Text: fmt.Sprintf("goes on after %.3g s for which it knows nothing", max(0, away))})
	return nil
}

// Marks returns up to where the streams of a source have been taken.
func (t *Twin) Marks(source string) []reading.Mark {
	var all []reading.Mark
	for _, stream := range slices.Sorted(maps.Keys(t.marks[source])) {
		all = append(all, reading.Mark{Stream: stream, Next: t.marks[source][stream]})
	}
	return all
}
