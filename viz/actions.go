package viz

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/viz/wire"
)

// parse reads an action as it came in. Its targets are not yet found.
func parse(in *wire.Act) (action.Action, *wire.Error) {
	bad := func(format string, args ...any) (action.Action, *wire.Error) {
		return action.Action{}, &wire.Error{Code: wire.CodeBadValue, Text: clip(fmt.Sprintf(format, args...))}
	}
	v, ok := action.ParseVerb(in.Verb)
	if !ok {
		return bad("%q is no verb: write fail, repair, set, drain, undrain, submit or note", in.Verb)
	}
	a := action.Action{Verb: v, Selector: in.Selector, Text: clip(in.Text)}
	if in.For != "" {
		d, err := unit.Parse[unit.Duration](in.For)
		if err != nil {
			return bad("for: %v", err)
		}
		a.For = float64(d)
	}
	if in.At != nil {
		a.At = *in.At
	}
	if v != action.Set {
		return a, nil
	}
	a.Field = in.Field
	for _, s := range action.Settings() {
		if s.Field != in.Field {
			continue
		}
		x, err := s.Quantity.Parse(in.Value)
		if err != nil {
			return bad("value: %v", err)
		}
		a.Value = x
		return a, nil
	}
	return bad("nothing has a setting %q", in.Field)
}

// actionTime bounds how long an action may take to be done.
const actionTime = 30 * time.Second

// postAction does something, or with dry set checks it.
func (s *Server) postAction(w http.ResponseWriter, q *http.Request, who identity) (any, error) {
	r := s.run(q.PathValue("run"))
	if r == nil {
		return nil, s.missing(q.PathValue("run"))
	}
	var in wire.Act
	if e := body(w, q, &in); e != nil {
		return nil, e
	}
	if !in.Dry && who.role != Operator {
		return nil, &wire.Error{Code: wire.CodeForbidden, Text: "a " + string(who.role) + " may look, and not act"}
	}
	ctx, cancel := context.WithTimeout(q.Context(), actionTime)
	defer cancel()
	a, e := parse(&in)
	if e != nil {
		return nil, e
	}
	if a.Verb == action.Submit {
		return s.submit(ctx, r, &in, who)
	}
	if in.Dry {
		return check(r, &in, a)
	}
	c := r.controller()
	if c == nil {
		return nil, &wire.Error{Code: wire.CodeNotLive, Text: "this run has ended: nothing can be done in it", Fix: "fork it, and do it there"}
	}
	a.At = 0
	if err := c.Check(&a); err != nil {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
	}
	done, err := c.Act(ctx, a, who.name)
	if err != nil {
		return nil, &wire.Error{Code: wire.CodeNotLive, Text: clip(err.Error())}
	}
	return &wire.Acted{At: done.At, Line: line(done), Targets: len(done.Targets), Done: true}, nil
}

// line is the entry of a timeline for an action.
func line(a action.Action) string {
	if a.Origin = "ui"; a.Verb != action.Note {
		a.Text = ""
	}
	return a.Line()
}

// check does all of an action but doing it.
func check(r *Run, in *wire.Act, a action.Action) (any, error) {
	f := r.forker()
	if f == nil {
		return nil, &wire.Error{Code: wire.CodeNotLive, Text: "what could be done in this run is not known", Fix: r.spec.Why}
	}
	if err := f.Check(&a); err != nil {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
	}
	if in.At == nil {
		a.At = r.standing().now
	}
	return &wire.Acted{At: a.At, Line: line(a), Targets: len(a.Targets)}, nil
}

// submit lets a job join the queue.
func (s *Server) submit(ctx context.Context, r *Run, in *wire.Act, who identity) (any, error) {
	var job map[string]any
	if err := json.Unmarshal(in.Job, &job); err != nil || job == nil {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: "a submit states its job", Fix: `"job":{"name":"probe","gpus":8,"work":"2 h"}`}
	}
	c := r.controller()
	if c == nil {
		return nil, &wire.Error{Code: wire.CodeNotLive, Text: "this run has ended: no job can join it", Fix: "fork it, and submit there"}
	}
	if in.Dry {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: "a submit is checked as it is done, not dry"}
	}
	entry, at, err := c.Submit(ctx, string(in.Job), who.name)
	if err != nil {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
	}
	return &wire.Acted{At: at, Line: "- " + entry + " # ui", Targets: 1, Done: true}, nil
}

// postControl changes how a run goes.
func (s *Server) postControl(w http.ResponseWriter, q *http.Request, _ identity) (any, error) {
	r := s.run(q.PathValue("run"))
	if r == nil {
		return nil, s.missing(q.PathValue("run"))
	}
	var in wire.Control
	if e := body(w, q, &in); e != nil {
		return nil, e
	}
	c := r.controller()
	if c == nil {
		return nil, &wire.Error{Code: wire.CodeNotLive, Text: "this run has ended"}
	}
	ctx, cancel := context.WithTimeout(q.Context(), actionTime)
	defer cancel()
	var err error
	switch in.Do {
	case "pause":
		err = c.Pause(ctx)
	case "resume":
		err = c.Resume(ctx)
	case "step":
		err = c.Step(ctx)
	case "stop":
		err = c.Stop(ctx)
	case "speed":
		err = c.SetSpeed(ctx, in.Speed)
	default:
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: fmt.Sprintf("%q is none of pause, resume, step, speed and stop", clip(in.Do))}
	}
	if err != nil {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
	}
	r.hub.wake()
	st := r.standing()
	return map[string]any{"status": &wire.Status{Type: "status", Run: r.spec.ID, T: st.head, Head: st.head, End: st.end, Follow: true,
		Playing: st.state == wire.Running, State: st.state, RunSpeed: st.speed}}, nil
}

