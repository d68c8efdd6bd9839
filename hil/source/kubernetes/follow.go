package kubernetes

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	page       = 500      // objects of one answer to a list
	largest    = 64 << 20 // bytes of it
	longest    = 8 << 20  // bytes of one event
	watching   = 60 * time.Second
	firstPause = 200 * time.Millisecond
	longPause  = 10 * time.Second
)

// errGone says that a watch cannot be resumed where it was.
var errGone = errors.New("the version is too old to watch from")

// errShort says that a watch ended as soon as it had begun.
var errShort = errors.New("the watch ended at once")

// resource is what is followed, and who hears of it.
type resource[T any] struct {
	what   string
	meta   func(*T) *meta
	list   func([]T)
	change func(kind string, x *T)
}

// follow lists and watches a resource until the context is done.
func follow[T any](ctx context.Context, s *Source, r *resource[T]) {
	version, pause := "", firstPause
	for ctx.Err() == nil {
		var err error
		if version == "" {
			if version, err = listAll(ctx, s, r); err == nil {
				s.outcome(r.what, nil)
			}
		}
		if err == nil {
			began := time.Now()
			if version, err = watch(ctx, s, r, version); err == nil && time.Since(began) < firstPause {
				err = errShort
			}
		}
		switch {
		case err == nil:
			pause = firstPause
			continue
		case errors.Is(err, errGone):
			version = ""
		case errors.Is(err, errShort): // nothing is wrong, but it is not asked for at once again
		default:
			s.outcome(r.what, err)
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
		pause = min(2*pause, longPause)
	}
}

// listAll lists a resource, page by page, and returns the version of the list.
func listAll[T any](ctx context.Context, s *Source, r *resource[T]) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 6*patience)
	defer cancel()
	var all []T
	for next := ""; ; {
		q := url.Values{"limit": {strconv.Itoa(page)}}
		if next != "" {
			q.Set("continue", next)
		}
		var answer struct {
			Metadata struct {
				Version  string `json:"resourceVersion"`
				Continue string
			}
			Items []T
		}
		body, err := s.get(ctx, r.what, q)
		if err != nil {
			return "", err
		}
		err = json.NewDecoder(io.LimitReader(body, largest)).Decode(&answer)
		_ = body.Close() // it was only read
		if err != nil {
			return "", fmt.Errorf("the list cannot be read: %w", err)
		}
		if all = append(all, answer.Items...); len(all) > most {
			return "", fmt.Errorf("there are more than %d", most)
		}
		if next = answer.Metadata.Continue; next == "" {
			if answer.Metadata.Version == "" {
				return "", errors.New("the list has no version: this is no Kubernetes API server")
			}
			r.list(all)
			return answer.Metadata.Version, nil
		}
	}
}

// watch hears of changes after a version and returns up to which it has.
func watch[T any](ctx context.Context, s *Source, r *resource[T], version string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, watching+patience) // one that is silent for longer is dead
	defer cancel()
	body, err := s.get(ctx, r.what, url.Values{"watch": {"true"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {version},
		"timeoutSeconds": {strconv.Itoa(int(watching.Seconds()))}})
	if err != nil {
		return version, err
	}
	defer body.Close()
	s.outcome(r.what, nil) // it answers
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, longest)
	for lines.Scan() {
		to, err := take(lines.Bytes(), r)
		if err != nil {
			return version, err
		}
		if to != "" {
			version = to
		}
	}
	return version, lines.Err()
}

// take takes an event of a watch, and returns the version after it.
func take[T any](line []byte, r *resource[T]) (version string, err error) {
	var e struct {
		Type   string
		Object json.RawMessage
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return "", fmt.Errorf("an event of the watch cannot be read: %w", err)
	}
	if e.Type == "ERROR" {
		var status struct {
			Code    int
			Message string
		}
		if json.Unmarshal(e.Object, &status) == nil && status.Code == http.StatusGone {
			return "", errGone
		}
		return "", fmt.Errorf("the watch ended: %.200s", status.Message)
	}
	var x T
	if err := json.Unmarshal(e.Object, &x); err != nil {
		return "", fmt.Errorf("an event of the watch cannot be read: %w", err)
	}
	switch e.Type {
	case "ADDED", "MODIFIED", "DELETED":
		r.change(e.Type, &x)
	}
	return r.meta(&x).Version, nil
}

// get asks for a resource of all namespaces.
func (s *Source) get(ctx context.Context, what string, q url.Values) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.config.Server+"/api/v1/"+what+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	token, err := s.config.bearer()
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	a, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	switch a.StatusCode {
	case http.StatusOK:
		return a.Body, nil
	case http.StatusGone:
		err = errGone
	case http.StatusUnauthorized, http.StatusForbidden:
		err = fmt.Errorf("the API server refuses this user (%s): it needs the verbs list and watch on %s", a.Status, what)
	default:
		err = fmt.Errorf("the API server says %s", a.Status)
	}
	_ = a.Body.Close() // it is not read
	return nil, err
}
