package store

import (
	"encoding/json"
	"math"
	"sort"
	"strings"
	"sync"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// mostEvents bounds a log. Beyond it the details (every job's start and end) go first, and then what is oldest.
const mostEvents = 200_000

// Log is the events of a run in order.
type Log struct {
	header *record.Header

	mu      sync.RWMutex
	events  []record.Event
	dropped int
}

// NewLog returns an empty log of a run.
func NewLog(h *record.Header) *Log { return &Log{header: h} }

// Add appends an event.
func (l *Log) Add(e *record.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, *e)
	if len(l.events) <= mostEvents {
		return
	}
	kept := make([]record.Event, 0, mostEvents)
	for i := range l.events {
		if l.events[i].Severity > record.Detail {
			kept = append(kept, l.events[i])
		}
	}
	if most := mostEvents / 2; len(kept) > most {
		kept = append(kept[:0], kept[len(kept)-most:]...)
	}
	l.dropped += len(l.events) - len(kept)
	l.events = kept
}

// Query says which events are asked for.
type Query struct {
	From, To float64 // s, both included
	Least    record.Severity
	Subject  string // of this thing, or inside it
	Search   string // words that all occur
	After    int64  // id
	Limit    int
}

// Find returns the first events that match, and how many do.
func (l *Log) Find(q Query) (found []record.Event, total int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	words := strings.Fields(strings.ToLower(q.Search))
	first := sort.Search(len(l.events), func(i int) bool { return l.events[i].Time >= q.From })
	for i := first; i < len(l.events) && l.events[i].Time <= q.To; i++ {
		e := &l.events[i]
		if e.Severity < q.Least || e.ID <= q.After || !about(e, q.Subject) || !says(e, words) {
			continue
		}
		if total++; total <= q.Limit {
			found = append(found, *e)
		}
	}
	return found, total
}

func about(e *record.Event, subject string) bool {
	if subject == "" || e.Subject == subject || strings.HasPrefix(e.Subject, subject+"/") {
		return true
	}
	for part := range strings.SplitSeq(e.Subject, ", ") {
		if part == subject {
			return true
		}
	}
	return false
}

func says(e *record.Event, words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(e.Text + " " + e.Subject + " " + e.Type)
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// mostInTree bounds the tree of one event.
const mostInTree = 2000

// Tree returns an event with what caused it, up to the first cause, and everything that followed from that, in order.
func (l *Log) Tree(id int64) []record.Event {
	l.mu.RLock()
	defer l.mu.RUnlock()
	at := func(id int64) int {
		i := sort.Search(len(l.events), func(i int) bool { return l.events[i].ID >= id })
		if i < len(l.events) && l.events[i].ID == id {
			return i
		}
		return -1
	}
	first := at(id)
	if first < 0 {
		return nil
	}
	for l.events[first].Parent != 0 && l.events[first].Parent < l.events[first].ID {
		up := at(l.events[first].Parent)
		if up < 0 {
			break
		}
		first = up
	}
	in := map[int64]bool{l.events[first].ID: true}
	tree := []record.Event{l.events[first]}
	for i := first + 1; i < len(l.events) && len(tree) < mostInTree; i++ {
		if e := &l.events[i]; e.Parent != 0 && in[e.Parent] {
			in[e.ID] = true
			tree = append(tree, *e)
		}
	}
	return tree
}

// Last returns the last event about a thing that is a warning or worse, or an action, not after t.
func (l *Log) Last(subject string, t float64) (record.Event, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for i := sort.Search(len(l.events), func(i int) bool { return l.events[i].Time > t }) - 1; i >= 0; i-- {
		if e := &l.events[i]; e.Severity >= record.Info && about(e, subject) {
			return *e, true
		}
	}
	return record.Event{}, false
}

// Count counts events by bucket of time and severity.
func (l *Log) Count(until float64, buckets int) (bucket float64, counts map[string][]int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	bucket = max(until/float64(buckets), math.SmallestNonzeroFloat32)
	counts = map[string][]int{}
	for _, s := range []record.Severity{record.Info, record.Warning, record.Critical} {
		counts[s.String()] = make([]int, buckets)
	}
	for i := range l.events {
		if e := &l.events[i]; e.Severity > record.Detail {
			counts[e.Severity.String()][min(max(int(e.Time/bucket), 0), buckets-1)]++
		}
	}
	return bucket, counts
}

// Each calls fn with every event of at least a severity.
func (l *Log) Each(least record.Severity, fn func(*record.Event)) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for i := range l.events {
		if l.events[i].Severity >= least {
			fn(&l.events[i])
		}
	}
}

// Encode writes an event as events.jsonl does, with kind and index of its subject where that is one thing of the site.
func Encode(h *record.Header, e *record.Event) json.RawMessage {
	line, err := h.EncodeEvent(e)
	if err != nil {
		return json.RawMessage("null")
	}
	if h.Site == nil || e.Subject == "" || strings.Contains(e.Subject, " ") {
		return line
	}
	ref, err := h.Site.Parse(e.Subject)
	if err != nil || h.Site.NameOf(ref) != e.Subject && ref.Kind != facility.Site {
		return line
	}
	extra, err := json.Marshal(struct {
		Kind  string `json:"kind"`
		Index int32  `json:"index"`
	}{ref.Kind.String(), ref.Index})
	if err != nil {
		return line
	}
	extra[0] = ','
	return append(line[:len(line)-1:len(line)-1], extra...)
}
