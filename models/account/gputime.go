package account

// Cause is what a GPU's time went to.
type Cause uint8

// The causes. Up to Stalled a job holds the GPU.
const (
	Useful     Cause = iota // progress that lasts
	Throttled               // the part of running time that heat and limits took
	Checkpoint              // a checkpoint blocked the job
	Restart                 // a restarted job did not make progress yet
	Lost                    // progress that a failure undid
	Preempted               // progress that a preemption undid
	Wasted                  // progress of a job that was killed or cancelled
	Starved                 // its job waited for data
	Slowed                  // the part of running time that slow components took
	Stalled                 // its job hung on a failure not yet noticed, or made no progress
	Idle                    // free, and nobody waited
	Fragmented              // free while jobs waited
	Drained                 // taken out of service by an operator
	Down                    // failed, or without power
	NumCauses
)

var causeNames = [NumCauses]string{"useful", "throttled", "checkpoints", "restarts", "lost to failures", "lost to preemption", "killed or cancelled", "waiting for data", "slow components", "stalled",
	"idle", "free while jobs waited", "drained", "down"}

func (c Cause) String() string { return causeNames[c] }

// Held reports whether a job holds the GPU.
func (c Cause) Held() bool { return c <= Stalled }

// GPUTime is the book of GPU-time since the start, in GPU·s: plain data.
type GPUTime struct {
	Site    Sum // GPUs of the site × time
	By      [NumCauses]Sum
	Slow    Sum // memo: time in which GPUs ran below full speed; Throttled is the part of it that was lost
	Waiting Sum // memo: GPUs that training jobs asked for × time in which they held none
}

// Tick enters that the site with so many GPUs existed for dt seconds.
func (g *GPUTime) Tick(gpus, dt float64) { g.Site.Add(gpus * dt) }

// Spend enters GPU-time to a cause.
func (g *GPUTime) Spend(c Cause, gpus, dt float64) { g.By[c].Add(gpus * dt) }

// Run enters that GPUs ran a job for dt seconds at a speed from 0 to 1.
func (g *GPUTime) Run(gpus, dt, speed float64) {
	g.By[Useful].Add(gpus * dt * speed)
	if speed < 1 {
		// What remains, not a product of its own: the two parts then add up to the whole.
		g.By[Throttled].Add(gpus*dt - gpus*dt*speed)
		g.Slow.Add(gpus * dt)
	}
}

// Starve enters that of what Run entered as throttled, so much was lost to waiting for data.
func (g *GPUTime) Starve(gpuSeconds float64) {
	g.By[Throttled].Add(-gpuSeconds)
	g.By[Starved].Add(gpuSeconds)
}

// Slacken enters that of what Run entered as throttled, so much was lost to slow components.
func (g *GPUTime) Slacken(gpuSeconds float64) {
	g.By[Throttled].Add(-gpuSeconds)
	g.By[Slowed].Add(gpuSeconds)
}

// Move enters that progress of so much GPU-time at full speed did not last: to Lost, Preempted or Wasted.
func (g *GPUTime) Move(to Cause, gpuSeconds float64) {
	g.By[Useful].Add(-gpuSeconds)
	g.By[to].Add(gpuSeconds)
}

// Wait enters that a training job which wants so many GPUs held none for dt seconds.
func (g *GPUTime) Wait(gpus, dt float64) { g.Waiting.Add(gpus * dt) }

// Held returns the GPU-time that jobs held.
func (g *GPUTime) Held() float64 {
	sum := 0.0
	for c := range g.By {
		if Cause(c).Held() {
			sum += g.By[c].Value()
		}
	}
	return sum
}

// Goodput returns the useful share of the GPU-time that jobs held, in [0, 1]; 1 before any was.
func (g *GPUTime) Goodput() float64 {
	held := g.Held()
	if held == 0 {
		return 1
	}
	return g.By[Useful].Value() / held
}

// ETTR returns the effective training time ratio, in [0, 1], of a book that holds training jobs alone; 1 before any ran.
func (g *GPUTime) ETTR() float64 {
	all := g.Held() + g.Waiting.Value()
	if all == 0 {
		return 1
	}
	return g.By[Useful].Value() / all
}

// Utilisation returns the share of the site's GPU-time that jobs held.
func (g *GPUTime) Utilisation() float64 { return ratio(g.Held(), g.Site.Value()) }

func (g *GPUTime) book() book {
	b := book{name: "GPU-time", unit: "GPU·s", in: []entry{{"GPUs of the site", g.Site.Value()}}}
	for c := range g.By {
		b.out = append(b.out, entry{Cause(c).String(), g.By[c].Value()})
	}
	return b
}
