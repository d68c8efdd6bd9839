package journal

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is what a log needs of a file; *os.File is one.
type File interface {
	io.Writer
	io.Closer
	Truncate(size int64) error
	Seek(offset int64, whence int) (int64, error)
	Sync() error
}

// Folder makes files by name; names use slashes. Tests make full disks of it.
type Folder interface {
	Create(name string) (File, error)
	Rename(from, to string) error
	Remove(name string) error
}

// Dir is a folder of the operating system.
type Dir string

// Create makes or empties a file, and the folders above it.
func (d Dir) Create(name string) (File, error) {
	path := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.Create(path)
}

// Rename gives a file another name, replacing what has it.
func (d Dir) Rename(from, to string) error {
	return os.Rename(filepath.Join(string(d), filepath.FromSlash(from)), filepath.Join(string(d), filepath.FromSlash(to)))
}

// Remove removes a file.
func (d Dir) Remove(name string) error {
	return os.Remove(filepath.Join(string(d), filepath.FromSlash(name)))
}

// WriteFile makes a small file that is either whole under its name or not there: it is written beside and renamed.
func WriteFile(in Folder, name string, content []byte) (sum string, err error) {
	l, err := Create(in, name+".new")
	if err != nil {
		return "", err
	}
	err = errors.Join(l.Append(content), l.Close())
	if err == nil {
		err = in.Rename(name+".new", name)
	}
	if err != nil {
		_ = in.Remove(name + ".new") // the reason above is the one to tell
		return "", err
	}
	return l.Sum(), nil
}

// reason strips the path from an error, since messages name the file already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Log is an append-only file. Its zero value is not useful; [Create] makes one.
type Log struct {
	name string
	file File
	size int64
	sum  hash.Hash
	err  error
}

// Create makes a log in a folder.
func Create(in Folder, name string) (*Log, error) {
	f, err := in.Create(name)
	if err != nil {
		return nil, fmt.Errorf("cannot create %s: %w", name, reason(err))
	}
	return &Log{name: name, file: f, sum: sha256.New()}, nil
}

// Name returns the name in the folder.
func (l *Log) Name() string { return l.name }

// Size returns how many bytes the log holds.
func (l *Log) Size() int64 { return l.size }

// Sum returns the SHA-256 of what the log holds, in hexadecimal.
func (l *Log) Sum() string { return hex.EncodeToString(l.sum.Sum(nil)) }

// Append writes the parts as one chunk, or nothing of it. After an error the log takes no more.
func (l *Log) Append(parts ...[]byte) error {
	if l.err != nil {
		return l.err
	}
	before := l.size
	state, err := l.sum.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	for _, p := range parts {
		n, err := l.file.Write(p)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		if err != nil {
			l.err = fmt.Errorf("cannot write %s: %w", l.name, reason(err))
			l.size = before
			return errors.Join(l.err, l.cut(state))
		}
		l.sum.Write(p) // a hash never fails
		l.size += int64(n)
	}
	return nil
}

// cut takes the file and its hash back to the last whole chunk.
func (l *Log) cut(state []byte) error {
	if err := l.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return err
	}
	if err := l.file.Truncate(l.size); err != nil {
		return fmt.Errorf("cannot cut the torn end off %s: %w", l.name, reason(err))
	}
	_, err := l.file.Seek(l.size, io.SeekStart)
	return err
}

// Close waits until the file is on the device and closes it. It returns no error that Append has returned.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Sync()
	if e := l.file.Close(); err == nil {
		err = e
	}
	l.file = nil
	if err != nil && l.err == nil {
		return fmt.Errorf("cannot finish %s: %w", l.name, reason(err))
	}
	return nil
}
