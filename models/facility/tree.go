package facility

// Level holds all things of one kind.
type Level struct {
	Parent Kind     // the kind that contains this one
	Up     []int32  // by thing: the index of its parent
	Local  []int32  // by thing: its number within its parent, counted from zero
	First  []int32  // by parent, and one more: children of parent p are First[p] … First[p+1]-1
	Names  []string // by thing, or nil: a name of its own instead of kind-local ("utility-a")
	Model  []int16  // by thing, or nil: an index into Models
	Models []string // the hardware types in use, as the library names them
}

// Count returns the number of things of this kind.
func (l *Level) Count() int { return len(l.Up) }

// Tree is the map of one site. It is immutable once built.
type Tree struct {
	Name   string // of the site
	Levels [NumKinds]Level
}

// New returns a tree that holds only the site.
func New(name string) *Tree {
	t := &Tree{Name: name}
	t.Levels[Site] = Level{Up: []int32{0}, Local: []int32{0}, First: []int32{0, 1}}
	return t
}

// Add puts counts[p] things of kind k under the p-th parent, for all parents of kind parent at once. Kinds are
// added from the top down, each once.
func (t *Tree) Add(k, parent Kind, counts []int) *Level {
	l := &t.Levels[k]
	*l = Level{Parent: parent, First: make([]int32, 1, len(counts)+1)}
	for p, n := range counts {
		for i := range n {
			l.Up = append(l.Up, int32(p))
			l.Local = append(l.Local, int32(i))
		}
		l.First = append(l.First, int32(len(l.Up)))
	}
	return l
}

// Count returns the number of things of kind k.
func (t *Tree) Count(k Kind) int { return len(t.Levels[k].Up) }

// Children returns the range [lo, hi) of things of kind k directly under the given index of k's parent kind.
func (t *Tree) Children(k Kind, parent int32) (lo, hi int32) {
	f := t.Levels[k].First
	if int(parent)+1 >= len(f) {
		return 0, 0
	}
	return f[parent], f[parent+1]
}

// Ancestor returns the index of the thing of kind k that contains r, and false where none does.
func (t *Tree) Ancestor(r Ref, k Kind) (int32, bool) {
	for {
		if r.Kind == k {
			return r.Index, true
		}
		if r.Kind == Site {
			return 0, false
		}
		l := &t.Levels[r.Kind]
		r = Ref{l.Parent, l.Up[r.Index]}
	}
}
