package viz

import (
	"encoding/json"
	"math"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/viz/store"
	"github.com/halltwin/halltwin/viz/wire"
)

// How often things are sent.
const (
	frameRest  = 50 * time.Millisecond
	statusRest = 250 * time.Millisecond
	keyRest    = 5 * time.Second
	askRest    = time.Second          // between keyframes that viewers ask for
	viewerRest = 3 * time.Millisecond // more for each viewer: what is sent to her has its cost too
	share      = 10                   // a hub rests so many times as long as it works, to leave the machine to the run
)

// hub sends the head of one run to those who attend it.
type hub struct {
	run    *Run
	signal chan struct{} // there is something new

	mu      sync.Mutex
	attend  map[*attendance]bool
	feeds   map[feedKey]*feed
	asked   map[*channel.Channel]time.Time // until when somebody is taken to look at it
	pending []record.Event
	missed  [record.Critical + 1]int64 // events beyond those, by severity
	running bool
}

// feedKey is what can be subscribed.
type feedKey struct {
	channel uint16
	level   facility.Kind
	width   uint8
}

// feed is one channel at one level, as all who follow the head see it.
type feed struct {
	tiles  []*wire.Encoder
	keyed  time.Time // when a keyframe was last sent
	at     float64
	values []float64
}

func (h *hub) init(r *Run) {
	h.run, h.signal = r, make(chan struct{}, 1)
	h.attend, h.feeds, h.asked = map[*attendance]bool{}, map[feedKey]*feed{}, map[*channel.Channel]time.Time{}
}

// start lets the hub of a run under way begin.
func (h *hub) start() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running {
		h.running = true
		go h.pump()
	}
}

// wake says that there is something new. It never blocks.
func (h *hub) wake() {
	select {
	case h.signal <- struct{}{}:
	default:
	}
}

// pump sends frames and status until the run has ended and all know it.
func (h *hub) pump() {
	tick := time.NewTicker(statusRest)
	defer tick.Stop()
	var last time.Time
	rest := frameRest
	for {
		news := false
		select {
		case <-h.signal:
			news = true
		case <-tick.C:
		}
		if wait := rest - time.Since(last); news && wait > 0 {
			time.Sleep(wait)
		}
		last = time.Now()
		h.publish(last)
		rest = max(frameRest, share*time.Since(last), time.Duration(len(h.followers()))*viewerRest)
		if h.run.ended() {
			h.finish()
			return
		}
	}
}

// ended reports whether nothing more will come.
func (r *Run) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// finish gives everybody a cursor of her own where the head is.
func (h *hub) finish() {
	h.publish(time.Now())
	for _, a := range h.followers() {
		a.settle()
	}
}

// followers lists who attends.
func (h *hub) followers() []*attendance {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*attendance, 0, len(h.attend))
	for a := range h.attend {
		list = append(list, a)
	}
	return list
}

// publish brings every follower up to date.
func (h *hub) publish(now time.Time) {
	all := h.followers()
	st := h.run.standing()
	want := map[feedKey]map[int]bool{}
	for _, a := range all {
		a.wanted(want)
	}
	for key, tiles := range want {
		h.send(key, tiles, all, now)
	}
	h.news(all)
	for _, a := range all {
		a.tell(st, now)
	}
	h.forget(want, now)
}

// send encodes the tiles of a feed that somebody wants, once, and gives each follower the frame that she needs.
func (h *hub) send(key feedKey, tiles map[int]bool, all []*attendance, now time.Time) {
	f := h.feed(key)
	c := h.run.channels[key.channel]
	values, at, err := h.run.at(c, key.level, math.Inf(1))
	if err != nil || values == nil {
		return
	}
	fresh := at != f.at || len(values) != len(f.values)
	f.at, f.values = at, values
	force := fresh && now.Sub(f.keyed) >= keyRest
	for tile := range f.tiles {
		enc := f.tiles[tile]
		if !tiles[tile] && !enc.Begun() {
			continue
		}
		first := tile * wire.Tile
		var next, whole shared
		if fresh || !enc.Begun() {
			next.frame = enc.Next(nil, at, values[first:min(first+wire.Tile, len(values))], force)
		}
		for _, a := range all {
			a.give(key, tile, enc, &next, &whole)
		}
	}
	if force {
		f.keyed = now
	}
}

// shared is a frame that is prepared, and compressed, once for all who get it.
type shared struct {
	frame    []byte
	text     bool  // it is no frame, but the text of events
	count    int64 // of them
	prepared *websocket.PreparedMessage
}

func (s *shared) message() *websocket.PreparedMessage {
	if s.prepared == nil {
		kind := websocket.BinaryMessage
		if s.text {
			kind = websocket.TextMessage
		}
		s.prepared, _ = websocket.NewPreparedMessage(kind, s.frame) // it fails for unknown types only
	}
	return s.prepared
}

