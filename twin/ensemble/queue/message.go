package queue

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/halltwin/halltwin/twin/ensemble"
)

// work is one run to be made.
type work struct {
	Sweep    string            `json:"sweep"`
	Key      string            `json:"key"`
	Label    string            `json:"label"` // for people
	Seed     uint64            `json:"seed"`
	Version  string            `json:"version"`
	Scenario string            `json:"scenario"`        // digest of the resolved scenario
	Files    map[string]string `json:"files,omitempty"` // digests of data files by name
	Attempts int               `json:"attempts"`        // after which it is quarantined
	Limit    float64           `json:"limit,omitempty"` // s that it may take; 0 for none
}

func decodeWork(b []byte) (work, error) {
	var w work
	if err := json.Unmarshal(b, &w); err != nil {
		return w, err
	}
	if w.Sweep == "" || w.Key == "" || w.Scenario == "" || w.Attempts < 1 || w.Limit < 0 {
		return w, errors.New("incomplete")
	}
	return w, nil
}

// maxResult bounds a result in memory: a run has some hundred figures.
const maxResult = 16 << 20

// encode writes a result for its way: compressed, since every result names its figures.
func encode(m ensemble.Made) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	err = errors.Join(json.NewEncoder(z).Encode(m), z.Close())
	return b.Bytes(), err
}

func decode(b []byte) (m ensemble.Made, err error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return m, err
	}
	text, err := io.ReadAll(io.LimitReader(z, maxResult+1))
	if err == nil && len(text) > maxResult {
		err = fmt.Errorf("larger than %d MB", maxResult>>20)
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}
