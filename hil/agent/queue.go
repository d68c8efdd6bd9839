package agent

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
)

// queue holds readings that wait to be sent. Each has a number: 0 for the first of a stream, and then one more. A receiver that
// was told a number before knows a reading that comes twice.
type queue interface {
	// stream names this queue, as no other ever.
	stream() string
	// add takes a reading, one line. If there is no room the oldest go.
	add(line []byte) error
	// next returns the first readings and the number of the first of them; nothing if none wait.
	next() (first uint64, lines int, body []byte, err error)
	// done forgets the readings before a number: they have arrived, or nobody wants them.
	done(before uint64) error
	// counts returns how many wait and how many had to go.
	counts() (waiting, dropped int)
}

// newStream makes a name for a queue.
func newStream() string {
	var b [8]byte
	rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// memory is a queue that ends with its process.
type memory struct {
	name  string
	most  int
	first uint64
	lines [][]byte
	lost  int
}

func (m *memory) stream() string { return m.name }

func (m *memory) add(line []byte) error {
	if len(m.lines) >= m.most {
		m.lines = m.lines[1:]
		m.first++
		m.lost++
	}
	m.lines = append(m.lines, line)
	return nil
}

func (m *memory) next() (uint64, int, []byte, error) {
	n := min(len(m.lines), batch)
	return m.first, n, bytes.Join(m.lines[:n], nil), nil
}

func (m *memory) done(before uint64) error {
	if before > m.first { // what had to go meanwhile is gone already
		m.lines = m.lines[min(before-m.first, uint64(len(m.lines))):]
		m.first = before
	}
	return nil
}

func (m *memory) counts() (waiting, dropped int) { return len(m.lines), m.lost }
