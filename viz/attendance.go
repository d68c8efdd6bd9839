package viz

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/viz/wire"
)

// attendance is one viewer at one run: what she has subscribed, and where she stands in time.
type attendance struct {
	viewer *viewer
	run    *Run
	least  record.Severity // of events
	silent bool            // no events

	mu      sync.Mutex
	subs    []subscribed
	follow  bool
	stream  uint32  // jumps so far
	t       float64 // the cursor
	speed   float64 // of the cursor; 0: it stands
	moved   time.Time
	synced  map[tileKey]bool // whose state she knows, at the head
	own     map[feedKey]*feed
	dirty   bool // frames of the cursor are due
	skipped int64
	drops   int64 // of the queue, when what she knows was last in doubt
	said    wire.Status
	saidAt  time.Time
	keyed   time.Time // when keyframes were last asked for
}

// subscribed is one subscription, as tiles.
type subscribed struct {
	key   feedKey
	tiles []int
}

type tileKey struct {
	feedKey
	tile int
}

func newAttendance(v *viewer, r *Run, events string) *attendance {
	a := &attendance{viewer: v, run: r, synced: map[tileKey]bool{}, own: map[feedKey]*feed{}, silent: events == "" || events == "none"}
	a.least, _ = record.ParseSeverity(events)
	if a.follow = !r.ended(); !a.follow {
		a.stream, a.t = 1, r.first()
	}
	return a
}

// first returns the time of the first sample.
func (r *Run) first() float64 { return r.samples.Step(math.Inf(-1), 0) }

// subscribe replaces what is subscribed.
func (a *attendance) subscribe(list []wire.Subscription) *wire.Error {
	var subs []subscribed
	for i := range list {
		s := &list[i]
		c, id, e := a.run.lookup(s.Channel)
		if e != nil {
			return e
		}
		level, e := a.run.level(c, s.Level)
		if e != nil {
			return e
		}
		total := a.run.header.Site.Count(level)
		if total == 0 {
			return &wire.Error{Code: wire.CodeBadValue, Text: s.Channel + " is of jobs, which are not things of the site",
				Fix: "ask for them by HTTP"}
		}
		x := subscribed{key: feedKey{id, level, uint8(max(s.Bits, 8) / 8)}}
		n := (total + wire.Tile - 1) / wire.Tile
		for tile := range n {
			if len(s.Ranges) == 0 || slices.ContainsFunc(s.Ranges, func(r [2]int64) bool {
				return r[0] < int64((tile+1)*wire.Tile) && r[1] > int64(tile*wire.Tile)
			}) {
				x.tiles = append(x.tiles, tile)
			}
		}
		subs = append(subs, x)
	}
	a.mu.Lock()
	a.subs = subs
	kept := map[tileKey]bool{}
	own := map[feedKey]*feed{}
	for _, s := range subs {
		for _, tile := range s.tiles {
			if k := (tileKey{s.key, tile}); a.synced[k] {
				kept[k] = true
			}
		}
		if f := a.own[s.key]; f != nil {
			f.at = math.NaN() // tiles that are new to her must come
			own[s.key] = f
		}
	}
	a.synced, a.own, a.dirty = kept, own, true
	a.mu.Unlock()
	a.run.hub.rewant()
	return nil
}

// wanted adds the tiles that she wants of the head.
func (a *attendance) wanted(want map[feedKey]map[int]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.follow {
		a.add(want)
	}
}

// wantedAnyway adds them wherever she stands.
func (a *attendance) wantedAnyway(want map[feedKey]map[int]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.add(want)
}

func (a *attendance) add(want map[feedKey]map[int]bool) {
	for _, s := range a.subs {
		if want[s.key] == nil {
			want[s.key] = map[int]bool{}
		}
		for _, tile := range s.tiles {
			want[s.key][tile] = true
		}
	}
}

// give queues the frame of a tile that she needs, if she follows the head and wants it: the next one, or, if she does
// not know what that builds on, the whole.
func (a *attendance) give(key feedKey, tile int, enc *wire.Encoder, next, whole *shared) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := tileKey{key, tile}
	a.check()
	if !a.follow || !slices.ContainsFunc(a.subs, func(s subscribed) bool { return s.key == key && slices.Contains(s.tiles, tile) }) {
		delete(a.synced, k)
		return
	}
	if !a.synced[k] && !next.keyframe() {
		if whole.frame == nil {
			whole.frame = enc.Keyframe(nil)
		}
		next = whole
	}
	if next.frame == nil {
		return
	}
	if !a.viewer.queue.frame(next.message(), len(next.frame)) {
		a.lose()
		return
	}
	a.synced[k] = true
}

// lose notes that the viewer does not keep up.
func (a *attendance) lose() {
	a.skipped++
	a.check()
}

// check forgets what the viewer knew if frames for her have been dropped since, be they of this run or of another.
func (a *attendance) check() {
	if n := a.viewer.queue.drops(); n != a.drops {
		a.drops = n
		clear(a.synced)
		clear(a.own)
		a.dirty = true
	}
}

