// Package training predicts how fast a training run goes, how busy it keeps its GPUs, and what failures and checkpoints
// leave of it.
//
// # One step
//
// n GPUs = tensor t × context c × pipeline p × data d. A step passes M = batch / (d·b) micro-batches of b sequences
// through p stages, each in v interleaved pieces:
//
//	micro-batch   t_mb = slowest stage: layers × (matrix + memory + exposed communication)
//	matrix        FLOPs of GEMM and attention / (peak × efficiency); forward, twice that backward, and recomputation
//	memory        bytes of norms, activations and dropout / memory bandwidth (Korthikanti's activation counts)
//	tensor        2 all-reduces a layer forward and 2 backward, of 2bsh bytes, on the links inside a node
//	context       gather of keys and values, hidden behind attention as far as that is longer
//	expert        4 all-to-alls a layer
//	pipeline      one transfer of activations a piece and direction
//	bubble        (p-1)/v × t_mb
//	data          reduce-scatter of gradients and all-gather of parameters, hidden behind one backward and forward pass
//	optimizer     its bytes / memory bandwidth
//	jitter        the step ends with the slowest of n ranks: 1 + σ·√(2 ln n)
//	step          (M·t_mb + bubble + data + optimizer) × jitter
//
// Collectives cost α per hop and bytes / bandwidth, two-level where a group spans nodes. One number is calibrated: the
// efficiency of matrix work on a GPU type ([Device]).
//
// # Checkpoints and failures
//
// The interval is fixed or Daly's. The effective training time ratio (ETTR) is productive time over all time that the
// job holds its GPUs: a first-order closed form, which refuses to answer outside its range, and a renewal form that
// holds everywhere. The world simulates the real thing; these are what it is checked against, and what chooses intervals.
//
// # State
//
// None. A [Plan] is immutable; the run itself is a [workload.Job] whose progress the world keeps.
//
// # Left out
//
// The network beyond two levels, contention between jobs, ZeRO-3 and offloading, data loading, sequence lengths that
// vary, fail-slow ranks. The fabric and storage models bring them.
//
// # Sources
//
// Narayanan et al., SC 2021 (arXiv 2104.04473); Korthikanti et al., arXiv 2205.05198; Llama 3 (arXiv 2407.21783) §3.3;
// Young, CACM 17 (1974); Daly, FGCS 22 (2006); Kokolis et al., HPCA 2025 (arXiv 2410.21680).
package training
