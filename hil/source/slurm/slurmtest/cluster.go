package slurmtest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Nodes is how many nodes a cluster has, and gpus how many GPUs each of them.
const (
	Nodes = 8
	gpus  = 8
)

// device stands for GPU i: a console that nobody opens.
func device(i int) string { return fmt.Sprintf("/dev/tty%d", 10+i) }

// Cluster is a Slurm of its own.
type Cluster struct {
	Conf string // slurm.conf; SLURM_CONF names it to the clients

	t       testing.TB
	dir     string
	munge   *exec.Cmd
	control *exec.Cmd
	nodes   []*exec.Cmd
	rest    *exec.Cmd
	log     *os.File // what the servers say beside their own logs
}

// New starts a cluster and stops it when the test ends. It skips the test where none can be had. The environment then has
// SLURM_CONF, so that every client of Slurm finds it.
func New(t *testing.T) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: needs Slurm")
	}
	if err := Find(); err != nil {
		t.Skipf("NO SLURM: %v", err)
	}
	dir, err := os.MkdirTemp("", "halltwin-slurm-") // a short path: munge's socket has one of at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, dir: dir, Conf: filepath.Join(dir, "slurm.conf")}
	t.Cleanup(c.stop)
	if c.log, err = os.Create(filepath.Join(dir, "servers.log")); err != nil {
		t.Fatal(err)
	}
	c.write()
	t.Setenv("SLURM_CONF", c.Conf)
	c.startMunge()
	c.Start()
	for i := range Nodes {
		c.nodes = append(c.nodes, c.spawn("slurmd", "-D", "-f", c.Conf, "-N", Node(i)))
	}
	c.await("idle nodes", func() bool {
		out, err := c.command("sinfo", "-h", "-t", "idle", "-o", "%D").Output()
		return err == nil && strings.TrimSpace(string(out)) == strconv.Itoa(Nodes)
	})
	return c
}

// Node returns the name of node i.
func Node(i int) string { return fmt.Sprintf("gpu%d", i+1) }

