package scenarios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/library"
)

// File is a scenario that has been read and resolved: every part brought in, nothing decoded yet.
type File struct {
	Path   string
	Loader *document.Loader
	Whole  *document.Value // resolved; the base of all variants

	// Data, if not nil, opens the data files that the scenario names; else they stand beside it, or in the library.
	Data func(name string) (io.ReadCloser, error)
}

// Load reads and resolves a scenario file. A path that names a file of the library ("what-if/first-run") is found
// there when there is no such file on the machine. The diagnostics are those of reading; Whole is nil when nothing
// could be made of the file.
func Load(path string) (*File, document.Diagnostics) {
	f := &File{Path: path, Loader: &document.Loader{Library: library.FS}}
	var written *document.Value
	var ds document.Diagnostics
	if b, name, ok := inLibrary(path); ok {
		written, ds = f.Loader.LoadBytes(document.LibraryPrefix+name, b)
	} else {
		written, ds = f.Loader.Load(path)
	}
	return f.resolve(written, ds)
}

// LoadBytes is Load for a document in memory, whose name stands for the file.
func LoadBytes(name string, b []byte) (*File, document.Diagnostics) {
	f := &File{Path: name, Loader: &document.Loader{Library: library.FS}}
	written, ds := f.Loader.LoadBytes(name, b)
	return f.resolve(written, ds)
}

func (f *File) resolve(written *document.Value, ds document.Diagnostics) (*File, document.Diagnostics) {
	whole, more := f.Loader.Resolve(written)
	f.Whole = whole
	return f, append(ds, more...).Sorted()
}

// inLibrary finds a scenario of the library, by its name without the ending, unless the machine has such a file.
func inLibrary(path string) (b []byte, name string, ok bool) {
	if _, err := os.Stat(path); err == nil || filepath.IsAbs(path) {
		return nil, "", false
	}
	name = strings.TrimSuffix(filepath.ToSlash(path), ".yaml") + ".yaml"
	for _, candidate := range []string{name, "what-if/" + name} {
		if b, err := fs.ReadFile(library.FS, candidate); err == nil {
			return b, candidate, true
		}
	}
	return nil, "", false
}

// Variants returns the names of the variants, sorted.
func (f *File) Variants() []string {
	var names []string
	if v := f.Whole.Get("variants"); v != nil {
		for _, e := range v.Entries {
			names = append(names, e.Key)
		}
	}
	slices.Sort(names)
	return names
}

// Variant returns the resolved document of a variant, "" for the base.
func (f *File) Variant(name string) (*document.Value, document.Diagnostics) {
	if name == "" {
		return f.Whole, nil
	}
	patch := f.Whole.Get("variants").Get(name)
	if patch == nil {
		return nil, document.Diagnostics{{Code: "variant", Pos: document.Pos{File: f.Path}, Path: "variants",
			Msg: fmt.Sprintf("there is no variant %q", name), Fix: "the variants are: " + strings.Join(f.Variants(), ", ")}}
	}
	return document.Merge(f.Whole, longhand(patch))
}

// longhand writes a variant's keys set and at as the timeline action that they stand for.
func longhand(patch *document.Value) *document.Value {
	set := patch.Get("set")
	if set == nil {
		return patch
	}
	act := &document.Value{Kind: document.Map, Pos: set.Pos, Used: set.Used}
	at := patch.Get("at")
	if at == nil {
		at = &document.Value{Kind: document.Scalar, Text: "0 s", Pos: set.Pos, Used: set.Used}
	}
	act.Entries = []document.Entry{
		{Key: "at", Pos: at.Pos, Used: at.Used, Value: at},
		{Key: "set", Pos: set.Pos, Used: set.Used, Value: set},
	}
	list := &document.Value{Kind: document.List, Pos: set.Pos, Used: set.Used, Items: []*document.Value{act}}
	out := &document.Value{Kind: document.Map, Pos: patch.Pos, Used: patch.Used}
	for _, e := range patch.Entries {
		switch e.Key {
		case "set", "at":
		case "timeline":
			if add := e.Value.Get("add"); add != nil && add.Kind == document.List {
				list.Items = append(list.Items, add.Items...)
				continue
			}
			out.Entries = append(out.Entries, e)
		default:
			out.Entries = append(out.Entries, e)
		}
	}
	adds := &document.Value{Kind: document.Map, Pos: set.Pos, Used: set.Used,
		Entries: []document.Entry{{Key: "add", Pos: set.Pos, Used: set.Used, Value: list}}}
	out.Entries = append(out.Entries, document.Entry{Key: "timeline", Pos: set.Pos, Used: set.Used, Value: adds})
	return out
}

// Open opens a data file that the scenario names (weather, traces): beside the scenario, or in the library. A name
// that begins with ./ or ../ is never looked up in the library.
func (f *File) Open(name string) (io.ReadCloser, error) {
	if f.Data != nil {
		return f.Data(name)
	}
	local := filepath.Join(filepath.Dir(f.Path), filepath.FromSlash(name))
	if filepath.IsAbs(name) {
		local = name
	}
	file, err := os.Open(local)
	if err == nil {
		return file, nil
	}
	if !errors.Is(err, fs.ErrNotExist) || strings.HasPrefix(name, ".") || filepath.IsAbs(name) {
		return nil, err
	}
	for _, candidate := range []string{name, name + ".gz"} {
		if part, e := library.FS.Open(candidate); e == nil {
			return part, nil
		}
	}
	return nil, fmt.Errorf("%s: neither beside %s nor in the library", name, f.Path)
}

// slurp reads a data file whole, up to a limit in bytes.
func (f *File) slurp(name string, limit int64) ([]byte, error) {
	r, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: larger than %d MB", name, limit>>20)
	}
	return b, err
}

// Decode checks a variant's document and returns its spec.
func (f *File) Decode(variant string) (*Spec, *document.Value, document.Diagnostics) {
	whole, ds := f.Variant(variant)
	spec, ds := decode(whole, ds)
	return spec, whole, ds
}

// decode adds what is wrong in decoding to what was wrong before.
func decode(whole *document.Value, ds document.Diagnostics) (*Spec, document.Diagnostics) {
	if whole == nil {
		return nil, ds
	}
	spec := &Spec{}
	return spec, append(ds, document.Decode(whole, spec)...).Sorted()
}

// Resolved returns the whole document of a variant with every default written out, and its hash.
func Resolved(whole *document.Value) (text []byte, hash string) {
	var b bytes.Buffer
	if err := document.Resolved(&b, whole, &Spec{}); err != nil {
		panic(err) // a buffer takes everything
	}
	sum := sha256.Sum256(b.Bytes())
	return b.Bytes(), hex.EncodeToString(sum[:])
}
