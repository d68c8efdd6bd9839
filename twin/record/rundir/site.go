package rundir

import (
	"errors"
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
)

// maxThings bounds the site that a manifest may describe.
const maxThings = 20_000_000

// Site is a facility tree in few words: counts that repeat are written once, [times, count].
type Site struct {
	Name   string  `json:"name"`
	Levels []Level `json:"levels"`
}

// Level is one kind of thing.
type Level struct {
	Kind   string   `json:"kind"`
	Parent string   `json:"parent"`
	Counts [][2]int `json:"counts"` // children by parent, as [how many parents, how many children each]
	Names  []string `json:"names,omitempty"`
	Model  [][2]int `json:"model,omitempty"` // by thing, as [how many things, index into models]
	Models []string `json:"models,omitempty"`
}

func encodeSite(t *facility.Tree) *Site {
	if t == nil {
		return nil
	}
	s := &Site{Name: t.Name}
	for k := facility.Site + 1; k < facility.NumKinds; k++ {
		l := &t.Levels[k]
		if l.Count() == 0 {
			continue
		}
		var counts []int
		for p := range len(l.First) - 1 {
			counts = append(counts, int(l.First[p+1]-l.First[p]))
		}
		var model []int
		for _, m := range l.Model {
			model = append(model, int(m))
		}
		s.Levels = append(s.Levels, Level{
			Kind: k.String(), Parent: l.Parent.String(), Counts: pack(counts), Names: l.Names, Model: pack(model), Models: l.Models,
		})
	}
	return s
}

func pack(list []int) (runs [][2]int) {
	for _, v := range list {
		if n := len(runs); n > 0 && runs[n-1][1] == v {
			runs[n-1][0]++
		} else {
			runs = append(runs, [2]int{1, v})
		}
	}
	return runs
}

func unpack(runs [][2]int, most int) ([]int, error) {
	var list []int
	for _, r := range runs {
		if r[0] < 0 || r[0] > most-len(list) {
			return nil, fmt.Errorf("more than %d entries", most)
		}
		list = append(list, slices.Repeat([]int{r[1]}, r[0])...)
	}
	return list, nil
}

// decode rebuilds the tree.
func (s *Site) decode() (*facility.Tree, error) {
	if s == nil {
		return facility.New("site"), nil
	}
	t := facility.New(s.Name)
	left := slices.Clone(s.Levels)
	total := 0
	for len(left) > 0 {
		rest := left[:0:0]
		for _, l := range left {
			parent, ok := facility.ParseKind(l.Parent)
			if !ok {
				return nil, fmt.Errorf("unknown kind %q", l.Parent)
			}
			if t.Count(parent) == 0 {
				rest = append(rest, l)
				continue
			}
			n, err := l.add(t, parent)
			if err != nil {
				return nil, fmt.Errorf("level %q: %w", l.Kind, err)
			}
			if total += n; total > maxThings {
				return nil, fmt.Errorf("more than %d things", maxThings)
			}
		}
		if len(rest) == len(left) {
			return nil, errors.New("levels without a parent")
		}
		left = rest
	}
	return t, nil
}

func (l *Level) add(t *facility.Tree, parent facility.Kind) (n int, err error) {
	kind, ok := facility.ParseKind(l.Kind)
	if !ok || t.Count(kind) > 0 {
		return 0, errors.New("unknown or repeated kind")
	}
	counts, err := unpack(l.Counts, t.Count(parent))
	if err != nil {
		return 0, err
	}
	for _, c := range counts {
		if c < 0 || c > maxThings-n {
			return 0, fmt.Errorf("more than %d things", maxThings)
		}
		n += c
	}
	model, err := unpack(l.Model, n)
	if err != nil {
		return 0, err
	}
	if len(l.Names) > n {
		return 0, errors.New("more names than things")
	}
	for len(counts) < t.Count(parent) {
		counts = append(counts, 0)
	}
	level := t.Add(kind, parent, counts)
	level.Names, level.Models = l.Names, l.Models
	for _, m := range model {
		if m < -1 || m >= len(l.Models) {
			return 0, fmt.Errorf("no model %d", m)
		}
		level.Model = append(level.Model, int16(m))
	}
	return n, nil
}
