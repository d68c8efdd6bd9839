// Command halltwin is a digital twin of AI data centres: it checks a scenario, lives it, and ends with a verdict and
// its evidence.
//
// There is one short file a verb; each turns flags into calls and results into text. What a command shares with the
// machine (arguments, streams, terminal, signals, clock) is in [process], so that tests run commands to their exit code
// within the test. The exit codes are one table in exit.go.
//
// Text for people goes to standard output when it is the result and to standard error when it is about the way there
// (progress, warnings, errors), so that `halltwin run … > verdict.txt` and `halltwin run … --json | jq` work.
package main
