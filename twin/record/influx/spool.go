package influx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/halltwin/halltwin/twin/record"
)

// A spool is a folder: SPOOL/TARGET/RUN-random/000001.seg. Segments of one target are sent in the order of the runs'
// folders' age, then of their numbers. A segment that the server refused for good is renamed to .refused, a torn one to
// .torn; both stay until a person looks at them.
const (
	segmentSuffix = ".seg"
	refusedSuffix = ".refused"
	tornSuffix    = ".torn"
)

// ErrFull is a spool that may not grow.
var ErrFull = errors.New("the spool is full")

// spool is the part of a spool that waits for one target.
type spool struct {
	root   string // SPOOL
	target Target
	run    string
	limit  int64

	mu      sync.Mutex
	own     string // this run's folder, made when first needed
	next    int
	size    int64    // bytes of all segments, of any target
	waiting []string // oldest first
}

// openSpool finds what waits for a target already.
func openSpool(root string, target Target, run string, limit int64) (*spool, error) {
	s := &spool{root: root, target: target, run: run, limit: limit}
	var err error
	if s.waiting, err = segments(s.folder()); err != nil {
		return nil, err
	}
	all, err := segments(root)
	for _, name := range all {
		if i, err := os.Stat(name); err == nil {
			s.size += i.Size()
		}
	}
	return s, err
}

// folder is where the segments of a target lie.
func (s *spool) folder() string {
	sum := sha256.Sum256([]byte(s.target.URL + "\n" + s.target.Org + "\n" + s.target.Bucket))
	_, host, _ := strings.Cut(s.target.URL, "://")
	return filepath.Join(s.root, plainName(host+"-"+s.target.Bucket)+"-"+hex.EncodeToString(sum[:4]))
}

// plainName keeps of a name what any file system takes.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, s)
	return strings.TrimLeft(s[:min(len(s), 80)], ".")
}

// segments lists the segments below a folder, oldest first. One that does not exist holds none.
func segments(root string) ([]string, error) {
	type file struct {
		name string
		age  int64
	}
	var list []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it was sent meanwhile, or there is no spool yet
		case err != nil:
			return err
		case d.IsDir() || filepath.Ext(path) != segmentSuffix || !d.Type().IsRegular():
			return nil
		}
		i, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		list = append(list, file{path, i.ModTime().UnixNano()})
		return nil
	})
	slices.SortFunc(list, func(a, b file) int {
		switch {
		case a.age < b.age:
			return -1
		case a.age > b.age:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.name
	}
	return names, err
}

// put adds a segment, whole or not at all, and returns its file.
func (s *spool) put(seg *Segment) (name string, err error) {
	b, err := seg.encode()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size+int64(len(b)) > s.limit {
		return "", fmt.Errorf("%w: %s holds %s of at most %s", ErrFull, s.root, record.Show(float64(s.size), "B"), record.Show(float64(s.limit), "B"))
	}
	if s.own == "" {
		if err := os.MkdirAll(s.folder(), 0o700); err != nil {
			return "", err
		}
		if s.own, err = os.MkdirTemp(s.folder(), plainName(s.run)+"-"); err != nil {
			s.own = ""
			return "", err
		}
	}
	s.next++
	name = filepath.Join(s.own, fmt.Sprintf("%06d%s", s.next, segmentSuffix))
	if err := writeWhole(name, b); err != nil {
		return "", err
	}
	s.size += int64(len(b))
	s.waiting = append(s.waiting, name)
	return name, nil
}

// writeWhole writes a file that is whole under its name, or not there, whatever happens to the process. It does not wait
// for the device, which could hold up what the run itself writes: settle does, once the run is over. After a power cut in
// between a segment may be torn; its checksum tells.
func writeWhole(name string, b []byte) error {
	f, err := os.OpenFile(name+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		os.Remove(name + ".new")
	}
	return err
}

// settle waits until this run's segments are on the device.
func (s *spool) settle() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, name := range s.waiting {
		if filepath.Dir(name) != s.own {
			continue
		}
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) { // another process has sent it
			continue
		}
		if err == nil {
			err = errors.Join(f.Sync(), f.Close())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// empty says whether nothing waits.
func (s *spool) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) == 0
}

