package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/halltwin/halltwin/hil/train"
)

// Command is any program that trains and prints lines of the contract. It runs while the level is above 0 and is started anew
// when level, mix or batch change; it finds them in HALLTWIN_LEVEL, HALLTWIN_MIX and HALLTWIN_BATCH.
type Command struct {
	Args   []string
	Env    []string // beside that of this process
	Stderr io.Writer

	mu      sync.Mutex
	demand  Demand
	cmd     *exec.Cmd
	ended   chan ending
	samples float64 // of this run
	before  float64 // of the runs before
	broken  error
}

var _ Workload = (*Command)(nil)

// ending is how a program ended.
type ending struct{ err error }

// grace is how long a program has to end after SIGTERM.
const grace = 10 * time.Second

// Set implements [Workload].
func (c *Command) Set(d Demand) error {
	if d == c.demand && (c.cmd != nil || d.Level == 0) {
		return c.failed()
	}
	if err := c.halt(); err != nil {
		return err
	}
	c.demand = d
	if d.Level == 0 {
		return nil
	}
	if len(c.Args) == 0 {
		return errors.New("no program to load the devices with")
	}
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Env = append(append(os.Environ(), c.Env...), "HALLTWIN_LEVEL="+strconv.FormatFloat(d.Level, 'g', -1, 64), "HALLTWIN_MIX="+string(d.Mix), "HALLTWIN_BATCH="+strconv.Itoa(d.Batch))
	cmd.Stderr = c.Stderr
	group(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", c.Args[0], err)
	}
	c.cmd, c.ended = cmd, make(chan ending, 1)
	go c.follow(cmd, out, c.ended)
	return nil
}

// follow reads what the program says until it ends.
func (c *Command) follow(cmd *exec.Cmd, out io.Reader, ended chan<- ending) {
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, train.MaxLine), 1<<20)
	var bad error
	for lines.Scan() {
		l, ok, err := train.ParseLine(lines.Bytes())
		if err != nil {
			bad = err
		}
		if ok {
			c.mu.Lock()
			c.samples = l.Samples
			c.mu.Unlock()
		}
	}
	io.Copy(io.Discard, out) //nolint:errcheck // a line too long: the rest is not read, but the program must not block
	err := cmd.Wait()
	c.mu.Lock()
	c.before, c.samples = c.before+c.samples, 0
	if bad != nil {
		c.broken = bad
	}
	c.mu.Unlock()
	ended <- ending{err}
}

// failed tells whether the program ended by itself.
func (c *Command) failed() error {
	if c.cmd == nil {
		return nil
	}
	select {
	case e := <-c.ended:
		c.cmd = nil
		if e.err == nil {
			e.err = errors.New("exit status 0")
		}
		return fmt.Errorf("%s ended before it was told to: %w", c.Args[0], errors.Join(e.err, c.broken))
	default:
		return nil
	}
}

// halt ends the program.
func (c *Command) halt() error {
	if err := c.failed(); err != nil || c.cmd == nil {
		return err
	}
	end(c.cmd, false)
	select {
	case <-c.ended: // how a program ends that was told to is its own affair
	case <-time.After(grace):
		end(c.cmd, true)
		<-c.ended
	}
	c.cmd = nil
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// Work implements [Workload]: all devices share the work evenly, so it is that of all.
func (c *Command) Work(int) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.before+c.samples == 0 {
		return math.NaN()
	}
	return c.before + c.samples
}

// Close implements [Workload].
func (c *Command) Close() error { return c.Set(Demand{}) }
