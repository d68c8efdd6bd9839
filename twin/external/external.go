package external

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/halltwin/halltwin/models/schedule"
)

// Protocol is the version of the protocol.
const Protocol = 1

// mostAnswer bounds a line of the process, in bytes.
const mostAnswer = 16 << 20

// Process is a scheduler in another process. It may be asked by several runs at once, and answers them one by one.
type Process struct {
	command string
	limit   time.Duration

	mu      sync.Mutex
	cmd     *exec.Cmd
	in      io.WriteCloser
	lines   chan line // from its standard output, closed at its end
	said    tail      // on its standard error
	greeted bool
	broken  error // for good
	q       schedule.Question
	buffer  bytes.Buffer
}

// line is a line that the process wrote, or why there is none.
type line struct {
	text []byte
	err  error
}

// Start runs a command, its words as given. limit is the longest that it may take for an answer.
func Start(command []string, limit time.Duration) (*Process, error) {
	if len(command) == 0 || command[0] == "" {
		return nil, errors.New("no command is given for the external scheduler")
	}
	if limit <= 0 {
		return nil, fmt.Errorf("the external scheduler may take %v for an answer; give it some time", limit)
	}
	p := &Process{command: strings.Join(command, " "), limit: limit, lines: make(chan line)}
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Stderr = &p.said
	p.cmd.WaitDelay = time.Second
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in = in
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("external scheduler %q does not start: %w", p.command, err)
	}
	go p.read(out)
	return p, nil
}

// read hands on what the process writes, line by line.
func (p *Process) read(out io.Reader) {
	defer close(p.lines)
	s := bufio.NewScanner(out)
	s.Buffer(nil, mostAnswer)
	for s.Scan() {
		p.lines <- line{text: bytes.Clone(s.Bytes())}
	}
	if err := s.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("answers with a line of more than %d MiB", mostAnswer>>20)
		}
		p.lines <- line{err: err}
	}
}

// Close ends the process: politely, by closing its input, and by force after a moment.
func (p *Process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil
	}
	p.broken = errors.New("it was closed")
	p.in.Close()
	late := time.AfterFunc(2*time.Second, func() { _ = p.cmd.Process.Kill() }) // it may have ended
	defer late.Stop()
	for range p.lines { // what it still says is of no interest
	}
	_ = p.cmd.Wait() // how it ended is of no interest
	return nil
}

// fail kills the process and says why, for now and for good.
func (p *Process) fail(format string, args ...any) error {
	p.in.Close()
	_ = p.cmd.Process.Kill() // it may have ended
	for range p.lines {
	}
	_ = p.cmd.Wait() // it was killed
	p.broken = fmt.Errorf("%q %s", p.command, fmt.Sprintf(format, args...))
	if text := p.said.String(); text != "" {
		p.broken = fmt.Errorf("%w; it said: %s", p.broken, text)
	}
	return p.broken
}

// exchange writes a question and reads the answer.
func (p *Process) exchange(question, answer any) error {
	p.buffer.Reset()
	enc := json.NewEncoder(&p.buffer)
	if err := enc.Encode(question); err != nil {
		return p.fail("cannot be asked: %v", err)
	}
	limit := time.NewTimer(p.limit)
	defer limit.Stop()
	written := make(chan error, 1)
	text := bytes.Clone(p.buffer.Bytes())
	go func() { // a process that does not read would block it for ever; killing it ends it
		_, err := p.in.Write(text)
		written <- err
	}()
	select {
	case l, open := <-p.lines:
		switch {
		case !open:
			return p.fail("has ended without an answer")
		case l.err != nil:
			return p.fail("%v", l.err)
		}
		d := json.NewDecoder(bytes.NewReader(l.text))
		d.DisallowUnknownFields()
		if err := d.Decode(answer); err != nil {
			return p.fail("answers %s, which is no answer: %v", short(l.text), err)
		}
		if d.More() {
			return p.fail("answers %s: more than one JSON object on a line", short(l.text))
		}
		return nil
	case <-limit.C:
		return p.fail("has given no answer within %v", p.limit)
	}
}

// Decide asks the process; see the package documentation. It is a twin.Decider.
func (p *Process) Decide(c *schedule.Config, s *schedule.State, now float64) ([]schedule.Decision, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	if !p.greeted {
		var back hello
		if err := p.exchange(greeting(c), &back); err != nil {
			return nil, err
		}
		if back.Protocol != Protocol {
			return nil, p.fail("speaks protocol %d; this is protocol %d: answer {\"protocol\":%d}", back.Protocol, Protocol, Protocol)
		}
		p.greeted = true
	}
	c.Ask(s, now, &p.q)
	var a answer
	if err := p.exchange(question(s, &p.q), &a); err != nil {
		return nil, err
	}
	return a.decisions(), nil
}

// short quotes the beginning of what the process wrote.
func short(text []byte) string {
	const most = 120
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

// tail keeps the last bytes that were written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(b []byte) (int, error) {
	const most = 2000
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if n := len(t.kept) - most; n > 0 {
		t.kept = append(t.kept[:0], t.kept[n:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.kept))
}
