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
//	tensor        2 all-reduces a layer forward and 2 backward, of 2bsh bytes, on the links inside a node; part of it hidden
//	context       gather of keys and values, hidden behind attention as far as that is longer
//	expert        4 all-to-alls a layer
//	pipeline      one transfer of activations a piece and direction
//	bubble        (p-1)/v × t_mb
//	data          reduce-scatter of gradients (2 or 4 bytes) and all-gather of parameters, hidden behind one backward and forward
//	              pass but for one bucket; with ZeRO-3 in every micro-batch
//	optimizer     its bytes / memory bandwidth
//	jitter        the step ends with the slowest of n ranks: 1 + σ·√(2 ln n)
//	step          (M·t_mb + bubble + data + optimizer) × jitter
//
// A network that is no transformer is stated by FLOPs, bytes and parameters ([WorkSpec]) and divided by samples. Narrower
// arithmetic (FP8, INT8, FP4) speeds up matrix work only; attention stays in BF16. What does not fit in device memory is refused.
//
// Collectives are those of package fabric, over the links of a domain and over the network, which may narrow with distance or
// collide. One number is calibrated for each precision of a GPU type: the efficiency of matrix work ([Device], [Calibrate]).
// Against what was published: 3.5 % mean error on Narayanan's table 1 and 7 % on Korthikanti's table 5 with one efficiency;
// MLPerf Llama 3.1 405B on 2,048 H100 within 1 % and GPT-3 on 3,072 within 3 %, each from its row of 512.
//
// # Power
//
// A step is phases of different power: matrix work, memory, communication, waiting ([Plan.Wave]). The ranks of a job share
// phase but for a few per cent of the step, so that their power rises and falls together ([Wave.Together]): that gives
// coincidence and ramp. A power cap slows down the phases that exceed it ([Plan.Capped]). Evaluations are dips in the profile
// of the job, checkpoints stalls.
//
// # Checkpoints and failures
//
// The interval is fixed, Young's, Daly's, or the optimum of the renewal form ([Optimum]), 1 - λ dt = exp(-λ(dt + w)). The
// effective training time ratio (ETTR) is productive time over all time that the job holds its GPUs: a first-order closed form,
// which refuses to answer outside its range, and a renewal form that holds everywhere. The world simulates the real thing; these are what it is checked against, and what chooses intervals.
//
// # State
//
// None. A [Plan] is immutable; the run itself is a [workload.Job] whose progress the world keeps.
//
// # Left out
//
// Offloading, sequence lengths that vary, imbalance between experts, fail-slow ranks, the power of single
// kernels. Contention between jobs is the world's: a plan says what its step asks of the network, how fast
// samples are needed, and through which tiers of storage checkpoints go.
//
// # Sources
//
// Narayanan et al., SC 2021 (arXiv 2104.04473); Korthikanti et al., arXiv 2205.05198; Llama 3 (arXiv 2407.21783) §3.3;
// Young, CACM 17 (1974); Daly, FGCS 22 (2006); Kokolis et al., HPCA 2025 (arXiv 2410.21680).
package training
