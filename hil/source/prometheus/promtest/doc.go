// Package promtest starts a real Prometheus server for tests, on the loopback interface and in a folder of the test.
//
// The server is the one that HALLTWIN_PROMETHEUS names, or prometheus on PATH; where there is none and this is root on Debian or
// Ubuntu, apt-get installs it, once. Without it tests are skipped, and say why.
package promtest
