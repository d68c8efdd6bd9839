package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"strings"
)

// Opener opens a file of a trace by the path that the spec gives it; the caller resolves it against the scenario's
// folder or the library. Where the result is also an io.ReaderAt and an io.Seeker (an *os.File is), Parquet is read in place.
type Opener func(path string) (io.ReadCloser, error)

// source is an opened file, seen through gzip, whose beginning can be looked at before it is read.
type source struct {
	name string
	*bufio.Reader
	raw io.ReadCloser
}

const bufferSize = 256 << 10

func openSource(name string, open Opener) (*source, error) {
	raw, err := open(name)
	if err != nil {
		return nil, err
	}
	s, err := newSource(name, raw)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	s.raw = raw
	return s, nil
}

func newSource(name string, r io.Reader) (*source, error) {
	br := bufio.NewReaderSize(r, bufferSize)
	magic, err := br.Peek(2)
	if err != nil && err != io.EOF {
		return nil, readError(name, 0, err)
	}
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, readError(name, 0, err)
		}
		br = bufio.NewReaderSize(z, bufferSize)
	}
	return &source{name: name, Reader: br}, nil
}

func (s *source) Close() error {
	if s.raw == nil {
		return nil
	}
	return s.raw.Close()
}

// head returns the beginning of the file without consuming it.
func (s *source) head() ([]byte, error) {
	const size = 16 << 10
	b, err := s.Peek(size)
	if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	if err != nil {
		return nil, readError(s.name, 0, err)
	}
	return b, nil
}

// beside names a file in the folder of another.
func beside(file, name string) string {
	return path.Join(path.Dir(strings.ReplaceAll(file, "\\", "/")), name)
}
