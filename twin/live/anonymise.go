package live

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/halltwin/halltwin/models/reading"
)

// Anonymise copies a log of readings with the users of its jobs replaced. The twin that the copy makes is the same but for them. A last
// line that was cut off is left out.
func Anonymise(in io.Reader, out io.Writer, of func(user string) string) error {
	h, tape, err := ReadLog(in)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	put := func(v any) error {
		b, err := json.Marshal(v)
		if err == nil {
			_, err = w.Write(append(b, '\n'))
		}
		return err
	}
	if err := put(h); err != nil {
		return err
	}
	for n := 1; ; n++ {
		line, err := readLine(tape.in)
		if errors.Is(err, io.EOF) {
			return w.Flush()
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("entry %d of the log: %w", n, err)
		}
		for i := range e.Batches {
			HideUsers(&e.Batches[i], of)
		}
		if err := put(&e); err != nil {
			return err
		}
	}
}

// HideUsers replaces the users of a batch's jobs.
func HideUsers(b *reading.Batch, of func(user string) string) {
	for i := range b.Jobs {
		b.Jobs[i].User = of(b.Jobs[i].User)
	}
}
