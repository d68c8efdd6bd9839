package validate

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/models/schedule/share"
)

// TestSchedules leaves the shares of GPUs to TestOpenb but under HALLTWIN_SOAK=1: there are many of them.
func TestSchedules(t *testing.T) {
	if all := scheduleParts; os.Getenv("HALLTWIN_SOAK") == "" {
		defer func() { scheduleParts = all }()
		scheduleParts = all[:len(all)-1]
	}
	check(t, Schedules)
}

// TestOpenb compares one draw of one mix under each policy with the published means.
func TestOpenb(t *testing.T) {
	data := os.Getenv("HALLTWIN_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir, err := folder(data, "sched/fgd_openb", "", "openb_node_list_gpu_node.csv", "openb_pod_list_default.csv")
	if missing := (*MissingError)(nil); errors.As(err, &missing) {
		t.Skip("no reference data (HALLTWIN_DATA): ", err)
	}
	models := map[string]int{}
	hosts, err := openbHosts(filepath.Join(dir, "openb_node_list_gpu_node.csv"), models)
	if err != nil {
		t.Fatal(err)
	}
	pods, err := openbPods(filepath.Join(dir, "openb_pod_list_default.csv"), models)
	if err != nil {
		t.Fatal(err)
	}
	for policy, want := range map[share.Policy]float64{share.Random: 87.47, share.BestFit: 93.08, share.FGD: 95.39} {
		v, err := allocate(hosts, pods, policy, 1)
		if err != nil {
			t.Fatal(err)
		}
		if 100*math.Abs(v-want/100) > 1 {
			t.Errorf("policy %d gives %.2f %% away, published %.2f", policy, 100*v, want)
		}
	}
	if _, err := openbPods(filepath.Join(dir, "openb_node_list_gpu_node.csv"), models); err == nil {
		t.Error("a list of hosts is read as a list of pods")
	}
}