// mostActs bounds what is done when a fork leaves.
const mostActs = 64

// postFork lets a fork leave a run.
func (s *Server) postFork(w http.ResponseWriter, q *http.Request, _ identity) (any, error) {
	r := s.run(q.PathValue("run"))
	if r == nil {
		return nil, s.missing(q.PathValue("run"))
	}
	var in wire.Forking
	if e := body(w, q, &in); e != nil {
		return nil, e
	}
	f := r.forker()
	if f == nil {
		return nil, &wire.Error{Code: wire.CodeNotLive, Text: "no fork can leave this run", Fix: r.spec.Why}
	}
	if len(in.Actions) > mostActs {
		return nil, &wire.Error{Code: wire.CodeTooMany, Text: fmt.Sprintf("%d actions: %d are the most", len(in.Actions), mostActs)}
	}
	st := r.standing()
	b := Branch{At: in.T}
	spec := Spec{ID: r.spec.ID + ".fork", Plant: r.spec.Plant, Jobs: r.spec.Jobs, Base: r.spec.ID, Forked: st.now, Budget: s.config.ForkBudget, inputs: r.header.Resolved}
	if in.Name != "" {
		spec.ID = slug(in.Name)
	}
	if in.T != nil {
		spec.Forked = *in.T
		if !(*in.T >= 0 && *in.T <= st.now) {
			return nil, &wire.Error{Code: wire.CodeBadValue, Text: fmt.Sprintf("a fork leaves at a time from 0 s to %g s, where the run is", st.now)}
		}
	}
	if in.Until != nil {
		b.Until = *in.Until
	}
	for i := range in.Actions {
		a, e := parse(&in.Actions[i])
		if e != nil {
			return nil, e
		}
		if err := f.Check(&a); err != nil {
			return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
		}
		b.Acts = append(b.Acts, a)
		shown := a
		shown.At = max(a.At, spec.Forked)
		spec.Acts = append(spec.Acts, line(shown))
	}
	return s.fork(w, q, f, spec, b)
}

// fork makes room for a fork and begins it.
func (s *Server) fork(w http.ResponseWriter, q *http.Request, f Forker, spec Spec, b Branch) (any, error) {
	select {
	case s.forking <- struct{}{}:
		defer func() { <-s.forking }()
	default:
		return nil, &wire.Error{Code: wire.CodeTooMany, Text: "another fork is being made", Fix: "wait until it has begun"}
	}
	if e := s.room(); e != nil {
		return nil, e
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.config.ForkTime + writeWait)) // not every writer has one
	run := newRun(spec)
	b.View = run
	ctx, stop := context.WithCancel(s.ctx)
	late := time.AfterFunc(s.config.ForkTime, stop)
	gone := context.AfterFunc(q.Context(), stop)
	c, err := f.Fork(ctx, b)
	inTime := late.Stop()
	stays := gone()
	if err != nil || !inTime || !stays {
		stop()
		run.fail("it did not begin")
		if err == nil || ctx.Err() != nil {
			return nil, &wire.Error{Code: wire.CodeTooMany, Text: fmt.Sprintf("to get there takes more than %s of real time", s.config.ForkTime), Fix: "leave the run at an earlier time"}
		}
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
	}
	run.stop = stop
	run.Drive(c)
	s.add(run)
	go func() {
		<-c.Done()
		s.changed()
	}()
	return run.info(true), nil
}

// room removes the oldest fork that has ended if there are as many as may be.
func (s *Server) room() *wire.Error {
	s.mu.Lock()
	var forks int
	var oldest *Run
	for _, r := range s.runs {
		if r.spec.Base == "" {
			continue
		}
		forks++
		if oldest == nil && r.ended() {
			oldest = r
		}
	}
	s.mu.Unlock()
	switch {
	case forks < mostForks:
		return nil
	case oldest == nil:
		return &wire.Error{Code: wire.CodeTooMany, Text: fmt.Sprintf("%d forks run, and more are not allowed", forks), Fix: "stop or discard one"}
	}
	oldest.discard()
	s.remove(oldest, "a newer fork took its place")
	return nil
}

// discard stops a fork.
func (r *Run) discard() {
	if r.stop != nil {
		r.stop()
	}
}

// deleteRun discards a fork.
func (s *Server) deleteRun(_ http.ResponseWriter, q *http.Request, _ identity) (any, error) {
	r := s.run(q.PathValue("run"))
	switch {
	case r == nil:
		return nil, s.missing(q.PathValue("run"))
	case r.spec.Base == "":
		return nil, &wire.Error{Code: wire.CodeForbidden, Text: "only forks can be discarded"}
	}
	r.discard()
	s.remove(r, "discarded")
	return map[string]any{}, nil
}

// slug makes an id of a name.
func slug(name string) string {
	var b []byte
	for i := 0; i < len(name) && len(b) < 64; i++ {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.' && len(b) > 0:
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}
	if len(b) == 0 {
		return "fork"
	}
	return string(b)
}