// oldest reads the segment that has waited longest. It returns "" when none waits. A torn one is put aside and told.
func (s *spool) oldest() (name string, seg *Segment, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) > 0 {
		name = s.waiting[0]
		seg, err = readSegment(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // another process has sent it
			s.waiting = s.waiting[1:]
			continue
		case errors.Is(err, ErrTorn):
			s.forget(name)
			return name, nil, errors.Join(fmt.Errorf("%s: %w", name, err), os.Rename(name, name+tornSuffix))
		case err != nil:
			return name, nil, err
		}
		return name, seg, nil
	}
	return "", nil, nil
}

func readSegment(name string) (*Segment, error) {
	i, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if i.Size() > maxBody+maxHead+64 {
		return nil, ErrTorn
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return DecodeSegment(b)
}

// forget takes a segment off the list.
func (s *spool) forget(name string) {
	if i := slices.Index(s.waiting, name); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	if i, err := os.Stat(name); err == nil {
		s.size -= i.Size()
	}
}

// sent removes a segment that has arrived, and its folder with the last one.
func (s *spool) sent(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(name)
	err := os.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if dir := filepath.Dir(name); os.Remove(dir) == nil && dir == s.own { // it is removed when it is empty
		s.own = ""
	}
	os.Remove(s.folder())
	return err
}

// refuse puts a segment aside that the server will never take, with what it said.
func (s *spool) refuse(name string, why error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(name)
	aside := strings.TrimSuffix(name, segmentSuffix) + refusedSuffix
	return errors.Join(os.Rename(name, aside), os.WriteFile(aside+".txt", []byte(why.Error()+"\n"), 0o600))
}

// Pile is what waits in a spool for one target, of one run.
type Pile struct {
	Target   Target `json:"target"`
	Run      string `json:"run"`
	Points   int64  `json:"points"`
	Segments int    `json:"segments"`
	Bytes    int64  `json:"bytes"`
	Refused  int    `json:"refused_segments"` // what the server did not take
	Torn     int    `json:"torn_segments"`    // what a crash left
	Dir      string `json:"dir"`
}

// Piles lists what waits in a spool.
func Piles(root string) ([]Pile, error) {
	byDir := map[string]*Pile{}
	var dirs []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		dir := filepath.Dir(path)
		p := byDir[dir]
		if p == nil {
			p = &Pile{Dir: dir, Run: filepath.Base(dir)}
			byDir[dir] = p
			dirs = append(dirs, dir)
		}
		switch filepath.Ext(path) {
		case refusedSuffix:
			p.Refused++
		case tornSuffix:
			p.Torn++
		case segmentSuffix:
			seg, err := readSegment(path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case errors.Is(err, ErrTorn):
				p.Torn++
			case err != nil:
				return err
			default:
				p.Target, p.Run = seg.Target, seg.Run
				p.Points += seg.Points
				p.Segments++
				p.Bytes += int64(len(seg.Body))
			}
		}
		return nil
	})
	slices.Sort(dirs)
	list := make([]Pile, 0, len(dirs))
	for _, d := range dirs {
		if p := byDir[d]; p.Segments+p.Refused+p.Torn > 0 {
			list = append(list, *p)
		}
	}
	return list, err
}

// DefaultSpool is the folder in which points wait: below XDG_STATE_HOME, or the home directory.
func DefaultSpool(getenv func(string) string) string {
	if dir := getenv("HALLTWIN_SPOOL"); dir != "" {
		return dir
	}
	if dir := getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "halltwin", "spool")
	}
	if home := first(getenv("HOME"), getenv("USERPROFILE")); home != "" {
		return filepath.Join(home, ".local", "state", "halltwin", "spool")
	}
	return filepath.Join("runs", "spool")
}
