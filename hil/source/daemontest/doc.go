// Package daemontest runs the server programs that tests of sources talk to, and kills them.
package daemontest
