package viz

import (
	"context"
	"fmt"
	"net/http"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/viz/wire"
)

// Witness knows how a twin stands to the real site beside which it runs.
type Witness interface {
	// Reality tells it; of the things of a channel too, unless the name is "".
	Reality(ctx context.Context, channel string) (*wire.Reality, error)
	// Outlook foretells some s, with things done now that [Forker.Check] has checked.
	Outlook(ctx context.Context, acts []action.Action, ahead float64) (*wire.Outlook, error)
}

// Beside says that a run is the twin of a site whose measurements another run shows. It is called once, right after both have begun.
func (r *Run) Beside(measured *Run, w Witness) {
	r.mu.Lock()
	r.measured, r.witness = measured.spec.ID, w
	r.mu.Unlock()
	measured.mu.Lock()
	measured.twin = r.spec.ID
	measured.mu.Unlock()
}

// seen returns who knows the site beside which a run is, or the run of the twin that does.
func (s *Server) seen(r *Run) (Witness, error) {
	r.mu.Lock()
	w, twin, closed := r.witness, r.twin, r.closed
	r.mu.Unlock()
	if twin != "" {
		if other := s.run(twin); other != nil {
			return s.seen(other)
		}
	}
	if w == nil || closed {
		return nil, &wire.Error{Code: wire.CodeNotLive, Text: "this run is not beside a real site", Fix: "halltwin live begins one that is"}
	}
	return w, nil
}

func (s *Server) getReality(_ http.ResponseWriter, q *http.Request, r *Run) (any, error) {
	w, err := s.seen(r)
	if err != nil {
		return nil, err
	}
	name := q.URL.Query().Get("channel")
	if name != "" {
		if _, _, e := r.lookup(name); e != nil {
			return nil, e
		}
	}
	ctx, cancel := context.WithTimeout(q.Context(), actionTime)
	defer cancel()
	return w.Reality(ctx, name)
}

// farthestAhead bounds a question, in s.
const farthestAhead = 24 * 3600.0

// postOutlook foretells. It changes nothing, so whoever may look may ask.
func (s *Server) postOutlook(w http.ResponseWriter, q *http.Request, _ identity) (any, error) {
	r := s.run(q.PathValue("run"))
	if r == nil {
		return nil, s.missing(q.PathValue("run"))
	}
	witness, err := s.seen(r)
	if err != nil {
		return nil, err
	}
	var in wire.Asking
	if e := body(w, q, &in); e != nil {
		return nil, e
	}
	switch {
	case !(in.Ahead >= 1 && in.Ahead <= farthestAhead):
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: fmt.Sprintf("ahead_s lies from 1 to %g", farthestAhead)}
	case len(in.Actions) > mostActs:
		return nil, &wire.Error{Code: wire.CodeTooMany, Text: fmt.Sprintf("%d actions: %d are the most", len(in.Actions), mostActs)}
	}
	var acts []action.Action
	for i := range in.Actions {
		a, e := parse(&in.Actions[i])
		if e != nil {
			return nil, e
		}
		f := r.forker()
		if f == nil {
			return nil, &wire.Error{Code: wire.CodeNotLive, Text: "what could be done in this run is not known", Fix: "ask its twin"}
		}
		if err := f.Check(&a); err != nil {
			return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
		}
		acts = append(acts, a)
	}
	select { // a question takes the twin's own time: one after the other
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-q.Context().Done():
		return nil, context.Cause(q.Context())
	}
	ctx, cancel := context.WithTimeout(q.Context(), actionTime)
	defer cancel()
	o, err := witness.Outlook(ctx, acts, in.Ahead)
	if err != nil {
		return nil, &wire.Error{Code: wire.CodeBadValue, Text: clip(err.Error())}
	}
	return o, nil
}
