package queue

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// island is a network namespace with one cable to this one.
type island struct {
	t      testing.TB
	name   string
	ours   string // address of this end
	cable  string
	theirs string
}

func newIsland(t testing.TB) *island {
	t.Helper()
	id := os.Getpid() % 60000
	i := &island{t: t, name: fmt.Sprintf("hq%d", id), cable: fmt.Sprintf("hqa%d", id), ours: fmt.Sprintf("10.%d.%d.1", 64+id%128, id/256), theirs: fmt.Sprintf("10.%d.%d.2", 64+id%128, id/256)}
	if out, err := exec.Command("ip", "netns", "add", i.name).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED, a partition of the network: it takes CAP_NET_ADMIN and the command ip (%v %s)", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", i.name).Run() }) // the cable goes with it
	there := "hqb" + i.cable[3:]
	i.ip("link", "add", i.cable, "type", "veth", "peer", "name", there)
	i.ip("link", "set", there, "netns", i.name)
	i.ip("addr", "add", i.ours+"/30", "dev", i.cable)
	i.ip("link", "set", i.cable, "up")
	i.ip("-n", i.name, "addr", "add", i.theirs+"/30", "dev", there)
	i.ip("-n", i.name, "link", "set", there, "up")
	i.ip("-n", i.name, "link", "set", "lo", "up")
	return i
}

func (i *island) ip(args ...string) {
	i.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		i.t.Fatalf("ip %v: %v %s", args, err, out)
	}
}

// A worker is cut off in the middle of a run, which another makes; when the network is whole again it answers as well,
// and the run counts once.
func TestPartition(t *testing.T) {
	t.Parallel()
	sea := newIsland(t)
	path, dir, at := written(t, cabinet), t.TempDir(), filepath.Join(t.TempDir(), "begun")
	h := newHub(t, net.JoinHostPort(sea.ours, "0"))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	far := spawn(t, exec.Command("ip", "netns", "exec", sea.name, self), append(h.env(2, at), "QUEUE_TEST_ROLE=worker")...)
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		for !exists(at) && t.Context().Err() == nil {
			pause(t.Context(), 5*time.Millisecond)
		}
		_ = exec.Command("ip", "link", "set", sea.cable, "down").Run()
		h.work(&Worker{Program: program, Slots: 1})
	}()
	s := store(t, dir)
	got := leaves(t, sweep(t, h.access, path, s, Options{Patience: time.Second}))
	<-cut
	if want := alone(t, path); got != want {
		t.Error("it comes to something else")
	}
	once(t, dir, 12)
	sea.ip("link", "set", sea.cable, "up")
	if err := os.WriteFile(at+".open", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the run that was cut off", func() bool { return exists(at + ".left") })
	if again := leaves(t, sweep(t, h.access, path, s, Options{Patience: time.Second})); again != got {
		t.Error("a late answer changes what came of the experiment")
	}
	once(t, dir, 12)
	far.kill()
}
