package telemetry

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Open reads a file, gzipped or not. Series that name no run are of the run of the file's name.
func Open(path string) (*Log, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.Source = path
	run := filepath.Base(path)
	for {
		ext := filepath.Ext(run)
		if ext == "" || ext == run {
			break
		}
		run = strings.TrimSuffix(run, ext)
	}
	for _, s := range l.Series {
		if s.Run == "" {
			s.Run = run
		}
	}
	return l, nil
}

// Read recognises a recording by its contents and reads it.
func Read(in io.Reader) (*Log, error) {
	sum := sha256.New()
	b := bufio.NewReaderSize(io.TeeReader(in, sum), 1<<16)
	var text *bufio.Reader
	if magic, _ := b.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		text = bufio.NewReaderSize(z, 1<<16)
	} else {
		text = b
	}
	start, _ := text.Peek(4096)
	l, err := reader(start)(text)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, b); err != nil { // so that the hash is of the whole file
		return nil, err
	}
	l.Hash = hex.EncodeToString(sum.Sum(nil))
	return l, nil
}

// reader returns the reader for what begins like this.
func reader(start []byte) func(io.Reader) (*Log, error) {
	text := strings.TrimLeft(string(start), "\ufeff \t\r\n")
	first, _, _ := strings.Cut(text, "\n")
	switch {
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		return readRedfish
	case strings.HasPrefix(text, "# HELP") || strings.HasPrefix(text, "# TYPE") || metricLine.MatchString(first):
		return readPrometheus
	case strings.HasPrefix(first, "Time,") && strings.Contains(first, ",Watts,"):
		return readPTDaemon
	case strings.Contains(text, "Instantaneous power reading") || strings.Count(first, "|") >= 2 || strings.HasPrefix(text, "# time"):
		return readIPMI
	}
	return readCSV
}