// keyframe reports whether the frame stands alone.
func (s *shared) keyframe() bool { return len(s.frame) > 2 && wire.Kind(s.frame[2]) == wire.Keyframe }

// feed returns what followers of a feed share.
func (h *hub) feed(key feedKey) *feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[key]
	if f == nil {
		f = &feed{at: math.NaN(), tiles: h.run.encoders(key, 0)}
		h.feeds[key] = f
	}
	return f
}

// encoders returns one for each tile of a feed.
func (r *Run) encoders(key feedKey, stream uint32) []*wire.Encoder {
	total := r.header.Site.Count(key.level)
	head := wire.Header{Width: key.width, Run: r.number, Stream: stream, Channel: key.channel, Level: uint8(key.level), Total: uint32(total)}
	var list []*wire.Encoder
	for first := 0; first < total; first += wire.Tile {
		list = append(list, wire.NewEncoder(head, uint32(first)))
	}
	return list
}

// forget drops the feeds that nobody wants any more, and what nobody has asked for lately.
func (h *hub) forget(want map[feedKey]map[int]bool, now time.Time) {
	h.mu.Lock()
	for key := range h.feeds {
		if want[key] == nil {
			delete(h.feeds, key)
		}
	}
	changed := false
	for c, until := range h.asked {
		if now.After(until) {
			delete(h.asked, c)
			changed = true
		}
	}
	h.mu.Unlock()
	if changed {
		h.run.want()
	}
}

// mostPending bounds the events that wait to be sent; what is more, viewers are told of.
const mostPending = 1000

// event keeps an event for those who asked for such. It costs the run next to nothing.
func (h *hub) event(e *record.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.attend) == 0 {
		return
	}
	if len(h.pending) < mostPending {
		h.pending = append(h.pending, *e)
	} else {
		h.missed[e.Severity]++
	}
	h.wake()
}

// news sends the events since last time to those who attend, written once for all who hear the same.
func (h *hub) news(all []*attendance) {
	h.mu.Lock()
	events, missed := h.pending, h.missed
	h.pending, h.missed = nil, [record.Critical + 1]int64{}
	h.mu.Unlock()
	if len(events) == 0 {
		return
	}
	var texts [record.Critical + 1]*shared
	for _, a := range all {
		if a.silent {
			continue
		}
		if texts[a.least] == nil {
			texts[a.least] = h.write(events, a.least)
		}
		lost := int64(0)
		for s := a.least; s <= record.Critical; s++ {
			lost += missed[s]
		}
		a.viewer.queue.event(a, texts[a.least], lost)
	}
}

// write makes the message of the events of at least a severity.
func (h *hub) write(events []record.Event, least record.Severity) *shared {
	m := wire.Happened{Type: "events", Run: h.run.spec.ID}
	for i := range events {
		if events[i].Severity >= least {
			m.Events = append(m.Events, store.Encode(h.run.header, &events[i]))
		}
	}
	if len(m.Events) == 0 {
		return &shared{}
	}
	text, err := json.Marshal(&m)
	if err != nil {
		return &shared{} // every event can be written
	}
	return &shared{frame: text, text: true, count: int64(len(m.Events))}
}

// join adds somebody who attends the run.
func (h *hub) join(a *attendance) {
	h.mu.Lock()
	h.attend[a] = true
	h.mu.Unlock()
	h.wake()
}

func (h *hub) leave(a *attendance) {
	h.mu.Lock()
	delete(h.attend, a)
	h.mu.Unlock()
	h.rewant()
}

// rewant works out anew what the run is to show.
func (h *hub) rewant() {
	if h.run.memory != nil {
		h.run.want()
	}
	h.wake()
}

// ask notes that somebody looks at channels beside those that are subscribed.
func (h *hub) ask(channels ...*channel.Channel) {
	h.mu.Lock()
	fresh := false
	for _, c := range channels {
		if _, ok := h.asked[c]; !ok {
			fresh = true
		}
		h.asked[c] = time.Now().Add(interest)
	}
	h.mu.Unlock()
	if fresh {
		h.rewant()
	}
}

// looked returns the channels that somebody looks at.
func (h *hub) looked() map[*channel.Channel]bool {
	all := h.followers()
	want := map[feedKey]map[int]bool{}
	for _, a := range all {
		a.wantedAnyway(want)
	}
	looked := map[*channel.Channel]bool{}
	for key := range want {
		looked[h.run.channels[key.channel]] = true
	}
	h.mu.Lock()
	for c := range h.asked {
		looked[c] = true
	}
	h.mu.Unlock()
	return looked
}