// keyframes lets the viewer have keyframes of all that she has subscribed.
func (a *attendance) keyframes() {
	a.mu.Lock()
	if now := time.Now(); now.Sub(a.keyed) >= askRest {
		a.keyed = now
		clear(a.synced)
		clear(a.own)
		a.dirty = true
	}
	a.mu.Unlock()
	a.run.hub.wake()
}

// seek moves the cursor to a time, from where it goes on at a speed.
func (a *attendance) seek(t, speed float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.t = min(max(t, min(a.run.first(), a.run.spec.Forked)), a.run.standing().head)
	if a.speed = speed; a.follow || speed == 0 {
		a.jump()
	}
	a.moved = time.Now()
}

// jump begins a new stream.
func (a *attendance) jump() {
	a.follow = false
	a.stream++
	clear(a.synced)
	clear(a.own)
	a.dirty = true
}

// where returns the cursor.
func (a *attendance) where() float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.follow {
		return a.run.standing().head
	}
	return a.t
}

// pause lets the cursor stand where it is.
func (a *attendance) pause() {
	t := a.where()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.t, a.speed = t, 0
	if a.follow {
		a.jump()
	}
}

// play lets the cursor go from where it is.
func (a *attendance) play(speed float64) {
	t := a.where()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.follow {
		a.jump()
	}
	a.t, a.speed, a.moved = t, speed, time.Now()
}

// step moves the cursor by samples.
func (a *attendance) step(n int) { a.seek(a.run.samples.Step(a.where(), n), 0) }

// head lets the cursor follow the head again; of a run that has ended it stands there.
func (a *attendance) head() {
	if a.run.ended() {
		a.seek(math.Inf(1), 0)
		return
	}
	a.mu.Lock()
	if !a.follow {
		a.jump()
		a.follow, a.speed = true, 0
	}
	a.mu.Unlock()
	a.run.hub.wake()
}

// settle gives a follower of a run that has ended a cursor where the head is.
func (a *attendance) settle() {
	head := a.run.standing().head
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.follow {
		a.t, a.speed = head, 0
		a.jump()
	}
}

// advance sends what is due at the cursor. The viewer calls it many times a second.
func (a *attendance) advance(now time.Time) {
	a.mu.Lock()
	if a.follow {
		a.mu.Unlock()
		return
	}
	if a.speed != 0 {
		a.t += a.speed * now.Sub(a.moved).Seconds()
		a.moved, a.dirty = now, true
		lo, hi := a.run.first(), a.run.standing().head
		if a.t >= hi && a.speed > 0 && a.run.ended() || a.t <= lo && a.speed < 0 {
			a.speed = 0
		}
		a.t = min(max(a.t, lo), hi)
	}
	a.check()
	if a.dirty && a.viewer.queue.room() {
		a.dirty = false
		for i := range a.subs {
			if !a.show(&a.subs[i], now) {
				a.lose()
				a.dirty = true
				break
			}
		}
	}
	a.mu.Unlock()
	a.tell(a.run.standing(), now)
}

// show queues the frames of one subscription at the cursor. It returns false when the viewer does not keep up.
func (a *attendance) show(s *subscribed, now time.Time) bool {
	values, at, err := a.run.at(a.run.channels[s.key.channel], s.key.level, a.t)
	if err != nil {
		return true
	}
	if values == nil {
		values, at = slices.Repeat([]float64{math.NaN()}, a.run.header.Site.Count(s.key.level)), a.t
	}
	f := a.own[s.key]
	if f == nil {
		f = &feed{at: math.NaN(), tiles: a.run.encoders(s.key, a.stream)}
		a.own[s.key] = f
	}
	if f.at == at {
		return true
	}
	key := now.Sub(f.keyed) >= keyRest || math.IsNaN(f.at)
	if key {
		f.keyed = now
	}
	f.at = at
	for _, tile := range s.tiles {
		first := tile * wire.Tile
		m := shared{frame: f.tiles[tile].Next(nil, at, values[first:min(first+wire.Tile, len(values))], key)}
		if !a.viewer.queue.frame(m.message(), len(m.frame)) {
			return false
		}
	}
	return true
}

// status says where run and viewer stand.
func (a *attendance) status(id int64, st standing) *wire.Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.stand(st)
	s.ID = id
	return &s
}

func (a *attendance) stand(st standing) wire.Status {
	s := wire.Status{Type: "status", Run: a.run.spec.ID, Stream: a.stream, T: a.t, Head: st.head, End: st.end, Follow: a.follow,
		Playing: a.speed != 0, Speed: a.speed, State: st.state, RunSpeed: st.speed, Skipped: a.skipped}
	if a.follow {
		s.T, s.Playing, s.Stream = st.head, st.state == wire.Running, 0
	}
	return s
}

// tell queues the status if it is another and some time has passed.
func (a *attendance) tell(st standing, now time.Time) {
	a.mu.Lock()
	s := a.stand(st)
	due := s != a.said && now.Sub(a.saidAt) >= statusRest-frameRest
	if due {
		a.said, a.saidAt = s, now
	}
	a.mu.Unlock()
	if due {
		a.viewer.queue.latest(a, &s)
	}
}
