package influx

import (
	"sync"
	"time"

	"github.com/halltwin/halltwin/twin/record"
)

// queue carries frames and events from the run to the encoder, in blocks, and makes the run wait when it is full.
//
// The encoder begins a second later, or when half of the queue is full, or when the run is over: a run of less than that
// does not share the machine with the sending of what it records, and a longer one does not notice.
type queue struct {
	blocks chan *block
	free   chan *block
	filled *block
	begin  chan struct{}
	once   sync.Once
	timer  *time.Timer
}

const headStart = time.Second

// A queue of these holds a day of a hall of a thousand GPUs, some 10 MB, so that a run of a second does not wait for an
// encoder that gets little of a busy machine; at worst, with every GPU recorded, it takes 50 MB.
const (
	queueBlocks = 128
	blockItems  = 512
	blockValues = 32 << 10
)

// block holds items and their values, so that a frame costs the run no more than a copy.
type block struct {
	items    []item
	values   []float64
	subjects []int32
}

func newBlock() *block { return &block{items: make([]item, 0, blockItems)} }

type item struct {
	log            *record.Event // or nil, and then it is a column
	column         record.Frame
	values, things [2]int // where they lie in the block
}

func newQueue() *queue {
	q := &queue{blocks: make(chan *block, queueBlocks), free: make(chan *block, queueBlocks), filled: newBlock(), begin: make(chan struct{})}
	q.timer = time.AfterFunc(headStart, q.start)
	return q
}

// start lets the encoder begin.
func (q *queue) start() { q.once.Do(func() { close(q.begin) }) }

func (q *queue) frame(f *record.Frame) {
	b := q.filled
	i := item{column: record.Frame{Time: f.Time, Channel: f.Channel}}
	i.values[0], i.things[0] = len(b.values), len(b.subjects)
	b.values = append(b.values, f.Values...)
	b.subjects = append(b.subjects, f.Subjects...)
	i.values[1], i.things[1] = len(b.values), len(b.subjects)
	if f.Subjects == nil {
		i.things = [2]int{-1, -1}
	}
	b.items = append(b.items, i)
	q.turn()
}

func (q *queue) event(e *record.Event) {
	log := *e
	log.Fields = nil // they are not in the schema
	q.filled.items = append(q.filled.items, item{log: &log})
	q.turn()
}

// turn hands a full block over and takes an empty one.
func (q *queue) turn() {
	if b := q.filled; len(b.items) >= blockItems || len(b.values) >= blockValues {
		if len(q.blocks) >= queueBlocks/2 {
			q.start()
		}
		q.blocks <- b
		select {
		case q.filled = <-q.free:
		default:
			q.filled = newBlock()
		}
	}
}

func (q *queue) close() {
	q.timer.Stop()
	q.start()
	q.blocks <- q.filled
	close(q.blocks)
}

// each calls fn with every item, until the queue is closed or fn fails.
func (q *queue) each(fn func(*item) error) error {
	<-q.begin
	for b := range q.blocks {
		for n := range b.items {
			i := &b.items[n]
			if i.log == nil {
				i.column.Values = b.values[i.values[0]:i.values[1]]
				if i.things[0] >= 0 {
					i.column.Subjects = b.subjects[i.things[0]:i.things[1]:i.things[1]]
					if i.column.Subjects == nil {
						i.column.Subjects = []int32{}
					}
				}
			}
			if err := fn(i); err != nil {
				return err
			}
		}
		b.items, b.values, b.subjects = b.items[:0], b.values[:0], b.subjects[:0]
		select {
		case q.free <- b:
		default:
		}
	}
	return nil
}

// drop empties the queue, so that nobody waits for an encoder that has stopped.
func (q *queue) drop() {
	for range q.blocks {
		continue
	}
}
