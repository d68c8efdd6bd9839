package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/ensemble"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// TestMain lets the test binary be the processes that tests kill.
func TestMain(m *testing.M) {
	role := os.Getenv("QUEUE_TEST_ROLE")
	parts := map[string]func() error{"worker": workerPart, "coordinator": coordinatorPart, "server": serverPart}
	if part := parts[role]; part != nil {
		if err := part(); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is a process of a test.
type child struct {
	*exec.Cmd
	t    testing.TB
	gone chan struct{}
}

// start runs a part of the test binary as a process of its own.
func start(t testing.TB, role string, env ...string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return spawn(t, exec.Command(self), append(env, "QUEUE_TEST_ROLE="+role)...)
}

func spawn(t testing.TB, cmd *exec.Cmd, env ...string) *child {
	t.Helper()
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: cmd, t: t, gone: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(c.gone) }()
	t.Cleanup(c.kill)
	return c
}

// kill is `kill -9`.
func (c *child) kill() {
	_ = c.Process.Signal(syscall.SIGKILL)
	<-c.gone
}

// eventually waits for what other processes bring about.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); pause(t.Context(), 5*time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// env tells a worker process where to go, and the file that it makes when it begins the run of a seed which it never ends,
// unless the file OPEN is there.
func (h *hub) env(hold uint64, at string) []string {
	return []string{"HALLTWIN_NATS_URL=" + h.access.URL, "HALLTWIN_NATS_TOKEN_FILE=" + h.access.TokenFile, "HOLD=" + strconv.FormatUint(hold, 10), "AT=" + at}
}

// workerPart is a worker with one slot. It stops at the run of seed HOLD: for good, until AT.open is there, or, where AT is
// empty, with the death of the process.
func workerPart() error {
	a := Access{}.Environment(os.Getenv)
	nc, err := Connect(context.Background(), a, func(string) {})
	if err != nil {
		return err
	}
	hold, err := strconv.ParseUint(os.Getenv("HOLD"), 10, 64)
	if err != nil {
		return err
	}
	at := os.Getenv("AT")
	w := Worker{Program: program, Slots: 1, Make: func(ctx context.Context, p *scenarios.Plan, seed uint64, v string) (ensemble.Made, error) {
		if seed == hold && at == "" {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		if seed == hold && !exists(at+".open") {
			if err := os.WriteFile(at, nil, 0o644); err != nil {
				return ensemble.Made{}, err
			}
			for !exists(at + ".open") {
				pause(ctx, 5*time.Millisecond)
			}
			defer func() { _ = os.WriteFile(at+".left", nil, 0o644) }() // the test waits for it
		}
		return ensemble.Make(ctx, p, seed, v)
	}}
	_, err = w.Work(context.Background(), nc)
	return err
}

// once checks that a journal has every run of an experiment once.
func once(t testing.TB, dir string, runs int) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, ensemble.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	seen := map[string]bool{}
	for _, l := range lines {
		seen[l[:strings.Index(l, `"cell"`)]] = true
	}
	if len(lines) != runs || len(seen) != runs {
		t.Errorf("the journal has %d results of %d runs, and %d were to be made", len(lines), len(seen), runs)
	}
}

// open opens the store of a directory.
func store(t testing.TB, dir string) *ensemble.Store {
	t.Helper()
	s, err := ensemble.OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// A worker is killed in the middle of a run: another makes it, and it counts once.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	path, dir, at := written(t, cabinet), t.TempDir(), filepath.Join(t.TempDir(), "begun")
	h := newHub(t, "127.0.0.1:0")
	first := start(t, "worker", h.env(2, at)...)
	go func() {
		for !exists(at) && t.Context().Err() == nil {
			pause(t.Context(), 5*time.Millisecond)
		}
		first.kill()
		start(t, "worker", h.env(0, at)...)
	}()
	o := sweep(t, h.access, path, store(t, dir), Options{Patience: time.Second})
	if got := leaves(t, o); got != alone(t, path) {
		t.Error("it comes to something else")
	}
	once(t, dir, 12)
}

// A run that kills every worker is quarantined, and the others go on.
func TestPoison(t *testing.T) {
	t.Parallel()
	path, dir := written(t, cabinet), t.TempDir()
	h := newHub(t, "127.0.0.1:0")
	deaths := 0
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { // what Slurm and Kubernetes do
		defer close(ended)
		for ctx.Err() == nil {
			c := start(t, "worker", h.env(4, "")...)
			select {
			case <-c.gone:
				deaths++
			case <-ctx.Done():
				c.kill()
			}
		}
	}()
	o := sweep(t, h.access, path, store(t, dir), Options{Patience: time.Second, Attempts: 2})
	cancel()
	<-ended
	if len(o.Failed) != 2 || o.Failed[0].Seed != 4 || !strings.Contains(o.Failed[0].Reason, "quarantined: it was begun 2 times") {
		t.Errorf("%+v", o.Failed)
	}
	if deaths != 4 {
		t.Errorf("two runs killed %d workers, and two times each were allowed", deaths)
	}
	once(t, dir, 10)
}

// coordinatorPart runs the experiment of FILE into DIR and says in AT when three results are kept.
func coordinatorPart() error {
	f, ds := scenarios.Load(os.Getenv("FILE"))
	if len(ds) > 0 {
		return ds
	}
	e, err := ensemble.New(f, ensemble.Request{}, "test")
	if err != nil {
		return err
	}
	nc, err := Connect(context.Background(), Access{}.Environment(os.Getenv), func(string) {})
	if err != nil {
		return err
	}
	c, err := Coordinate(context.Background(), nc, e, Options{Patience: time.Second})
	if err != nil {
		return err
	}
	s, err := ensemble.OpenStore(os.Getenv("DIR"))
	if err != nil {
		return err
	}
	_, err = e.Run(context.Background(), s, ensemble.Options{Executor: c, Progress: func(p ensemble.Progress) {
		if p.Done == 3 {
			err = errors.Join(err, os.WriteFile(os.Getenv("AT"), nil, 0o644))
		}
	}})
	return err
}

// The coordinator is killed: the same command goes on where it was, with what workers have done meanwhile.
func TestKilledCoordinator(t *testing.T) {
	t.Parallel()
	path, dir, at := written(t, cabinet), t.TempDir(), filepath.Join(t.TempDir(), "three")
	h := newHub(t, "127.0.0.1:0")
	held := filepath.Join(t.TempDir(), "held")
	start(t, "worker", h.env(5, held)...) // so that the first coordinator cannot end
	c := start(t, "coordinator", append(h.env(0, at), "FILE="+path, "DIR="+dir)...)
	eventually(t, "three results", func() bool { return exists(at) && exists(held) })
	c.kill()
	if err := os.WriteFile(held+".open", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := store(t, dir)
	if n := s.Begun(); n < 3 || n >= 12 {
		t.Errorf("%d results were kept when the coordinator was killed", n)
	}
	if got := leaves(t, sweep(t, h.access, path, s, Options{Patience: time.Second})); got != alone(t, path) {
		t.Error("it comes to something else")
	}
	once(t, dir, 12)
}

// ports returns free ports of this machine.
func ports(t testing.TB, n int) []int {
	t.Helper()
	list := make([]int, n)
	for i := range list {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		list[i] = l.Addr().(*net.TCPAddr).Port
	}
	return list
}

// serverPart is one of three NATS servers.
func serverPart() error {
	var port, cluster int
	if _, err := fmt.Sscan(os.Getenv("PORTS"), &port, &cluster); err != nil {
		return err
	}
	o := &server.Options{ServerName: os.Getenv("NAME"), Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: os.Getenv("DIR"), NoSigs: true, NoLog: true,
		Cluster: server.ClusterOpts{Name: "three", Host: "127.0.0.1", Port: cluster}, Routes: server.RoutesFromStr(os.Getenv("ROUTES"))}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	s.WaitForShutdown()
	return nil
}

// One of three servers is killed: the others have everything.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	path, dir, at := written(t, cabinet), t.TempDir(), filepath.Join(t.TempDir(), "held")
	want := alone(t, path)
	p := ports(t, 6)
	var urls, routes []string
	for i := range 3 {
		urls, routes = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", p[i])), append(routes, fmt.Sprintf("nats://127.0.0.1:%d", p[3+i]))
	}
	var servers []*child
	for i := range 3 {
		servers = append(servers, start(t, "server", fmt.Sprintf("NAME=s%d", i), fmt.Sprintf("PORTS=%d %d", p[i], p[3+i]), "DIR="+t.TempDir(), "ROUTES="+strings.Join(routes, ",")))
	}
	h := &hub{t: t, access: Access{URL: strings.Join(urls, ",")}}
	start(t, "worker", h.env(2, at)...)
	go func() {
		for !exists(at) && t.Context().Err() == nil {
			pause(t.Context(), 5*time.Millisecond)
		}
		servers[0].kill() // a worker is in the middle of a run
		_ = os.WriteFile(at+".open", nil, 0o644)
	}()
	if got := leaves(t, sweep(t, h.access, path, store(t, dir), Options{Patience: 2 * time.Second})); got != want {
		t.Error("it comes to something else")
	}
	once(t, dir, 12)
	js, err := jetstream.New(connect(t, h.access))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{workStream, resultStream, "OBJ_" + fileStore, "KV_" + attemptBucket} {
		err := again(t.Context(), func(string) {}, name, func(ctx context.Context) error { // its leader may have been the one that died
			s, err := js.Stream(ctx, name)
			if err == nil && s.CachedInfo().Config.Replicas != 3 {
				t.Errorf("%s has %d copies", name, s.CachedInfo().Config.Replicas)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