// write writes the configuration.
func (c *Cluster) write() {
	ports := freePorts(c.t, Nodes+1)
	var b strings.Builder
	fmt.Fprintf(&b, `ClusterName=halltwin
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=%d
AuthType=auth/munge
AuthInfo=socket=%[2]s/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=%[2]s/state
SlurmdSpoolDir=%[2]s/spool-%%n
SlurmctldPidFile=%[2]s/slurmctld.pid
SlurmdPidFile=%[2]s/slurmd-%%n.pid
SlurmctldLogFile=%[2]s/slurmctld.log
SlurmdLogFile=%[2]s/slurmd-%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
ReturnToService=2
SlurmctldTimeout=300
SlurmdTimeout=300
MinJobAge=300
KillWait=1
MessageTimeout=2
`, ports[0], c.dir)
	if HasREST() == nil { // tokens are signed with a key of their own
		fmt.Fprintf(&b, "AuthAltTypes=auth/jwt\nAuthAltParameters=jwt_key=%s/jwt.key\n", c.dir)
		key := make([]byte, 32)
		rand.Read(key) // it never fails
		c.file("jwt.key", string(key))
	}
	for i := range Nodes {
		fmt.Fprintf(&b, "NodeName=%s NodeAddr=127.0.0.1 NodeHostname=localhost Port=%d CPUs=112 Boards=1 SocketsPerBoard=2 CoresPerSocket=56 ThreadsPerCore=1 RealMemory=1000 Gres=gpu:h100:%d State=UNKNOWN\n",
			Node(i), ports[1+i], gpus)
	}
	fmt.Fprintf(&b, "PartitionName=train Nodes=gpu[1-%d] Default=YES MaxTime=INFINITE State=UP\n", Nodes)
	c.file("slurm.conf", b.String())
	c.file("gres.conf", fmt.Sprintf("AutoDetect=off\nName=gpu Type=h100 File=/dev/tty[10-%d]\n", 10+gpus-1))
	for _, d := range []string{"state", "munge"} {
		if err := os.MkdirAll(filepath.Join(c.dir, d), 0o700); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *Cluster) file(name, text string) {
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func freePorts(t testing.TB, n int) []int {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // only once all are known, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// startMunge starts the service that signs messages, with a key of its own.
func (c *Cluster) startMunge() {
	in := func(name string) string { return filepath.Join(c.dir, name) }
	if out, err := c.command("mungekey", "--create", "--keyfile="+in("munge/key")).CombinedOutput(); err != nil {
		c.t.Fatalf("mungekey: %v\n%s", err, out)
	}
	if err := os.Chmod(c.dir, 0o711); err != nil { // munged wants a socket that others can reach
		c.t.Fatal(err)
	}
	c.munge = c.spawn("munged", "--foreground", "--force", "--key-file="+in("munge/key"), "--socket="+in("munge.socket"),
		"--pid-file="+in("munge/pid"), "--log-file="+in("munge/log"), "--seed-file="+in("munge/seed"))
	c.await("munge", func() bool { _, err := os.Stat(in("munge.socket")); return err == nil })
}

// Start starts the controller, again if it was killed, and returns when it answers.
func (c *Cluster) Start() {
	c.t.Helper()
	c.control = c.spawn("slurmctld", "-D", "-f", c.Conf)
	c.await("slurmctld", func() bool {
		return c.command("scontrol", "ping").Run() == nil && c.command("squeue", "-h").Run() == nil
	})
}

// Kill ends the controller at once, as a crash would. Jobs go on.
func (c *Cluster) Kill() {
	end(c.control)
	c.control = nil
}

// Submit submits a job that sleeps, with options of sbatch, and returns its number.
func (c *Cluster) Submit(seconds float64, options ...string) string {
	c.t.Helper()
	args := append([]string{"--parsable", "--output=/dev/null", "--chdir=/"}, options...)
	out, err := c.command("sbatch", append(args, "--wrap", fmt.Sprintf("exec sleep %g", seconds))...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("sbatch: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// Do runs a client of Slurm.
func (c *Cluster) Do(name string, args ...string) {
	c.t.Helper()
	if out, err := c.command(name, args...).CombinedOutput(); err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	x := exec.Command(name, args...)
	x.Env = append(os.Environ(), "SLURM_CONF="+c.Conf)
	return x
}

// spawn starts a server that dies with the test.
func (c *Cluster) spawn(name string, args ...string) *exec.Cmd {
	c.t.Helper()
	x := c.command(name, args...)
	x.Stdout, x.Stderr = c.log, c.log
	dieWithUs(x)
	if err := x.Start(); err != nil {
		c.t.Fatal(err)
	}
	return x
}

// await waits until a server is ready.
func (c *Cluster) await(what string, ready func() bool) {
	c.t.Helper()
	for limit := time.Now().Add(60 * time.Second); !ready(); {
		if time.Now().After(limit) {
			logs := ""
			for _, name := range []string{"servers.log", "slurmctld.log", "slurmd-" + Node(0) + ".log", "munge/log"} {
				b, _ := os.ReadFile(filepath.Join(c.dir, name))
				logs += fmt.Sprintf("\n%s: %s", name, b[max(0, len(b)-2000):])
			}
			c.t.Fatalf("no %s after a minute%s", what, logs)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func end(x *exec.Cmd) {
	if x == nil || x.Process == nil {
		return
	}
	_ = x.Process.Kill() // it may have ended
	_ = x.Wait()         // it was killed
}

// stop ends everything, steps of jobs first.
func (c *Cluster) stop() {
	if c.control != nil && len(c.nodes) == Nodes { // what is left of jobs would outlive the servers
		_ = c.command("scancel", "--user=root").Run() // there may be none
		for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); <-time.After(50 * time.Millisecond) {
			if out, err := c.command("squeue", "-h").Output(); err != nil || len(out) == 0 {
				break
			}
		}
	}
	for _, n := range c.nodes {
		end(n)
	}
	end(c.rest)
	end(c.control)
	end(c.munge)
	c.strays()
	_ = c.log.Close()
	_ = os.RemoveAll(c.dir) // a folder of temporary files
}

// strays ends the steps of jobs that outlive their slurmd: those whose environment names this cluster's configuration.
func (c *Cluster) strays() {
	mark := []byte("SLURM_CONF=" + c.Conf + "\x00")
	found, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return // the pattern is good
	}
	for _, path := range found {
		text, err := os.ReadFile(path)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || pid == os.Getpid() || !bytes.Contains(text, mark) {
			continue
		}
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill() // it may have ended
		}
	}
}
