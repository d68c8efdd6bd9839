package viz

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// DefaultAddress is where the server listens unless told otherwise.
const DefaultAddress = "127.0.0.1:7433"

// Listen opens a loopback address. When the port of the default address is taken, for another run that is being
// shown, it takes a free one. Other machines are never served: there are no users or encryption here.
func Listen(address string) (net.Listener, error) {
	if address == "" {
		l, err := Listen(DefaultAddress)
		if err != nil {
			return Listen("127.0.0.1:0")
		}
		return l, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no address: write it like %s", address, DefaultAddress)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not an address of this machine alone: listen on 127.0.0.1:%s, and reach it from another with ssh -L %s:127.0.0.1:%s",
			address, port, port, port)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return nil, fmt.Errorf("%q is no port: choose one from 1 to 65535, or 0 for any that is free", port)
	}
	return net.Listen("tcp", address)
}

// Serve answers requests on a listener until the context ends, and then lets those in flight finish.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
