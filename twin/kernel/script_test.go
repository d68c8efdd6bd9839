package kernel

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

func TestScript(t *testing.T) {
	var log []string
	say := func(p *Process, what string) { log = append(log, fmt.Sprintf("%g %s", p.Now(), what)) }
	wall := &fakeWall{}
	s := NewScript(&Pacer{Factor: 2, Wall: wall})
	s.Go(func(p *Process) error {
		say(p, "warm up")
		p.Wait(10)
		say(p, "cap")
		p.Go(func(p *Process) error {
			p.Wait(5)
			say(p, "helper")
			return nil
		})
		p.Wait(5)
		say(p, "done")
		return nil
	})
	s.Go(func(p *Process) error {
		for range 4 {
			p.Wait(4)
			say(p, "sample")
		}
		return nil
	})
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := []string{"0 warm up", "4 sample", "8 sample", "10 cap", "12 sample", "15 done", "15 helper", "16 sample"}
	if !slices.Equal(log, want) {
		t.Errorf("log %q, want %q", log, want)
	}
	if wall.now != 8*time.Second {
		t.Errorf("16 s at factor 2 took %v", wall.now)
	}
}

func TestScriptEnds(t *testing.T) {
	broken := errors.New("sensor is gone")
	cleaned := 0
	waits := func(p *Process) error {
		defer func() { cleaned++ }()
		p.Wait(100)
		t.Error("waited to the end")
		return nil
	}
	s := NewScript(nil)
	s.Go(waits)
	s.Go(func(p *Process) error {
		p.Wait(1)
		return broken
	})
	if err := s.Run(context.Background()); !errors.Is(err, broken) || cleaned != 1 {
		t.Errorf("after an error: %v, %d cleaned", err, cleaned)
	}

	ctx, cancel := context.WithCancel(context.Background())
	s = NewScript(nil)
	s.Go(waits)
	s.Go(func(p *Process) error {
		p.Wait(1)
		cancel()
		return p.Context().Err()
	})
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) || cleaned != 2 {
		t.Errorf("after a cancellation: %v, %d cleaned", err, cleaned)
	}
}

// simgo alone loses processes to the garbage collector; a script does not, nor does it leave any behind.
func TestScriptUnderGarbageCollection(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	before := runtime.NumGoroutine()
	for range 4 {
		ended := 0
		s := NewScript(nil)
		for i := range 10 {
			s.Go(func(p *Process) error {
				for range 20 {
					p.Wait(float64(i + 1))
					if i == 0 {
						runtime.GC()
					}
				}
				ended++
				return nil
			})
		}
		ctx, cancel := context.WithCancel(context.Background())
		s.Go(func(p *Process) error {
			p.Wait(150)
			cancel()
			return nil
		})
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) || ended != 7 {
			t.Fatalf("%d processes ended, %v", ended, err)
		}
	}
	// A goroutine is counted for a moment after its last deferred call, for long on a busy machine: only one that
	// never goes was left behind.
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines were left behind", runtime.NumGoroutine()-before)
		}
	}
}
