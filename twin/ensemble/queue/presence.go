package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// member is a worker or a sweep as others see it.
type member struct {
	Name    string `json:"name"` // host and process of a worker, name of a sweep's experiment
	Program string `json:"program"`
	Slots   int    `json:"slots,omitempty"`
}

// announce writes an entry, which expires unless it is written again.
func announce(ctx context.Context, b jetstream.KeyValue, key string, m member) error {
	text, err := json.Marshal(m)
	if err == nil {
		_, err = b.Put(ctx, key, text)
	}
	return err
}

// members lists who is here.
func members(ctx context.Context, b jetstream.KeyValue) ([]member, error) {
	keys, err := b.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	var list []member
	for key := range keys.Keys() {
		var m member
		if e, err := b.Get(ctx, key); err == nil && json.Unmarshal(e.Value(), &m) == nil {
			list = append(list, m)
		}
	}
	return list, nil
}

// Census says which workers there are.
type Census struct {
	Workers, Slots int
	Others         int // workers of another program, which take no part
}

// Census returns which workers there were lately.
func (c *Coordinator) Census() Census {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.workers
}

// others names programs other than one's own.
func others(list []member, program string) []string {
	names := map[string]bool{}
	for _, m := range list {
		if m.Program != program {
			names[m.Program] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// watch says that the sweep is here, and sees which workers are.
func (c *Coordinator) watch(ctx context.Context) {
	said := ""
	for n := 0; ctx.Err() == nil; n++ {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		_ = announce(call, c.at.sweeps, c.sweep, member{Name: c.name, Program: c.program}) // repeated soon
		list, err := members(call, c.at.workers)
		cancel()
		if err == nil {
			var now Census
			for _, m := range list {
				if m.Program == c.program {
					now.Workers, now.Slots = now.Workers+1, now.Slots+m.Slots
				} else {
					now.Others++
				}
			}
			c.mu.Lock()
			c.workers = now
			c.mu.Unlock()
			word := ""
			if now.Others > 0 {
				word = fmt.Sprintf("%d workers of another program (%s) take no part: this is %s", now.Others, strings.Join(others(list, c.program), ", "), c.program)
			} else if now.Workers == 0 && n > 1 {
				word = "no worker is here yet; start some with `halltwin worker`"
			}
			if word != "" && word != said {
				c.o.Note(word)
			}
			said = word
		}
		pause(ctx, expiry/6)
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.at.sweeps.Delete(call, c.sweep) // else it expires
}

// present says that this worker is here, and tells of sweeps that it cannot serve.
func (w *Worker) present(ctx context.Context) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	me, id := member{Name: fmt.Sprintf("%s:%d", host, os.Getpid()), Program: w.Program, Slots: w.Slots}, nuid.Next()
	var at *stores
	told := map[member]bool{}
	for ctx.Err() == nil {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		if at == nil {
			if at, err = open(call, w.js); err != nil {
				cancel()
				at = nil // no coordinator has been here
				pause(ctx, time.Second)
				continue
			}
		}
		_ = announce(call, at.workers, id, me) // repeated soon
		list, err := members(call, at.sweeps)
		cancel()
		for _, m := range list {
			if err == nil && m.Program != w.Program && !told[m] {
				told[m] = true
				w.Note(fmt.Sprintf("sweep %q is of halltwin %s, and this worker is %s: it takes no part, since results might differ; start workers of that version", m.Name, m.Program, w.Program))
			}
		}
		pause(ctx, expiry/6)
	}
	if at != nil {
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = at.workers.Delete(call, id) // else it expires
	}
}
