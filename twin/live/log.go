package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/reading"
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
	Act     string          `json:"act,omitempty"` // a line of an action log
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
	return &h, &Tape{in: in}, nil
}

// Tape is the entries of a log.
type Tape struct {
	in *bufio.Reader
	n  int
}

func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, more, err := in.ReadLine()
		if err != nil {
			return nil, err
		}
		if line = append(line, part...); len(line) > longestEntry {
			return nil, errors.New("a line of the log is too long")
		}
		if !more {
			return line, nil
		}
	}
}

// Play hands the entries to a twin, in order, and returns how many there were.
func (p *Tape) Play(ctx context.Context, t *Twin) (int, error) {
	for {
		line, err := readLine(p.in)
		if err == io.EOF {
			return p.n, nil
		}
		if err != nil {
			return p.n, err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			if _, end := p.in.Peek(1); end == io.EOF {
				return p.n, nil // cut off
			}
			return p.n, fmt.Errorf("entry %d of the log: %w", p.n+1, err)
		}
		if e.Act != "" {
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
	}
}
