package share

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/halltwin/halltwin/models/random"
)

func rounds() int {
	if os.Getenv("HALLTWIN_SOAK") != "" {
		return 10_000
	}
	return 100
}

func randomPod(r *rand.Rand) Pod {
	p := Pod{CPU: int64(r.IntN(20_000)), Memory: int64(r.IntN(100)), Share: Whole}
	switch r.IntN(4) {
	case 0:
		p.Share = 0
	case 1:
		p.Devices = 1 + r.IntN(4)
	default:
		p.Devices, p.Share = 1, 1+r.IntN(Whole)
	}
	if p.Devices > 0 && r.IntN(3) == 0 {
		p.Models = 1 + uint64(r.IntN(3))
	}
	return p
}

// TestRandomPods places and removes random pods under every policy and reckons from scratch: nothing is given twice, no pod is on a
// model that it did not name, none is turned away that fits, remembered scores are those of the moment, and a copy goes on alike.
func TestRandomPods(t *testing.T) {
	for seed := range rounds() {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		var hosts []Host
		for range 1 + r.IntN(8) {
			hosts = append(hosts, Host{CPU: int64(r.IntN(100_000)), Memory: int64(r.IntN(500)), Devices: r.IntN(9), Model: r.IntN(2)})
		}
		var mix []Pod
		for range 20 {
			mix = append(mix, randomPod(r))
		}
		policy := Policy(seed % 3)
		c, err := New(hosts, policy, nil, mix)
		if err != nil {
			t.Fatal(err)
		}
		s, p := c.NewCluster(), c.Placer(random.Seed(1).Stream("a"))
		type held struct {
			Pod
			Place
		}
		var all []held
		for range 60 {
			if len(all) > 0 && r.IntN(4) == 0 {
				i := r.IntN(len(all))
				p.Remove(s, &all[i].Pod, all[i].Place)
				all = append(all[:i], all[i+1:]...)
			}
			pod := mix[r.IntN(len(mix))]
			if r.IntN(2) == 0 {
				pod = randomPod(r)
			}
			anywhere := false
			for h := range hosts {
				anywhere = anywhere || c.fits(s, int32(h), &pod)
			}
			var fresh Place
			if policy != Random {
				fresh, _ = c.Placer(random.Seed(1).Stream("b")).Place(s.Clone(), &pod)
			}
			at, ok := p.Place(s, &pod)
			if ok != anywhere {
				t.Fatalf("seed %d: %+v placed: %v, fits somewhere: %v", seed, pod, ok, anywhere)
			}
			if policy != Random && at != fresh {
				t.Fatalf("seed %d: %+v goes to %+v, with nothing remembered to %+v", seed, pod, at, fresh)
			}
			if ok {
				all = append(all, held{pod, at})
			}
			then := c.NewCluster()
			for i := range all {
				x := &all[i]
				then.put(&x.Pod, x.Place)
				if x.Pod.Devices > 0 && x.Models != 0 && x.Models>>hosts[x.Host].Model&1 == 0 {
					t.Fatalf("seed %d: a pod for models %b is on model %d", seed, x.Models, hosts[x.Host].Model)
				}
			}
			for h := range hosts {
				if then.CPU[h] != s.CPU[h] || then.Memory[h] != s.Memory[h] || then.Left[h] != s.Left[h] || s.CPU[h] < 0 || s.Memory[h] < 0 {
					t.Fatalf("seed %d: host %d has %d %d %v left, it is %d %d %v", seed, h, s.CPU[h], s.Memory[h], s.Left[h], then.CPU[h], then.Memory[h], then.Left[h])
				}
				for _, v := range s.Left[h] {
					if v < 0 {
						t.Fatalf("seed %d: host %d gives more than a device has: %v", seed, h, s.Left[h])
					}
				}
			}
		}
	}
}

// TestFragmentation is worked by hand: a mix of halves and whole devices, one host with 400 and 1,000 thousandths idle.
func TestFragmentation(t *testing.T) {
	half, one, cpu := Pod{CPU: 1, Devices: 1, Share: 500}, Pod{CPU: 1, Devices: 1, Share: Whole}, Pod{CPU: 1}
	c, err := New([]Host{{CPU: 10, Devices: 2}}, FGD, nil, []Pod{half, half, one, cpu})
	if err != nil {
		t.Fatal(err)
	}
	left := [maxDevices]int16{400, 1000}
	if got, want := c.fragmented(&left, 0, 10), 0.5*400+0.25*400+0.25*1400; got != want {
		t.Errorf("%g thousandths are fragmented, want %g", got, want)
	}
	if got := c.fragmented(&left, 0, 0); got != 1400 {
		t.Errorf("without CPU %g thousandths are fragmented, want all 1400", got)
	}
}
