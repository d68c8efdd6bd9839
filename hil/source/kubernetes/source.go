package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/halltwin/halltwin/models/reading"
)

const (
	patience = 10 * time.Second
	kept     = 10 * time.Minute // that a pod which is over is shown
	most     = 200_000          // pods
)

// Source follows a cluster.
type Source struct {
	config Config
	client *http.Client

	start sync.Once
	first chan struct{} // closed when both have been listed, or have failed

	mu     sync.Mutex
	pods   map[string]*shown // by UID
	nodes  map[string]reading.Node
	faulty map[string]error // by resource
	asked  map[string]bool  // resources that were listed or have failed
}

// shown is a pod as it was seen last.
type shown struct {
	pod
	gone bool
	at   time.Time // when it was over
}

// New returns a source, or says what is wrong with its configuration.
func New(c Config) (*Source, error) {
	t, err := c.check()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.ResponseHeaderTimeout = t, patience
	return &Source{config: c, client: &http.Client{Transport: transport, CheckRedirect: stay}, first: make(chan struct{}), pods: map[string]*shown{}, nodes: map[string]reading.Node{},
		faulty: map[string]error{}, asked: map[string]bool{}}, nil
}

// stay follows no redirection: it could lead a token out of https.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Name says what it is.
func (s *Source) Name() string { return "kubernetes" }

// Read returns the pods with GPUs and the nodes as they are now. The first call begins to follow, until its context is done.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	s.start.Do(func() {
		go follow(ctx, s, &resource[pod]{"pods", func(p *pod) *meta { return &p.Metadata }, s.listPods, s.changePod})
		go follow(ctx, s, &resource[node]{"nodes", func(n *node) *meta { return &n.Metadata }, s.listNodes, s.changeNode})
	})
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-s.first:
	case <-wait.C:
		return errors.New("the API server does not answer")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, what := range []string{"pods", "nodes"} {
		if err := s.faulty[what]; err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	now := time.Now()
	for uid, p := range s.pods {
		if !p.at.IsZero() && now.Sub(p.at) > kept {
			delete(s.pods, uid)
			continue
		}
		b.Jobs = append(b.Jobs, p.job(p.gone, reading.Number(float64(p.at.UnixNano())/1e9)))
	}
	for _, n := range s.nodes {
		b.Nodes = append(b.Nodes, n)
	}
	slices.SortFunc(b.Jobs, func(a, b reading.Job) int { return cmp.Or(cmp.Compare(a.Submit, b.Submit), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(b.Nodes, func(a, b reading.Node) int { return cmp.Compare(a.Name, b.Name) })
	b.Whole = true
	return nil
}

// outcome notes how a resource is; nil is well.
func (s *Source) outcome(what string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faulty[what] = err
	if s.asked[what] = true; len(s.asked) == 2 {
		select {
		case <-s.first:
		default:
			close(s.first)
		}
	}
}

// listPods takes all pods that there are. Those that are not among them any more have been deleted.
func (s *Source) listPods(all []pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	listed := map[string]bool{}
	for i := range all {
		listed[all[i].Metadata.UID] = true
		s.put(&all[i], false)
	}
	for uid, p := range s.pods {
		if !listed[uid] && p.at.IsZero() {
			s.put(&p.pod, true)
		}
	}
}

func (s *Source) changePod(kind string, p *pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(p, kind == "DELETED")
}

// put takes a pod as it is now.
func (s *Source) put(p *pod, gone bool) {
	uid := p.Metadata.UID
	was := s.pods[uid]
	if uid == "" || p.of(gpus...) == 0 || was == nil && (len(s.pods) >= most || gone) {
		return
	}
	x := &shown{pod: *p, gone: gone}
	if gone || p.over() {
		if x.at = time.Now(); was != nil && !was.at.IsZero() {
			x.at = was.at
		}
	}
	s.pods[uid] = x
}

func (s *Source) listNodes(all []node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.nodes)
	for i := range all {
		s.nodes[all[i].Metadata.Name] = all[i].reading()
	}
}

func (s *Source) changeNode(kind string, n *node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == "DELETED" { // who is no member any more takes no work
		if x, ok := s.nodes[n.Metadata.Name]; ok {
			x.Down, x.Why = true, "it has left the cluster"
			s.nodes[n.Metadata.Name] = x
		}
		return
	}
	s.nodes[n.Metadata.Name] = n.reading()
}
