package ensemble

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/halltwin/halltwin/twin/record"
)

// JournalFile holds the results of an experiment as they come, one JSON object a line, in whatever order they are done.
const JournalFile = "results.jsonl"

// Store keeps results, on disk if it has a place there: a result that was kept is not computed again, whoever asks, as long
// as scenario, seed and program are the same.
type Store struct {
	results map[string]Result
	figures *catalogue
	file    *os.File
	begun   int // results that were there when the store was opened
}

// entry is one line of the journal.
type entry struct {
	*Result
	Add    []placed `json:"figures_added,omitempty"`
	Expect []string `json:"expectations_added,omitempty"`
}

// NewStore returns a store in memory.
func NewStore() *Store { return &Store{results: map[string]Result{}, figures: newCatalogue()} }

// OpenStore opens the store of a directory, which is made if need be. A line that a crash tore is cut off.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	s := NewStore()
	f, err := os.OpenFile(filepath.Join(dir, JournalFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	whole, err := s.read(f)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.file, s.begun = f, len(s.results)
	return s, nil
}

// maxLine bounds a line of the journal: a run has some hundred figures.
const maxLine = 4 << 20

// read takes the lines of a journal and returns up to where it is whole.
func (s *Store) read(r io.Reader) (whole int64, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), maxLine)
	in.Split(func(data []byte, _ bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i], nil
		}
		return 0, nil, nil
	})
	for n := 1; in.Scan(); n++ {
		var e entry
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			return 0, fmt.Errorf("%s:%d is no line of results: %w; move the file away to begin anew", JournalFile, n, err)
		}
		for _, f := range e.Add {
			s.figures.place(f)
		}
		for _, name := range e.Expect {
			s.figures.expect(name)
		}
		if e.Result != nil && e.Key != "" {
			s.results[e.Key] = *e.Result
		}
		whole += int64(len(in.Bytes())) + 1
	}
	return whole, in.Err()
}

// Begun returns how many results there were when the store was opened.
func (s *Store) Begun() int { return s.begun }

// find returns the result of a key.
func (s *Store) find(key string) (Result, bool) {
	r, ok := s.results[key]
	return r, ok
}

// add keeps a result with what it brought to the catalogue.
func (s *Store) add(m Made) error {
	e := entry{Result: &m.Result}
	for _, f := range m.Figures {
		if s.figures.place(f) {
			e.Add = append(e.Add, f)
		}
	}
	for _, name := range m.Expect {
		if s.figures.expect(name) {
			e.Expect = append(e.Expect, name)
		}
	}
	s.results[m.Result.Key] = m.Result
	if s.file == nil {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = s.file.Write(append(line, '\n'))
	return err
}

// Sync waits until all is on the device.
func (s *Store) Sync() error {
	if s.file == nil {
		return nil
	}
	return s.file.Sync()
}

// Close waits until all is on the device.
func (s *Store) Close() error {
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.file.Sync(), s.file.Close())
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

// catalogue is the figures and expectations that runs have, in the order in which summaries give them.
type catalogue struct {
	list         []placed
	at           map[string]int
	expectations []string
}

// placed is a figure with its place in its group: the foremost that it had in any summary.
type placed struct {
	Figure
	Place int `json:"place"`
}

func newCatalogue() *catalogue { return &catalogue{at: map[string]int{}} }

// place adds a figure, or moves one forward, and tells whether anything changed.
func (c *catalogue) place(f placed) bool {
	i, ok := c.at[f.Key]
	if !ok {
		c.at[f.Key] = len(c.list)
		c.list = append(c.list, f)
		return true
	}
	if c.list[i].Place <= f.Place {
		return false
	}
	c.list[i].Place = f.Place
	return true
}

// expect adds an expectation, and tells whether it is new.
func (c *catalogue) expect(name string) bool {
	if slices.Contains(c.expectations, name) {
		return false
	}
	c.expectations = append(c.expectations, name)
	return true
}

// ordered returns the figures in the order of a summary, whichever run came first.
func (c *catalogue) ordered() []Figure {
	list := slices.Clone(c.list)
	slices.SortFunc(list, func(a, b placed) int {
		if d := slices.Index(record.Groups, a.Group) - slices.Index(record.Groups, b.Group); d != 0 {
			return d
		}
		if d := a.Place - b.Place; d != 0 {
			return d
		}
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	out := make([]Figure, len(list))
	for i, f := range list {
		out[i] = f.Figure
	}
	return out
}
