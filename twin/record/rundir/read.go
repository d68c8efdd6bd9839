package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/jsonl"
	"github.com/halltwin/halltwin/twin/record/parquet"
)

const maxDocument = 64 << 20 // bytes of a JSON document

// Run is a run directory, open for reading. Nothing outside the directory can be reached through it, whatever
// its files say.
type Run struct {
	Path     string
	Manifest Manifest
	root     *os.Root
	header   *record.Header
}

// Open opens a run directory.
func Open(dir string) (*Run, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("no run directory: %w", err)
	}
	r := &Run{Path: dir, root: root}
	if err := r.document(ManifestFile, &r.Manifest); err != nil {
		_ = root.Close() // the reason is more telling
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is not a run directory: it has no %s", dir, ManifestFile)
		}
		return nil, err
	}
	if r.Manifest.Format > Format {
		_ = root.Close()
		return nil, fmt.Errorf("%s was written by a newer halltwin (%s): its format is %d, this one reads %d",
			dir, r.Manifest.Version, r.Manifest.Format, Format)
	}
	if r.header, err = r.Manifest.header(); err != nil {
		_ = root.Close()
		return nil, err
	}
	if b, err := r.read(ResolvedFile); err == nil {
		r.header.Resolved = b
	}
	return r, nil
}

// Close lets go of the directory.
func (r *Run) Close() error { return r.root.Close() }

// Header returns what the run was opened with.
func (r *Run) Header() *record.Header { return r.header }

// FS returns the directory's files.
func (r *Run) FS() fs.FS { return r.root.FS() }

// Files lists what the directory holds, in the order of the manifest, with the manifest and what is not in it.
func (r *Run) Files() []string {
	list := []string{ManifestFile}
	for _, f := range r.Manifest.Files {
		list = append(list, f.Name)
	}
	known := []string{ResolvedFile, ActionsFile, EventsFile, SummaryFile, EngineFile, ReportFile}
	for _, k := range r.Levels() {
		known = append(known, tableFile(k))
	}
	for _, name := range known { // a run that was killed has no list yet
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return slices.DeleteFunc(list, func(name string) bool {
		if !fs.ValidPath(name) {
			return true
		}
		info, err := r.root.Stat(name)
		return err != nil || !info.Mode().IsRegular()
	})
}

// Summary reads the verdict and the figures. It is nil, without an error, for a run that did not finish.
func (r *Run) Summary() (*record.Summary, error) {
	var s record.Summary
	if err := r.document(SummaryFile, &s); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	var engine record.Group
	if err := r.document(EngineFile, &engine); err == nil && len(engine.KPIs) > 0 {
		for _, k := range engine.KPIs {
			s.Add(record.Engine, k)
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &s, nil
}

// Events calls fn with each event in order.
func (r *Run) Events(fn func(*record.Event) error) error {
	f, err := r.root.Open(EventsFile)
	if err != nil {
		return err
	}
	return errors.Join(jsonl.Read(f, fn), f.Close())
}

// Levels lists the levels that have a Parquet file.
func (r *Run) Levels() []facility.Kind {
	var list []facility.Kind
	for k := range facility.NumKinds {
		if _, err := r.root.Stat(tableFile(k)); err == nil {
			list = append(list, k)
		}
	}
	return list
}

func tableFile(k facility.Kind) string { return MetricsDir + record.LevelName(k) + ".parquet" }

// Table opens a level's file. The caller closes it.
func (r *Run) Table(k facility.Kind) (*parquet.Table, io.Closer, error) {
	f, err := r.root.Open(tableFile(k))
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	t, err := parquet.Open(f, info.Size())
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", tableFile(k), err), f.Close())
	}
	return t, f, nil
}

// Check reads every file that the manifest lists and compares size and hash. It returns the differences.
func (r *Run) Check() ([]string, error) {
	var wrong []string
	for _, f := range r.Manifest.Files {
		b, err := r.read(f.Name)
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%s: %v", f.Name, err))
		case int64(len(b)) != f.Bytes || sum(b) != f.Sum:
			wrong = append(wrong, f.Name+": not as it was written")
		}
	}
	return wrong, nil
}

func (r *Run) read(name string) ([]byte, error) {
	if name != path.Clean(name) || strings.HasPrefix(name, "/") {
		return nil, fmt.Errorf("%q is no file of a run", name)
	}
	f, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}

func (r *Run) document(name string, into any) error {
	info, err := r.root.Stat(name)
	if err != nil {
		return err
	}
	if info.Size() > maxDocument {
		return fmt.Errorf("%s is larger than %d MB", name, maxDocument>>20)
	}
	b, err := r.read(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
