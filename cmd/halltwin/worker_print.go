package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/halltwin/halltwin/twin/ensemble/queue"
)

// jobFile is what a cluster needs to know to start workers.
type jobFile struct {
	Access  queue.Access
	Count   int
	Workers int
	Idle    time.Duration
	Image   string
}

// slurmJob is an array of workers. Slurm sends SIGTERM before it kills, and what is under way goes to others.
const slurmJob = `#!/bin/bash
#SBATCH --job-name=halltwin-worker
#SBATCH --array=0-{{.Last}}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={{.Workers}}
#SBATCH --signal=TERM@30
#SBATCH --requeue
#SBATCH --output=halltwin-worker-%A_%a.log
set -eu
{{- range .Environment}}
export {{.Name}}={{.Quoted}}
{{- end}}
exec srun halltwin worker --workers "$SLURM_CPUS_PER_TASK" --idle {{.Idle}}
`

// kubernetesJob is an Indexed Job of workers; secrets are files of a Secret that the comment makes.
const kubernetesJob = `{{if .Secrets}}# Once: kubectl create secret generic halltwin-nats{{range .Secrets}} --from-file={{.Name}}={{.Path}}{{end}}
{{end}}apiVersion: batch/v1
kind: Job
metadata:
  name: halltwin-worker
spec:
  completionMode: Indexed
  completions: {{.Count}}
  parallelism: {{.Count}}
  backoffLimitPerIndex: 10
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 30
      securityContext: {runAsNonRoot: true, runAsUser: 65532}
      containers:
        - name: worker
          image: {{.Image}}
          args: [worker, --workers, "{{.Workers}}", --idle, {{.Idle}}]
          env:
{{- range .Environment}}
            - {name: {{.Name}}, value: {{printf "%q" .Value}}}
{{- end}}
          resources: {requests: {cpu: "{{.Workers}}"}}
          volumeMounts:
            - {name: scratch, mountPath: /tmp}
{{- if .Secrets}}
            - {name: nats, mountPath: /etc/halltwin, readOnly: true}
{{- end}}
      volumes:
        - {name: scratch, emptyDir: {}}
{{- if .Secrets}}
        - {name: nats, secret: {secretName: halltwin-nats}}
{{- end}}
`

// setting is a variable of a job.
type setting struct{ Name, Value string }

// Quoted is the value as a shell reads it.
func (s setting) Quoted() string { return quote([]string{s.Value}) }

// secret is a file that a job must be given.
type secret struct{ Name, Path string }

func (j jobFile) print(w io.Writer, kind string) error {
	a := j.Access
	if j.Count < 1 || j.Count > 100_000 {
		return usage("--count %d: between 1 and 100000 workers", j.Count)
	}
	if a.Token != "" && a.TokenFile == "" {
		return usage("a token in HALLTWIN_NATS_TOKEN does not go into a job file: put it in a file (--token-file)")
	}
	if queue.Redact(a.URL) != a.URL {
		return usage("a password in HALLTWIN_NATS_URL does not go into a job file: use --creds, --nkey or --token-file")
	}
	if j.Workers <= 0 {
		j.Workers = 4
	}
	if j.Idle <= 0 {
		j.Idle = 5 * time.Minute
	}
	data := struct {
		jobFile
		Last        int
		Environment []setting
		Secrets     []secret
	}{jobFile: j, Last: j.Count - 1, Environment: []setting{{"HALLTWIN_NATS_URL", a.URL}}}
	text := slurmJob
	switch kind {
	case "slurm":
	case "kubernetes":
		if text = kubernetesJob; j.Image == "" {
			return usage("--print kubernetes: name the container image with --image")
		}
		if strings.ContainsAny(j.Image, " \t\n\"'{}") {
			return usage("--image %q is no name of an image", j.Image)
		}
	default:
		return usage("--print %s: slurm or kubernetes", kind)
	}
	for _, f := range []struct{ variable, name, path string }{
		{"CREDS", "creds", a.Creds}, {"NKEY", "nkey", a.NKey}, {"TOKEN_FILE", "token", a.TokenFile}, {"CA", "ca.pem", a.CA}, {"CERT", "cert.pem", a.Cert}, {"KEY", "key.pem", a.Key},
	} {
		if f.path == "" {
			continue
		}
		path, err := filepath.Abs(f.path)
		if err != nil {
			return err
		}
		data.Secrets = append(data.Secrets, secret{f.name, quote([]string{path})})
		if kind == "kubernetes" {
			path = "/etc/halltwin/" + f.name
		}
		data.Environment = append(data.Environment, setting{"HALLTWIN_NATS_" + f.variable, path})
	}
	t, err := template.New(kind).Parse(text)
	if err != nil {
		return fmt.Errorf("job file: %w", err)
	}
	return t.Execute(w, data)
}
