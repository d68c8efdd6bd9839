// Package slurm reads the jobs and nodes of a Slurm cluster.
//
// [Command] runs squeue and sinfo with --json, as any user may; [REST] asks slurmrestd for the same documents, with a JSON web
// token. Both forms of Slurm's JSON are understood: plain numbers and words (data parser v0.0.36 to v0.0.38, Slurm 20.11 to
// 22.05) and {"set", "infinite", "number"} with states in lists (v0.0.39 and later).
//
// squeue is asked for jobs in every state: those that have ended stay known to slurmctld for MinJobAge (300 s by default), so
// that a job which began and ended while nobody asked is seen all the same. Node lists are in Slurm's notation, gpu[1-8,11].
// The GPUs of a job are taken from gres_detail where it runs, else from what it asked for a node.
//
// A document over 256 MiB, or one that has errors, is no answer.
package slurm
