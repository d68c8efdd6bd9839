package viz

import (
	"encoding/json"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/halltwin/halltwin/viz/wire"
)

// Bounds of what waits for a viewer.
const (
	mostFrames  = 256
	mostBytes   = 4 << 20 // of frames, before compression; viewers share them
	mostEvents  = 64      // messages, of many each
	mostAnswers = 1024
)

// queue is what waits to be sent to one viewer. Putting something in never blocks.
type queue struct {
	signal chan struct{}

	mu      sync.Mutex
	items   []item
	frames  int
	bytes   int
	events  int
	answers int
	lagging bool // frames were dropped; none is taken until everything is sent
	dropped int64
	missed  map[*attendance]int64        // events
	status  map[*attendance]*wire.Status // the latest alone matters
	over    bool                         // too many answers: she asks and does not listen
}

// item is one message.
type item struct {
	text     []byte
	prepared *websocket.PreparedMessage // of a frame or events, shared with other viewers
	size     int
	event    bool
}

func newQueue() *queue {
	return &queue{signal: make(chan struct{}, 1), missed: map[*attendance]int64{}, status: map[*attendance]*wire.Status{}}
}

func (q *queue) wake() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// frame queues a frame of a size. If too much waits, all frames that do are dropped, and it returns false, as it does until
// the viewer has caught up.
func (q *queue) frame(m *websocket.PreparedMessage, size int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lagging {
		return false
	}
	if q.frames >= mostFrames || q.bytes+size > mostBytes && q.frames > 0 {
		q.items = slices.DeleteFunc(q.items, func(i item) bool { return i.prepared != nil && !i.event })
		q.frames, q.bytes, q.lagging = 0, 0, true
		q.dropped++
		return false
	}
	q.items = append(q.items, item{prepared: m, size: size})
	q.frames++
	q.bytes += size
	q.wake()
	return true
}

// room reports whether frames are taken and few wait.
func (q *queue) room() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.lagging && q.frames < mostFrames/2 && q.bytes < mostBytes/2
}

// drops returns how often frames were dropped.
func (q *queue) drops() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// answer queues a message that must not be lost.
func (q *queue) answer(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		return // the types of wire can all be written
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.answers >= mostAnswers {
		q.over = true
	} else {
		q.answers++
		q.items = append(q.items, item{text: text})
	}
	q.wake()
}

// latest queues a status in place of the one that waits.
func (q *queue) latest(a *attendance, s *wire.Status) {
	q.mu.Lock()
	q.status[a] = s
	q.mu.Unlock()
	q.wake()
}

// event queues events, or counts them where too much waits; lost were dropped before.
func (q *queue) event(a *attendance, s *shared, lost int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case s.frame == nil:
	case q.events >= mostEvents:
		lost += s.count
	default:
		q.events++
		q.items = append(q.items, item{prepared: s.message(), event: true})
	}
	if lost > 0 {
		q.missed[a] += lost
	}
	q.wake()
}

// forget drops what is about a run that the viewer has left.
func (q *queue) forget(a *attendance) {
	q.mu.Lock()
	delete(q.status, a)
	delete(q.missed, a)
	q.mu.Unlock()
}

// take returns the next message; false when nothing waits, at which a viewer who lagged has caught up.
func (q *queue) take() (i item, ok, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return item{}, false, true
	}
	if len(q.items) > 0 {
		i = q.items[0]
		q.items[0] = item{}
		q.items = q.items[1:]
		switch {
		case i.event:
			q.events--
		case i.prepared != nil:
			q.frames--
			q.bytes -= i.size
		default:
			q.answers--
		}
		return i, true, false
	}
	for a, n := range q.missed {
		delete(q.missed, a)
		text, err := json.Marshal(&wire.Skipped{Type: "skipped", Run: a.run.spec.ID, Events: n})
		return item{text: text}, err == nil, false
	}
	for a, s := range q.status {
		delete(q.status, a)
		text, err := json.Marshal(s)
		return item{text: text}, err == nil, false
	}
	q.items = nil
	q.lagging = false
	return item{}, false, false
}
