package local

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/reading"
)

// TestHost reads the processors of the machine that the test runs on.
func TestHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the processors are read on Linux only")
	}
	s := New(&device.Host{})
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); <-time.After(20 * time.Millisecond) {
		var b reading.Batch
		if err := s.Read(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		for _, v := range b.Values {
			if v.Kind == "cpu" && v.Quantity == "utilisation" && v.Value >= 0 && v.Value <= 1 {
				return
			}
		}
	}
	t.Error("the processors do not say how busy they are")
}

func TestNothing(t *testing.T) {
	var b reading.Batch
	s := New(&device.Redfish{URL: "https://127.0.0.1:1"})
	if err := s.Read(context.Background(), &b); err == nil {
		t.Error("a controller that is not there answers")
	}
}
