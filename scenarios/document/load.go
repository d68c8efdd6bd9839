package document

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Limits bound what a document may cost before it is understood. A zero field takes the value of
// DefaultLimits.
type Limits struct {
	Bytes int // of one file
	Line  int // bytes of one line
	Depth int // of maps and lists within each other, and of parts that use parts
	Nodes int // keys and values, of one file and of the whole document with its parts brought in
	Files int // read in all
}

// DefaultLimits admits a hall of 100,000 GPUs with every node written out and refuses what could only be a
// mistake or an attack.
var DefaultLimits = Limits{Bytes: 64 << 20, Line: 1 << 20, Depth: 64, Nodes: 2_000_000, Files: 1000}

// Loader reads scenario files and the parts they use. It remembers what it has read, so one serves one
// scenario; it is not for several goroutines at once.
type Loader struct {
	// Library holds the parts that `use` finds by name, "sites/h100-hall-1k" as sites/h100-hall-1k.yaml.
	Library fs.FS
	// Open opens a file that is not in the library. Nil opens files of the machine; a server that checks what
	// strangers send gives a function that refuses.
	Open func(path string) (fs.File, error)
	// Limits bound the cost.
	Limits Limits

	files map[string]*file
	names []string // of the library, once listed
}

// file is one file that was read.
type file struct {
	text   []byte
	root   *Value
	errors Diagnostics
}

// LibraryPrefix begins the file name of every place in the library.
const LibraryPrefix = "library:"

// Sources is the text of the files that places refer to, by file name.
type Sources map[string][]byte

// Sources returns the text of all the files that the loader has read.
func (l *Loader) Sources() Sources {
	s := make(Sources, len(l.files))
	for name, f := range l.files {
		s[name] = f.text
	}
	return s
}

// Load reads a file of the machine as one document, as written: `use` is not expanded (see Resolve). The value
// is nil when nothing could be made of the file.
func (l *Loader) Load(path string) (*Value, Diagnostics) {
	f := l.read(filepath.ToSlash(filepath.Clean(path)), func() ([]byte, error) {
		open := l.Open
		if open == nil {
			open = func(name string) (fs.File, error) { return os.Open(name) }
		}
		return l.slurp(open, path)
	})
	return f.root, f.errors
}

// LoadBytes reads a document that is already in memory; name stands for the file in every place.
func (l *Loader) LoadBytes(name string, b []byte) (*Value, Diagnostics) {
	f := l.read(name, func() ([]byte, error) { return b, nil })
	return f.root, f.errors
}

// loadPart reads a part of the library by its path in it.
func (l *Loader) loadPart(path string) (*Value, Diagnostics) {
	f := l.read(LibraryPrefix+path, func() ([]byte, error) { return l.slurp(l.Library.Open, path) })
	return f.root, f.errors
}

// errTooLarge is told apart from what the file system says.
var errTooLarge = errors.New("too large")

// slurp reads a whole file, never more than the limit.
func (l *Loader) slurp(open func(string) (fs.File, error), path string) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		if info.IsDir() {
			return nil, errors.New("it is a directory")
		}
		if info.Size() > int64(l.limits().Bytes) {
			return nil, errTooLarge
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(l.limits().Bytes)+1))
	if err == nil && len(b) > l.limits().Bytes {
		err = errTooLarge
	}
	return b, err
}

// read parses a file unless it was read before.
func (l *Loader) read(name string, text func() ([]byte, error)) *file {
	if f, ok := l.files[name]; ok {
		return f
	}
	if l.files == nil {
		l.files = make(map[string]*file)
	}
	f := &file{}
	l.files[name] = f
	if len(l.files) > l.limits().Files {
		f.errors = Diagnostics{errorf(Pos{File: name}, CodeLimit, "more than %d files are used", l.limits().Files)}
		return f
	}
	b, err := text()
	switch {
	case errors.Is(err, errTooLarge) || len(b) > l.limits().Bytes:
		f.errors = Diagnostics{{Code: CodeLimit, Pos: Pos{File: name},
			Msg: "the file is larger than " + bytesText(l.limits().Bytes),
			Fix: "say what repeats with counts instead of writing it out"}}
	case err != nil:
		f.errors = Diagnostics{errorf(Pos{File: name}, CodeFile, "cannot read %s: %s", name, reason(err))}
	default:
		f.text = b
		f.root, f.errors = parse(name, b, l.limits())
	}
	return f
}

// reason is what went wrong, without the path that the message has already.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// limits returns the limits with the defaults filled in.
func (l *Loader) limits() Limits {
	out, d := l.Limits, DefaultLimits
	for _, p := range []struct{ v, d *int }{
		{&out.Bytes, &d.Bytes}, {&out.Line, &d.Line}, {&out.Depth, &d.Depth}, {&out.Nodes, &d.Nodes}, {&out.Files, &d.Files},
	} {
		if *p.v <= 0 {
			*p.v = *p.d
		}
	}
	return out
}

// bytesText writes a number of bytes for a person.
func bytesText(n int) string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if size := 1 << (30 - 10*i); n >= size && n%size == 0 {
			return fmt.Sprintf("%d %s", n/size, unit)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// libraryNames lists the parts of the library, for suggestions.
func (l *Loader) libraryNames() []string {
	if l.names == nil && l.Library != nil {
		_ = fs.WalkDir(l.Library, ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".yaml") {
				l.names = append(l.names, strings.TrimSuffix(path, ".yaml"))
			}
			return nil
		})
	}
	return l.names
}
