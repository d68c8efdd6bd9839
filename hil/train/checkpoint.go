package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// saved is what a checkpoint holds.
type saved struct {
	Shape     Shape
	Seed      uint64
	Batch     int
	Shard     int
	Weights   []float64
	Optimiser Optimiser
	Mask      []bool
	Progress  progress
}

const checkpointHead = "halltwin checkpoint 1\n"

// Save writes the state, whole or not at all.
func (t *Trainer) Save(path string) error {
	if path == "" {
		return errors.New("a checkpoint needs a file")
	}
	var body bytes.Buffer
	c := t.config
	if err := gob.NewEncoder(&body).Encode(saved{c.Shape, c.Seed, c.Batch, c.Shard, t.net.Weights, *t.opt, t.mask, t.progress}); err != nil {
		return err
	}
	sum := sha256.Sum256(body.Bytes())
	f, err := os.CreateTemp(filepath.Dir(path), ".checkpoint-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	for _, part := range [][]byte{[]byte(checkpointHead), sum[:], body.Bytes()} {
		if _, err := f.Write(part); err != nil {
			f.Close()
			return err
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Resume goes on from a checkpoint, which must be of a training of the same shape, seed and batch.
func (t *Trainer) Resume(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s, err := decodeCheckpoint(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	c := t.config
	if fmt.Sprint(s.Shape) != fmt.Sprint(c.Shape) || s.Seed != c.Seed || s.Batch != c.Batch || s.Shard != c.Shard || s.Optimiser.Method != c.Method {
		return fmt.Errorf("%s is a checkpoint of another training: %v, seed %d, batch %d by %d, %s", path, s.Shape, s.Seed, s.Batch, s.Shard, s.Optimiser.Method)
	}
	if len(s.Weights) != len(t.net.Weights) || s.Progress.At > t.train.Rows() || (s.Mask != nil && len(s.Mask) != len(s.Weights)) {
		return fmt.Errorf("%s does not fit the data or the network", path)
	}
	copy(t.net.Weights, s.Weights)
	t.opt, t.mask, t.progress = &s.Optimiser, s.Mask, s.Progress
	t.shuffle()
	return nil
}

func decodeCheckpoint(text []byte) (*saved, error) {
	body, ok := bytes.CutPrefix(text, []byte(checkpointHead))
	if !ok || len(body) < sha256.Size {
		return nil, errors.New("not a checkpoint")
	}
	if sum := sha256.Sum256(body[sha256.Size:]); !bytes.Equal(sum[:], body[:sha256.Size]) {
		return nil, errors.New("the checkpoint is torn or damaged")
	}
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(body[sha256.Size:])).Decode(&s); err != nil {
		return nil, err
	}
	return &s, nil
}
