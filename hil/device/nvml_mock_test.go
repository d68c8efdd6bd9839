//go:build nvml && linux && cgo

package device

import (
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxb200"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh100"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh200"
)

// TestEnumerates lists the GPUs of go-nvml's own mocks of DGX machines.
func TestEnumerates(t *testing.T) {
	for model, lib := range map[string]nvml.Interface{"A100": dgxa100.New(), "H100": dgxh100.New(), "H200": dgxh200.New(), "B200": dgxb200.New()} {
		s := &session{lib: lib, has: map[string]bool{}}
		for _, lacks := range []string{"nvmlEventSetCreate", "nvmlDeviceGetTemperatureV", "nvmlGpmQueryDeviceSupport"} {
			s.has[lacks] = false // the mocks are of an older driver, without these
		}
		devices, err := s.list()
		if err != nil {
			t.Errorf("DGX %s: %v", model, err)
			continue
		}
		keys := map[string]bool{}
		for i, d := range devices {
			id := d.Identity()
			if id.Kind != GPU || id.Index != i || !strings.Contains(id.Model, model) || !strings.HasPrefix(id.Key, "GPU-") || id.Host == "" || id.Driver == "" {
				t.Errorf("DGX %s: %+v", model, id)
			}
			keys[id.Key] = true
		}
		if len(devices) != 8 || len(keys) != 8 { // the mocks have no PCI addresses
			t.Errorf("DGX %s: %d GPUs, %d keys", model, len(devices), len(keys))
		}
	}
}
