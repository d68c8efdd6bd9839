package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The sizes of a spool, in bytes: of a segment, which is that of the largest batch too, and of all where the user says nothing.
const (
	segmentSize = 4 << 20
	spoolSize   = 1 << 30
)

// longestLine bounds what a reading takes, so that a batch holds one at least.
const longestLine = 64 << 10

// spool is a queue in a folder: what was added outlives the process, however that ends, and what was sent is known again after it.
// (A machine that loses power may lose the last seconds: nothing is forced to the disk.)
//
//	00000000000000000000.jsonl   readings, one a line; the file is named after the number of the first
//	mark                         the name of the stream, and the number of the first reading that waits
//	lock                         held by the process whose spool it is
type spool struct {
	dir      string
	most     int64 // bytes
	part     int64 // bytes from which a segment is full
	segments []segment
	name     string
	first    uint64 // number of the first reading that waits
	offset   int64  // of it in the first segment
	lost     int
	tail     *os.File // the last segment
	release  func()
}

// segment is a file of readings.
type segment struct {
	first uint64
	lines int
	size  int64
}

func (s *spool) path(first uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%020d.jsonl", first))
}

// openSpool opens the spool in a folder, which is made if it is not there. most bounds its bytes; 0 is 1 GiB.
func openSpool(dir string, most, part int64) (*spool, error) {
	if most == 0 {
		most = spoolSize
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	release, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("the spool %s: %w", dir, err)
	}
	s := &spool{dir: dir, most: most, part: part, release: release}
	if err := s.read(); err != nil {
		release()
		return nil, fmt.Errorf("the spool %s: %w", dir, err)
	}
	return s, nil
}

// read finds out what a process before this one has left.
func (s *spool) read() error {
	text, err := os.ReadFile(filepath.Join(s.dir, "mark"))
	switch name, number, _ := strings.Cut(strings.TrimSpace(string(text)), " "); {
	case errors.Is(err, os.ErrNotExist):
		s.name = newStream()
	case err != nil:
		return err
	default:
		if s.first, err = strconv.ParseUint(number, 10, 64); err != nil || name == "" {
			return fmt.Errorf("its mark is %.60q, and should be a name and a number: empty the folder to begin anew", text)
		}
		s.name = name
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "*.jsonl"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, path := range files {
		if err := s.take(path); err != nil {
			return err
		}
	}
	if err := s.begin(); err != nil {
		return err
	}
	return s.mark()
}

// take takes in a segment that was left. A last line that was cut off goes.
func (s *spool) take(path string) error {
	first, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), ".jsonl"), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is none of its files", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if whole < len(text) {
		if err := os.Truncate(path, int64(whole)); err != nil {
			return err
		}
		text = text[:whole]
	}
	x := segment{first, bytes.Count(text, []byte{'\n'}), int64(whole)}
	if x.first+uint64(x.lines) <= s.first && x.lines > 0 {
		return os.Remove(path)
	}
	if len(s.segments) == 0 {
		s.first = max(s.first, x.first)
		for n := x.first; n < s.first && len(text) > 0; n++ {
			at := bytes.IndexByte(text, '\n') + 1
			s.offset += int64(at)
			text = text[at:]
		}
	}
	s.segments = append(s.segments, x)
	return nil
}

// begin opens the segment to which readings are added.
func (s *spool) begin() error {
	if n := len(s.segments); n == 0 || s.segments[n-1].size >= s.part {
		next := s.first
		if n > 0 {
			next = s.segments[n-1].first + uint64(s.segments[n-1].lines)
		}
		s.segments = append(s.segments, segment{first: next})
	}
	if s.tail != nil {
		if err := s.tail.Close(); err != nil {
			return err
		}
	}
	var err error
	s.tail, err = os.OpenFile(s.path(s.segments[len(s.segments)-1].first), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return err
}

// mark notes what waits. The file is replaced as a whole, so that it is never half written.
func (s *spool) mark() error {
	path := filepath.Join(s.dir, "mark")
	if err := os.WriteFile(path+".new", fmt.Appendf(nil, "%s %d\n", s.name, s.first), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (s *spool) stream() string { return s.name }

func (s *spool) add(line []byte) error {
	last := &s.segments[len(s.segments)-1]
	n, err := s.tail.Write(line)
	if err != nil {
		if n > 0 { // a disk that is full: what was cut off must not stand before the next
			err = errors.Join(err, s.tail.Truncate(last.size))
		}
		return err
	}
	last.size += int64(n)
	last.lines++
	if last.size < s.part {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	size := int64(0)
	for _, x := range s.segments {
		size += x.size
	}
	if size <= s.most || len(s.segments) < 3 {
		return nil
	}
	end := s.segments[0].first + uint64(s.segments[0].lines)
	s.lost += int(end - s.first)
	return s.done(end)
}

func (s *spool) next() (uint64, int, []byte, error) {
	x := &s.segments[0]
	body := make([]byte, min(x.size-s.offset, s.part+longestLine))
	if len(body) == 0 {
		return s.first, 0, nil, nil
	}
	f, err := os.Open(s.path(x.first))
	if err != nil {
		return 0, 0, nil, err
	}
	defer f.Close() // it was only read
	if _, err := f.ReadAt(body, s.offset); err != nil && err != io.EOF {
		return 0, 0, nil, err
	}
	lines, end := 0, 0
	for lines < batch {
		at := bytes.IndexByte(body[end:], '\n')
		if at < 0 {
			break
		}
		end += at + 1
		lines++
	}
	return s.first, lines, body[:end], nil
}

// done forgets readings. Segments of which none wait are removed.
func (s *spool) done(before uint64) error {
	if before <= s.first {
		return nil
	}
	for s.first < before {
		x := s.segments[0]
		if end := x.first + uint64(x.lines); before >= end && len(s.segments) > 1 {
			if err := os.Remove(s.path(x.first)); err != nil {
				return err
			}
			s.segments, s.first, s.offset = s.segments[1:], end, 0
			continue
		}
		skip, err := s.after(x, before)
		if err != nil {
			return err
		}
		s.offset, s.first = skip, before
	}
	return s.mark()
}

// after returns where in the first segment a reading begins.
func (s *spool) after(x segment, number uint64) (int64, error) {
	if number >= x.first+uint64(x.lines) {
		return x.size, nil
	}
	f, err := os.Open(s.path(x.first))
	if err != nil {
		return 0, err
	}
	defer f.Close() // it was only read
	offset := s.offset
	part := make([]byte, 64<<10)
	for left := number - s.first; left > 0; {
		n, err := f.ReadAt(part, offset)
		if n == 0 {
			return 0, err
		}
		end := 0
		for left > 0 {
			at := bytes.IndexByte(part[end:n], '\n')
			if at < 0 {
				break
			}
			end += at + 1
			left--
		}
		if left > 0 {
			end = n
		}
		offset += int64(end)
	}
	return offset, nil
}

func (s *spool) counts() (waiting, dropped int) {
	last := s.segments[len(s.segments)-1]
	return int(last.first + uint64(last.lines) - s.first), s.lost
}

// close lets another process have the spool.
func (s *spool) close() error {
	err := s.tail.Close()
	s.release()
	return err
}
