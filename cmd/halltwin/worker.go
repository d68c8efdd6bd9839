package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/halltwin/halltwin/twin/ensemble/queue"
	"github.com/spf13/cobra"
)

// workerFlags are the flags of `halltwin worker`.
type workerFlags struct {
	access  queue.Access
	workers int
	idle    time.Duration
	print   string
	job     jobFile
}

func workerVerb(p *process) *cobra.Command {
	var f workerFlags
	c := &cobra.Command{
		Use:   "worker",
		Short: "Make runs of sweeps on this machine, as many as there are processors",
		Long: "Worker takes runs that `halltwin sweep --serve` or `--url` has queued on NATS servers, from any number of sweeps. It needs nothing\n" +
			"but the address and what lets it in: scenarios and data files come with the runs. It waits for servers and for work,\n" +
			"and may be stopped or killed at any time; what it has not done goes to others.\n" +
			"Secrets come from files, or from HALLTWIN_NATS_TOKEN; every flag of the connection has its HALLTWIN_NATS_ variable.",
		Example: examples("halltwin worker --url nats://head:4222 --token-file token", "halltwin worker --url tls://nats.example.org:4222 --creds worker.creds --idle 5m",
			"halltwin worker --url nats://head:4222 --token-file token --print slurm --count 16 | sbatch"),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return work(p, &f) },
	}
	accessFlags(c, &f.access, "NATS servers, as nats://HOST:4222, with commas between them")
	c.Flags().IntVar(&f.workers, "workers", 0, "runs at a time; as many as there are processors by default")
	c.Flags().DurationVar(&f.idle, "idle", 0, "end after so long without work, as 5m; never by default")
	c.Flags().StringVar(&f.print, "print", "", "print a job file that starts such workers instead: slurm (an array) or kubernetes (an Indexed Job)")
	c.Flags().IntVar(&f.job.Count, "count", 4, "with --print: workers to start")
	c.Flags().StringVar(&f.job.Image, "image", "", "with --print kubernetes: container image whose command is halltwin")
	return c
}

// accessFlags are those of a connection to NATS.
func accessFlags(c *cobra.Command, a *queue.Access, address string) {
	c.Flags().StringVar(&a.URL, "url", "", address)
	c.Flags().StringVar(&a.Creds, "creds", "", "file of a NATS user's JWT and NKey")
	c.Flags().StringVar(&a.NKey, "nkey", "", "file of an NKey seed")
	c.Flags().StringVar(&a.TokenFile, "token-file", "", "file of a token")
	c.Flags().StringVar(&a.CA, "ca", "", "file of certificates to trust, beside the system's")
	c.Flags().StringVar(&a.Cert, "cert", "", "file of this side's certificate")
	c.Flags().StringVar(&a.Key, "key", "", "file of the certificate's key")
}

// admit completes what a connection needs and checks its address.
func admit(p *process, a queue.Access) (queue.Access, error) {
	if a.URL != "" {
		if err := queue.CheckURL(a.URL); err != nil {
			return a, usage("%w", err)
		}
	}
	a = a.Environment(p.getenv)
	if (a.Cert == "") != (a.Key == "") {
		return a, usage("--cert and --key go together")
	}
	return a, nil
}

func work(p *process, f *workerFlags) error {
	access, err := admit(p, f.access)
	if err != nil {
		return err
	}
	if access.URL == "" {
		return usage("worker: give --url nats://HOST:4222, as `halltwin sweep --serve` names it, or HALLTWIN_NATS_URL")
	}
	if f.print != "" {
		f.job.Access, f.job.Workers, f.job.Idle = access, f.workers, f.idle
		return f.job.print(p.stdout.Out, f.print)
	}
	program, err := programName()
	if err != nil {
		return err
	}
	ctx, stop := p.interruptible("stopping: runs that are not done go to others")
	defer stop()
	nc, err := queue.Connect(ctx, access, p.note)
	if errors.Is(err, context.Canceled) {
		return ends(exitInterrupted)
	} else if err != nil {
		return &exitError{exitIO, err}
	}
	defer nc.Close()
	p.note("working for sweeps of halltwin " + program)
	w := queue.Worker{Program: program, Slots: f.workers, Idle: f.idle, Note: p.note}
	made, err := w.Work(ctx, nc)
	p.note(fmt.Sprintf("%d runs made", made))
	if err != nil {
		return &exitError{exitIO, errors.New(queue.Redact(err.Error()))}
	}
	if ctx.Err() != nil {
		return ends(exitInterrupted)
	}
	return nil
}

// note says something on the way, below a line of progress.
func (p *process) note(text string) {
	if p.stderr.Live {
		text = "\r\x1b[K" + text
	}
	fmt.Fprintln(p.stderr.Out, text)
}

// programName names this program among workers. A version that does not tell which code was built is completed by the
// digest of the program itself.
func programName() (string, error) {
	v := versionText()
	if version == "" && (v == "devel" || v == "unknown" || strings.HasSuffix(v, "+dirty")) {
		path, err := os.Executable()
		if err != nil {
			return "", err
		}
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return "", err
		}
		v += "-" + hex.EncodeToString(h.Sum(nil))[:12]
	}
	return queue.Program(v), nil
}
