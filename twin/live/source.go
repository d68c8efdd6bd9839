package live

import (
	"context"
	"time"

	"github.com/halltwin/halltwin/models/reading"
)

// Source is a way by which a twin learns of its site.
type Source interface {
	// Name tells it from the others.
	Name() string
	// Read fills a batch with what there is to know, or what is new since the last time. With an error nothing of the batch
	// counts.
	Read(ctx context.Context, b *reading.Batch) error
}

// Feed is a source and how often it is asked.
type Feed struct {
	Source
	Every time.Duration
}

// Acknowledger is a source that wants to know when what it handed over last is safe: taken, and in the log. It then need not keep it.
type Acknowledger interface{ Taken() }
